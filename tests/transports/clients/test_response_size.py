"""Limits(response_size=...): an answer of that size is read, a larger one is refused. Other faults are still errors."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from consulate import Limits
from consulate.exceptions import RequestError
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import FAULTS, FOUND, GOOD, HEALTHY
from tests.fakes.raw_server import Close, ReadRequest, Script, Send, answer
from tests.transports.conftest import Serve

_SIZE = len(FOUND)
_HALF = _SIZE // 2

#: Where the size of an answer becomes known: in its head, chunk by chunk, at its end, or when it is decompressed.
SIZED: dict[str, Script] = {
    "declared": [ReadRequest(), Send(GOOD), *HEALTHY],
    "in chunks": [
        ReadRequest(),
        Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Send(b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (_HALF, FOUND[:_HALF], _SIZE - _HALF, FOUND[_HALF:])),
        *HEALTHY,
    ],
    "until the end": [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\n" + FOUND), Close()],
    "packed": [ReadRequest(), Send(answer(200, gzip.compress(FOUND), [("Content-Encoding", "gzip")])), *HEALTHY],
}


@on_every_face
@pytest.mark.parametrize("sized", SIZED)
def test_an_answer_of_exactly_the_limit_is_accepted(face: Face, sized: str, serve: Serve) -> None:
    server = serve(face, SIZED[sized], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5, limits=Limits(response_size=max(_SIZE, len(gzip.compress(FOUND)))))


@on_every_face
@pytest.mark.parametrize("sized", SIZED)
def test_an_answer_one_byte_over_the_limit_is_refused(face: Face, sized: str, serve: Serve) -> None:
    server = serve(face, SIZED[sized], [ReadRequest(), Send(answer(200, b"true"))])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert type(error) is RequestError
        assert error.maybe_applied is True
        assert f"larger than this client's limit of {_SIZE - 1} bytes" in str(error)
        assert len(server.requests) == 1
        assert await client.kv.put("k", "w") is True

    face.run(scenario, server.url, timeout=5, limits=Limits(response_size=_SIZE - 1))


_CUT_OFF = ("truncated body", "Content-Length larger than the body", "chunks, cut off", "closed in the middle of the head")


@on_every_face
@pytest.mark.parametrize("fault", _CUT_OFF)
def test_an_answer_that_is_cut_off_is_an_error_with_a_size_limit_too(face: Face, fault: str, serve: Serve) -> None:
    server = serve(face, FAULTS[fault], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k", raw=True))
        assert type(error) is RequestError, repr(error)
        assert "before the answer was complete" in str(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5, limits=Limits(response_size=100_000))


@on_every_face
@pytest.mark.parametrize("limit", [None, 100_000])
def test_a_false_length_allocates_no_memory(face: Face, limit: int | None, serve: Serve) -> None:
    """The length may be false: only the bytes that arrive are read."""
    claim = answer(200, FOUND, [("Content-Length", str(10**15))])
    server = serve(face, [ReadRequest(), Send(claim), Close()], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert type(error) is RequestError, repr(error)
        assert ("before the answer was complete" if limit is None else "larger than this client's limit") in str(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5, limits=Limits(response_size=limit))
