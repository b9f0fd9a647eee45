"""The error that a command reports to its user."""

from __future__ import annotations


class Problem(Exception):
    """A command cannot do what it was asked to do. The message is for the user, and contains no token."""
