"""How deep arrays and objects lie in each other in a JSON text.

Python has a limit of its own, and each version another: about 1,000 levels in 3.11, 10,000 in 3.13 and 65,000 in 3.14, less where calls are
nested already. Data must not read differently for that, so the limit here is the same everywhere, and below all of those.
"""

from __future__ import annotations

import re

#: How many levels are allowed, which is far more than anybody writes.
DEEPEST = 500

#: More levels than an answer of Consul has. That a text has no more is seen fast.
_USUAL = 16

_ALIKE = bytes.maketrans(b"{}", b"[]")
_ALL_ELSE = bytes(set(range(256)) - set(b"[]{}"))
_OPENS = ord("[")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def check_depth(text: bytes) -> None:
    """Refuse a JSON text of more than `DEEPEST` levels. Raises RecursionError, as Python's decoder and encoder do at their own limits.

    What is fast counts brackets in strings as well. A text can be made so that those hide its depth; then Python's own limit holds.
    """
    if len(text) <= DEEPEST:
        return
    # Counted no further than needed: most texts, and those with a large string, cost next to nothing.
    opened = sum(len(text) - len(text.replace(bracket, b"", DEEPEST)) for bracket in (b"[", b"{"))
    if opened < DEEPEST:
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
