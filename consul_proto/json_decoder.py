"""Decode JSON: with msgspec if it is installed (the extra `fast`), otherwise with the json module. The results are the same.

msgspec only ever gives what the json module gives: it was chosen over orjson because orjson reads integers above 64 bits as floats. What
msgspec refuses, the json module decides, for example escaped lone surrogates and numbers like 1e400.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, Union

from consul_proto.nesting import check_depth, is_surely_shallow

if TYPE_CHECKING:
    from types import ModuleType

#: A JSON value.
Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

#: Decodes a whole body. Raises ValueError if it is not JSON, RecursionError if it is nested too deeply.
Decode = Callable[[bytes], Json]

#: RFC 8259, section 2: the blanks that may surround a value.
_BLANKS = " \t\n\r"

#: The levels that msgspec reads in a large body. The answers of health have five; each level more doubles the time to prepare.
_LEVELS = 8


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant}")


#: Refuses NaN and Infinity. Created once: `json.loads` with an argument creates a new decoder for each call.
STRICT = json.JSONDecoder(parse_constant=_refuse)

_read = STRICT.raw_decode


def decode_by_json(body: bytes) -> Json:
    """Decode a body with the json module. Raises ValueError, RecursionError."""
    check_depth(body)
    written = str(body, "utf-8").strip(_BLANKS)
    value: Json
    value, end = _read(written)
    if end != len(written):
        raise ValueError("more follows the value")
    return value


def msgspec_decoder(msgspec: ModuleType) -> Decode:
    """Return a function that decodes with msgspec what it decodes as the json module does, and leaves everything else to that."""
    read_any = msgspec.json.Decoder().decode
    # Refuses deeper values while it reads, so that the levels of a large body need not be counted.
    read_shallow = cache(lambda: msgspec.json.Decoder(_shallow_type(_LEVELS)).decode)
    refusals = (msgspec.MsgspecError, ValueError, RecursionError)

    def decode(body: bytes) -> Json:
        try:
            value: Json = read_any(body) if is_surely_shallow(body) else read_shallow()(body)
        except refusals:
            return decode_by_json(body)
        return value

    return decode


def _shallow_type(levels: int) -> Any:
    shallow: Any = Union[None, bool, int, float, str]  # noqa: UP007 - made at run time
    for _ in range(levels):
        shallow = Union[None, bool, int, float, str, list[shallow], dict[str, shallow]]  # noqa: UP007 - made at run time
    return shallow


@cache
def best_decoder() -> Decode:
    """Return the fastest decoder that is installed."""
    try:
        import msgspec
    except ImportError:
        return decode_by_json
    return msgspec_decoder(msgspec)
