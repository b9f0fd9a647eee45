"""The cases that `scripts/record_samples.py` records: one file per endpoint group, and the recorder itself."""
