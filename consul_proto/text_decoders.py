"""Decoders of streams of text: lines, and JSON documents. Their events do not depend on how the bytes are split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from consul_proto.decode import one
from consul_proto.errors import DecodeError
from consul_proto.message import Response

D = TypeVar("D")

#: The largest line or document, in bytes. Those of agents have a few hundred KiB at most.
_LARGEST = 1 << 24

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")

#: A string of JSON, which never contains a line break.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"')

_BRACKETS = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class _Splitter:
    """Splits bytes into lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def split(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that are complete, with their line breaks."""
        for line in _LINE.findall(data):
            self._parts.append(line)
            self._size += len(line)
            if self._size > _LARGEST:
                raise DecodeError(f"a line of the answer is longer than {_LARGEST} bytes: did something other than Consul answer?")
            if line.endswith(b"\n"):
                yield self.rest()

    def rest(self) -> bytes:
        """Return what there is of the current line, and begin another."""
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return line


class Lines:
    """A decoder whose events are lines of text, without their line breaks."""

    def __init__(self) -> None:
        self._splitter = _Splitter()

    def feed(self, data: bytes) -> Iterable[str]:
        """Return the lines that are complete."""
        return [_text(line) for line in self._splitter.split(data)]

    def end(self) -> Iterable[str]:
        """Return the last line, if it has no line break."""
        rest = self._splitter.rest()
        return [_text(rest)] if rest else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


class Documents(Generic[D]):
    """A decoder whose events are JSON objects. Each takes one line or several, and the next one begins on a new line."""

    def __init__(self) -> None:
        self._splitter = _Splitter()
        self._lines: list[bytes] = []
        self._depth = self._size = 0

    def feed(self, data: bytes) -> Iterable[D]:
        """Return the documents that are complete."""
        return [document for line in self._splitter.split(data) for document in self._take(line)]

    def end(self) -> Iterable[D]:
        """Return the last document, if it has no line break after it."""
        documents = list(self._take(self._splitter.rest()))
        if self._lines:
            raise DecodeError("the answer ended inside a document")
        return documents

    def _take(self, line: bytes) -> Iterator[D]:
        if not self._lines and not line.strip():
            return
        self._lines.append(line)
        self._size += len(line)
        if self._size > _LARGEST:
            raise DecodeError(f"a document of the answer is larger than {_LARGEST} bytes: did something other than Consul answer?")
        outside = _STRING.sub(b"", line)
        self._depth += sum(change * outside.count(bracket) for bracket, change in _BRACKETS.items())
        if self._depth <= 0:
            document: Any = one(Response(200, body=b"".join(self._lines)))
            self._lines.clear()
            self._depth = self._size = 0
            yield document
