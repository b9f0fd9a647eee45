"""Read JSON text, with Go's errors for invalid JSON: https://pkg.go.dev/encoding/json#SyntaxError."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn


class Unreadable(ValueError):
    """The body is not valid JSON, or does not fit its type, in Go's words."""


class Number(str):
    """A number as text: one that is not an integer of usual size."""

    __slots__ = ()


def _no_constant(_name: str) -> NoReturn:
    raise _NotANumber


class _NotANumber(ValueError):
    """NaN or Infinity: Python's decoder accepts them, JSON does not have them."""


#: The deepest nesting. Go's limit is 10,000; Python's is lower.
_DEPTH = 200

#: The most digits of a number that is converted; longer ones fit into no type.
_DIGITS = 25

_decode = json.JSONDecoder(
    parse_int=lambda text: int(text) if len(text) <= _DIGITS else Number(text), parse_float=Number, parse_constant=_no_constant
).raw_decode


def parse(text: str) -> Any:
    """Return the first value of a text. Raises Unreadable."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise Unreadable("EOF")
    if text.count("[") + text.count("{") > _DEPTH and _brackets(_STRING.sub("", text))[1] > _DEPTH:
        raise Unreadable("exceeded max depth")
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        return _decode(text, start)[0]
    except _NotANumber:
        constant = _CONSTANT.search(_STRING.sub(lambda found: " " * len(found[0]), text))
        raise Unreadable(f"invalid character '{constant[0] if constant else 'N'}' looking for beginning of value") from None
    except json.JSONDecodeError as error:
        raise Unreadable(_why(text, error.pos, error.msg)) from None


_STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
#: An escape in a string. The first group is a surrogate without its other half, which Go replaces with U+FFFD.
_ESCAPE = re.compile(r"\\u[dD][89aAbB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)|\\.", re.ASCII | re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_CONSTANT = re.compile(r"[NI]")

#: Go's words for the errors of Python's decoder, by the beginning of these.
_SAYS = {
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of object key string",
    "Expecting ':'": "after object key",
    "Invalid control character": "in string literal",
    "Invalid \\": "in string escape code",
    "Expecting value": "looking for beginning of value",
}


def _why(text: str, position: int, message: str) -> str:
    """Return what is wrong with JSON, in Go's words."""
    if message.startswith("Unterminated"):
        return "unexpected EOF"
    if message.startswith("Illegal"):
        position += len(text[position + 1 :]) - len(text[position + 1 :].lstrip()) + 1
    if message.startswith("Invalid \\"):
        position += 1
    says = next((words for start, words in _SAYS.items() if message.startswith(start)), "")
    if message.startswith("Expecting ','"):
        open_ones = _brackets(_STRING.sub("", text[:position]))[0]
        says = "after object key:value pair" if open_ones.endswith("{") else "after array element"
    if message.startswith("Expecting value"):
        for literal in ("true", "false", "null"):
            same = next((length for length in range(len(literal), 0, -1) if text.startswith(literal[:length], position)), 0)
            if same:
                position += same
                says = f"in literal {literal} (expecting '{literal[same]}')"
                break
    if position >= len(text):
        return "unexpected EOF"
    return f"invalid character {_quote(text[position])} {says}"


def _quote(character: str) -> str:
    """Quote a character as Go does; of one that is not ASCII, its first byte."""
    return {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'"}.get(character, f"'{chr(character.encode()[0])}'")


def _brackets(text: str) -> tuple[str, int]:
    """Return the brackets that are open at the end, and the deepest nesting."""
    found: list[str] = []
    most = 0
    for bracket in _BRACKET.findall(text):
        if bracket in "[{":
            found.append(bracket)
            most = max(most, len(found))
        elif found:
            found.pop()
    return "".join(found), most
