"""Limit the nesting of arrays and objects in a JSON text.

Python's own limit depends on its version: about 1,000 levels in 3.11, 10,000 in 3.13 and 65,000 in 3.14, and fewer inside nested calls.
The same data must be read in the same way everywhere, so the limit here is fixed, and lower than all of those.
"""

from __future__ import annotations

import re

#: The most levels that are allowed, far more than real data has.
DEEPEST = 500

#: More levels than Consul's answers have. A text with at most this many levels is checked quickly.
_USUAL = 16

#: The bytes from which the number of brackets in a whole text is estimated.
_BEGINNING = 1 << 13

_ALIKE = bytes.maketrans(b"{}", b"[]")
_ALL_ELSE = bytes(set(range(256)) - set(b"[]{}"))
_OPENS = ord("[")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def is_surely_shallow(text: bytes) -> bool:
    """Return whether a JSON text has too few brackets for more than `DEEPEST` levels; False if it seems to have more."""
    size = len(text)
    if size <= DEEPEST:
        return True
    begun = text.count(b"{", 0, _BEGINNING) + text.count(b"[", 0, _BEGINNING)
    if size <= _BEGINNING:
        return begun < DEEPEST
    if begun * size >= 2 * DEEPEST * _BEGINNING:
        return False
    # Count no further than needed: then the check is cheap for most texts, also for those with a large string.
    return sum(len(text) - len(text.replace(bracket, b"", DEEPEST)) for bracket in (b"[", b"{")) < DEEPEST


def check_depth(text: bytes) -> None:
    """Refuse a JSON text of more than `DEEPEST` levels. Raises RecursionError, as Python's decoder and encoder do at their own limits.

    The quick check also counts brackets in strings. A crafted text can hide its depth in this way; then Python's own limit applies.
    """
    if is_surely_shallow(text):
        return
    brackets = text.translate(_ALIKE, _ALL_ELSE)
    for _ in range(_USUAL):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return
    level = 0
    for bracket in _STRING.sub(b"", text).translate(_ALIKE, _ALL_ELSE):
        level += 1 if bracket == _OPENS else -1
        if level > DEEPEST:
            raise RecursionError
