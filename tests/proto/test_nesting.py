"""How deep JSON may be: the same on every Python, whatever the limit of its own decoder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consul_proto.codec import decode, encode
from consul_proto.decode import json_value
from consul_proto.errors import DecodeError
from consul_proto.message import Response
from consul_proto.nesting import DEEPEST

#: Texts of as many levels as are allowed, by what fills them.
AT_THE_LIMIT: dict[str, bytes] = {
    "arrays": b"[" * DEEPEST + b"]" * DEEPEST,
    "objects": b'{"a": ' * DEEPEST + b"1" + b"}" * DEEPEST,
    "arrays and objects": b'[{"a": ' * (DEEPEST // 2) + b"1" + b"}]" * (DEEPEST // 2),
    "arrays that have more beside them": b"[[], " * (DEEPEST - 1) + b"[]" + b"]" * (DEEPEST - 1),
    "strings that open": b'["[{", ' * DEEPEST + b"1" + b"]" * DEEPEST,
    "strings that close": b'["}]", ' * DEEPEST + b"1" + b"]" * DEEPEST,
    "strings with quotes": rb'["\"[\\", ' * DEEPEST + b"1" + b"]" * DEEPEST,
}

#: Texts of many brackets and few levels.
SHALLOW: dict[str, bytes] = {
    "many objects": json.dumps([{"a": {"b": []}}] * DEEPEST).encode(),
    "a string that opens": json.dumps({"a": "[" * 10 * DEEPEST}).encode(),
    "a string that closes": json.dumps({"a": "]" * 10 * DEEPEST}).encode(),
    "a string with quotes": json.dumps(['"[\\' * DEEPEST] * 2).encode(),
}


@pytest.mark.parametrize("text", [*AT_THE_LIMIT.values(), *SHALLOW.values()], ids=[*AT_THE_LIMIT, *SHALLOW])
def test_what_is_read_and_written(text: bytes) -> None:
    value = json_value(Response(200, body=text))
    assert value == json.loads(text)
    assert encode(value) == text
    assert decode(text) == value


@pytest.mark.parametrize("text", [b"[%b]" % text for text in AT_THE_LIMIT.values()] + [b"[" * 20_000], ids=[*AT_THE_LIMIT, "never closed"])
def test_what_is_too_deep(text: bytes) -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        json_value(Response(200, body=text))
    # What is stored reads as text where it cannot read as a value.
    assert decode(text) == text.decode()


def test_what_is_too_deep_to_be_written() -> None:
    value: list[Any] = []
    for _ in range(DEEPEST - 1):
        value = [value]
    assert encode(value) == b"[" * DEEPEST + b"]" * DEEPEST
    with pytest.raises(ValueError, match="nested too deeply"):
        encode([value])


def test_where_strings_hide_the_depth_the_limit_of_python_holds() -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        json_value(Response(200, body=b'["]", ' * 200_000 + b"1" + b', "["]' * 200_000))
