"""With msgspec and without it, every body gives the same value or the same error."""

from __future__ import annotations

import json
import math
import sys
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consul_proto import json_decoder
from consul_proto.errors import DecodeError
from consul_proto.json_decoder import best_decoder, decode_by_json, msgspec_decoder
from consul_proto.message import Response
from consul_proto.nesting import DEEPEST

_decode_by_msgspec = msgspec_decoder(msgspec)

#: Numbers as they may be written, among them those that a float or 64 bits cannot hold.
_NUMBERS = st.from_regex(rb"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][-+]?[0-9]{1,3})?", fullmatch=True) | st.integers().map(lambda n: b"%d" % n)

_FLOATS = st.floats().map(lambda number: repr(number).encode())

#: Strings as they may be written, with every kind of escape, and bytes that are not UTF-8.
_STRINGS = st.lists(
    st.sampled_from(
        [rb"\ud83d", rb"\ude00", rb"\u0000", rb"\uD800", rb"\"", rb"\\", rb"\/", rb"\b", rb"\n", rb"\x", b"\n", b"\x7f", b"\xff"]
    )
    | st.text(max_size=3).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    | st.binary(max_size=2),
    max_size=4,
).map(lambda parts: b'"' + b"".join(parts) + b'"')

_WORDS = st.sampled_from([b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"nul", b"", b" ", b"-", b"01", b"-0", b"-0.0"])

_BLANK = st.sampled_from([b"", b"", b" ", b"\n", b"\t\r", b"\x0b", b"\xef\xbb\xbf", b"\x00"])


def _padded(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(_BLANK, inner, _BLANK).map(b"".join)


_SCALARS = _NUMBERS | _FLOATS | _STRINGS | _WORDS

#: Texts that are JSON, or nearly.
_TEXTS = _padded(
    st.recursive(
        _SCALARS,
        lambda inner: (
            st.lists(_padded(inner), max_size=4).map(lambda items: b"[" + b",".join(items) + b"]")
            # Few names: so that some are given twice.
            | st.lists(st.tuples(st.sampled_from([b'"a"', b'"b"', b'"\\u0061"']) | _STRINGS, _padded(inner)), max_size=4).map(
                lambda items: b"{" + b",".join(name + b":" + value for name, value in items) + b"}"
            )
        ),
        max_leaves=12,
    )
)

#: The same texts, in the midst of so many others that the reader of large bodies reads them.
_LARGE_TEXTS = _TEXTS.map(lambda text: b"[" + b"[]," * DEEPEST + text + b"]")


def _outcome(decode: Any, body: bytes) -> str:
    """Return what comes of a body, with the types of all values and the order of all members."""
    try:
        return repr(decode(body))
    except (ValueError, RecursionError) as error:
        return type(error).__name__ if isinstance(error, RecursionError) else "not JSON"


@given(_TEXTS | _LARGE_TEXTS | st.binary(max_size=40))
@example(b"")
@example(b"18446744073709551616")
@example(b"-9223372036854775809")
@example(b"1" * 400)
@example(b"1" * 5_000)
@example(b"1e400")
@example(b"-1e400")
@example(b"1e-400")
@example(b"-0")
@example(b"9007199254740993.0")
@example(b"2.2250738585072011e-308")
@example(b"[NaN]")
@example(rb'"\ud800"')
@example(b'{"a": 1, "b": 2, "a": 3}')
@example("[1]".encode("utf-16"))
def test_both_decoders_agree(body: bytes) -> None:
    assert _outcome(_decode_by_msgspec, body) == _outcome(decode_by_json, body)


@given(st.binary(max_size=60), st.data())
def test_they_agree_on_damaged_texts(damage: bytes, data: st.DataObject) -> None:
    text = json.dumps([{"ID": "web-1", "Port": 8080, "Weights": {"Passing": 1.5}, "Tags": ["ä", "\\"], "Meta": None}] * 3).encode()
    place = data.draw(st.integers(0, len(text)))
    body = text[:place] + damage + text[place + data.draw(st.integers(0, 4)) :]
    assert _outcome(_decode_by_msgspec, body) == _outcome(decode_by_json, body)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(number: float) -> None:
    read = _decode_by_msgspec(repr(number).encode())
    assert isinstance(read, float)
    assert read == number
    assert math.copysign(1, read) == math.copysign(1, number)


@pytest.mark.parametrize("levels", [1, 2, 8, 9, 16, 17, DEEPEST - 1, DEEPEST, DEEPEST + 1, 900, 2_000, 20_000, 200_000])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_they_agree_on_every_depth(levels: int, brackets: tuple[bytes, bytes]) -> None:
    opening, closing = brackets
    wide = b"[" + b"{}," * DEEPEST + opening * levels + b"1" + closing * levels + b"]"
    for body in (opening * levels + b"1" + closing * levels, opening * levels, wide):
        assert _outcome(_decode_by_msgspec, body) == _outcome(decode_by_json, body)
    assert (_outcome(_decode_by_msgspec, wide) == "RecursionError") == (levels >= DEEPEST)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 20_000, b"[1, 2"])
def test_the_errors_are_the_same(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for decode in (decode_by_json, _decode_by_msgspec):
        monkeypatch.setattr("consul_proto.message.best_decoder", partial(lambda chosen: chosen, decode))
        with pytest.raises(DecodeError) as caught:
            Response(200, body=body).json()
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_what_is_not_installed_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    best_decoder.cache_clear()
    try:
        assert best_decoder() is not decode_by_json
        best_decoder.cache_clear()
        monkeypatch.setitem(sys.modules, "msgspec", None)  # importing it fails
        assert best_decoder() is decode_by_json
    finally:
        best_decoder.cache_clear()


def test_a_large_answer_is_read_by_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {
        "Node": {"Meta": {"a": "b"}},
        "Service": {"Proxy": {"Upstreams": [{"Config": {"limits": {"max": 1}}}]}},
        "Checks": [{"Definition": {}}],
    }
    body = json.dumps([entry] * 200).encode()
    expected = json.loads(body)
    monkeypatch.setattr(json_decoder, "decode_by_json", None)
    assert _decode_by_msgspec(body) == expected
