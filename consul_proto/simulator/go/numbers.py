"""Numbers and bools as Go reads and converts them."""

from __future__ import annotations

import re

from consul_proto.simulator.engine.answers import Refusal

_DIGITS = re.compile(r"[0-9]+")

#: Underscores are allowed between digits, and after the prefix of the base.
_UNDERSCORED = re.compile(r"(?:0[bBoOxX]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*")

_BASES = {"b": 2, "o": 8, "x": 16}

#: The values that Go's strconv.ParseBool accepts: https://pkg.go.dev/strconv#ParseBool
TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))

#: One more than the largest unsigned integer of 64 bits.
_ABOVE = 1 << 64


def unsigned(text: str) -> int:
    """Read an unsigned integer of 64 bits. Raises Refusal with Go's words."""
    if not _DIGITS.fullmatch(text):
        raise Refusal(500, f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) >= _ABOVE:
        raise Refusal(500, f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def integer(text: str, least: int, most: int) -> int:
    """Read an integer in any of Go's notations. Raises ValueError with strconv's words."""
    body = text[1:] if least < 0 and text.startswith(("+", "-")) else text
    base, digits = _base_of(body)
    number, ceiling = 0, most if least == 0 else _ABOVE - 1
    for digit in digits.replace("_", ""):
        value = int(digit, 36) if digit.isascii() and digit.isalnum() else base
        if value >= base:
            raise ValueError("invalid syntax")
        number = number * base + value
        if number > ceiling:  # Go stops here, whatever follows
            raise ValueError("value out of range")
    if not _UNDERSCORED.fullmatch(body):
        raise ValueError("invalid syntax")
    number = -number if text.startswith("-") else number
    if not least <= number <= most:
        raise ValueError("value out of range")
    return number


def _base_of(text: str) -> tuple[int, str]:
    """Return the base, and the digits behind its prefix."""
    if not text.startswith("0"):
        return 10, text
    if len(text) > 2 and (base := _BASES.get(text[1].lower())):
        return base, text[2:]
    return 8, text[1:]


def as_int64(number: float) -> int:
    """Convert a number to a signed integer of 64 bits. A number that does not fit becomes the least one, as on amd64."""
    return int(number) if -_ABOVE // 2 <= number < _ABOVE // 2 else -_ABOVE // 2
