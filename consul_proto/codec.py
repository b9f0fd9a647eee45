"""How Python values are stored in the KV store and read back.

Writing: a str becomes UTF-8, bytes stay as they are, None becomes an empty value, anything else becomes JSON.
Reading never loses information: `encode(decode(stored)) == stored` for every byte string. So a value is read as JSON only if writing the
result gives the same bytes again. Otherwise it is read as a str if it is UTF-8, and as bytes if not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from consul_proto.json_decoder import STRICT
from consul_proto.nesting import check_depth

#: What can be stored: text, bytes, None, or anything that JSON can express.
Value: TypeAlias = None | bool | int | float | str | bytes | Sequence["Value"] | Mapping[str, "Value"]

#: The types of a value that is read.
Stored: TypeAlias = None | bool | int | float | str | bytes | list["Stored"] | dict[str, "Stored"]

#: "json" reads JSON text as JSON values, "text" reads every text as a str.
Codec: TypeAlias = Literal["json", "text"]

#: The first byte of every JSON text that can read as something other than a str: a number, true or false, an object, a list.
_STARTS_NUMBER = frozenset(b"-0123456789")
_STARTS_WORD = frozenset(b"tf")
_STARTS_JSON = _STARTS_NUMBER | _STARTS_WORD | frozenset(b"{[")

_read_json = STRICT.decode

#: Created once: `json.dumps` with an argument creates a new encoder for each call.
_write_json = json.JSONEncoder(allow_nan=False).encode

#: RFC 8259, section 6. The group is empty for an integer.
_match_number = re.compile(r"-?(?:0|[1-9][0-9]*+)((?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)").fullmatch

_WORDS = {"true": True, "false": False}


def encode(value: Value) -> bytes:
    """Return the bytes to store. Raises TypeError or ValueError if JSON cannot express the value (a set, NaN, a reference cycle)."""
    if isinstance(value, str):
        return _utf8(value)
    if isinstance(value, bytes):
        return value
    if value is None:
        return b""
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    try:
        written = _write_json(value).encode()
        check_depth(written)
    except RecursionError:
        raise ValueError("the value is nested too deeply for JSON") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"the value must be str, bytes, None or what JSON can express: {error}") from None
    return written


def _utf8(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise ValueError("the value contains surrogates, which UTF-8 cannot express; store bytes instead") from None


def decode(stored: bytes, codec: Codec = "json") -> Stored:
    """Return the value of stored bytes."""
    try:
        text = stored.decode()
    except UnicodeDecodeError:
        return stored
    if codec == "text" or not stored or stored[0] not in _STARTS_JSON:
        return text
    try:
        if stored[0] in _STARTS_NUMBER:
            return _number(text)
        if stored[0] in _STARTS_WORD:
            return _WORDS.get(text, text)
        value: Stored = _read_json(text)
        return value if encode(value) == stored else text
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> Stored:
    """Return the number that is written in this way, otherwise the text. Without `json`: many values only begin like numbers."""
    found = _match_number(text)
    if found is None or text == "-0":
        return text
    if not found[1]:
        return int(text)
    number = float(text)
    return number if repr(number) == text else text
