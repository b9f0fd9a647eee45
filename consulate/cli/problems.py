"""What keeps a command from doing what it was asked."""

from __future__ import annotations


class Problem(Exception):
    """What cannot be done, in a sentence for the user. It holds no token."""
