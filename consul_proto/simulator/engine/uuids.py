"""The format of ids, and new ids."""

from __future__ import annotations

import re
from hashlib import sha256

UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

UUID_LENGTH = 36

#: The error of a table's index for an id of the wrong length.
WRONG_LENGTH = f"index error: UUID must be {UUID_LENGTH} characters"


def uuid_of(text: str) -> str:
    """Return the id for a text. The same text always has the same id."""
    digits = sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


class Ids:
    """Makes ids: two agents with the same seed make the same ones."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        #: How many ids were made.
        self.count = 0

    def new(self) -> str:
        """Return the next id."""
        self.count += 1
        return uuid_of(f"{self._seed}:{self.count - 1}")
