"""Lines and JSON documents of a stream: the same events for any cut of the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto import text_decoders
from consul_proto.errors import DecodeError
from consul_proto.stream import Decoder
from consul_proto.text_decoders import Documents, Lines

_TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))


def _read(decoder: Decoder[Any], data: bytes, piece: int = 1 << 20) -> list[Any]:
    events = [event for start in range(0, len(data), piece) for event in decoder.feed(data[start : start + piece])]
    return [*events, *decoder.end()]


@given(st.lists(_TEXTS), st.integers(1, 50))
def test_lines(lines: list[str], piece: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    assert _read(Lines(), data, piece) == lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\rb\x0bc\xc2\x85d\n", ["a\rb\x0bc\x85d"]),
        (b"\xff\n", ["\ufffd"]),
        ("ä".encode(), ["ä"]),
    ],
)
@pytest.mark.parametrize("piece", [1, 100])
def test_line_breaks(data: bytes, lines: list[str], piece: int) -> None:
    assert _read(Lines(), data, piece) == lines


_DOCUMENTS = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.text() | st.integers(-9, 9), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
    ),
    max_size=4,
)


@given(st.lists(_DOCUMENTS, max_size=3), st.integers(1, 50), st.sampled_from([None, 0, 4]), st.booleans())
def test_documents(documents: list[dict[str, Any]], piece: int, indent: int | None, is_ascii: bool) -> None:
    text = "".join(json.dumps(document, indent=indent, ensure_ascii=is_ascii) + "\n" for document in documents)
    assert _read(Documents(), text.encode("utf-8", "replace"), piece) == json.loads(
        json.dumps(documents, ensure_ascii=False).encode("utf-8", "replace")
    )


def test_a_document_comes_when_its_last_line_does() -> None:
    decoder: Documents[dict[str, int]] = Documents()
    assert list(decoder.feed(b'\n{\n    "a": 1\n}')) == []
    assert list(decoder.feed(b"\n\n{")) == [{"a": 1}]
    with pytest.raises(DecodeError, match="the answer ended inside a document"):
        decoder.end()


def test_the_last_document_needs_no_line_break() -> None:
    assert _read(Documents(), b'{"a": "{"}') == [{"a": "{"}]


@pytest.mark.parametrize("data", [b"<html>\n", b"[1]\n", b"}\n", b"{}{}\n", b'{"a": nan}\n', b"7"])
@pytest.mark.parametrize("piece", [1, 100])
def test_what_is_no_document(data: bytes, piece: int) -> None:
    with pytest.raises(DecodeError):
        _read(Documents(), data, piece)


@pytest.mark.parametrize("decoder", [Lines, Documents])
@pytest.mark.parametrize("data", [b"x" * 101, b"{" + b"[\n" * 51])
def test_an_endless_line_or_document(decoder: type[Any], data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_decoders, "_LARGEST", 100)
    if decoder is Lines and b"\n" in data:
        assert len(_read(decoder(), data)) == 51
        return
    with pytest.raises(DecodeError, match="than 100 bytes: did something other than Consul answer"):
        _read(decoder(), data)
