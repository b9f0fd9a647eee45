"""The reference pages of the documentation: generated from the signatures and the docstrings, for `scripts/docs`."""
