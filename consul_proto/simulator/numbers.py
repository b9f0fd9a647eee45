"""Numbers as Go reads and converts them."""

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


def as_int64(number: float) -> int:
    """A number as a signed one of 64 bits: what does not fit is the least one, as amd64 converts it."""
    return int(number) if -_ABOVE // 2 <= number < _ABOVE // 2 else -_ABOVE // 2
