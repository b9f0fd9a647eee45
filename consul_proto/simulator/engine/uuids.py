"""How ids are written."""

from __future__ import annotations

import re

UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

UUID_LENGTH = 36

#: What an index says of an id of another length.
WRONG_LENGTH = f"index error: UUID must be {UUID_LENGTH} characters"
