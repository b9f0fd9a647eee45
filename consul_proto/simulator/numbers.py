"""Numbers as Go's strconv reads them."""

from __future__ import annotations

import re

from consul_proto.simulator.asking import Refusal

_DIGITS = re.compile(r"[0-9]+")

#: One above the largest unsigned number of 64 bits.
_ABOVE = 1 << 64


def unsigned(text: str) -> int:
    """An unsigned number of 64 bits. Raises Refusal with Go's words."""
    if not _DIGITS.fullmatch(text):
        raise Refusal(500, f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) >= _ABOVE:
        raise Refusal(500, f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)
