"""Unusual answers, on every client: valid ones are read, invalid ones are refused at once."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from consulate import Limits
from consulate.exceptions import RequestError
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import FOUND, GOOD, HEALTHY
from tests.fakes.raw_server import ReadRequest, Send, answer
from tests.transports.conftest import Serve

_LENGTH = str(len(FOUND))
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_ONE_CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(FOUND), FOUND)


def _line(line: bytes) -> bytes:
    """Return the good answer with this line in its head."""
    return GOOD.replace(b"Content-Length", line + b"\r\nContent-Length")


ALLOWED: dict[str, bytes] = {
    # RFC 9110, section 15.2: a client must accept any number of interim answers.
    "103 Early Hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </ui>\r\n\r\n" + GOOD,
    "102 Processing first": b"HTTP/1.1 102 Processing\r\n\r\n" + GOOD,
    "100 Continue three times": b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + GOOD,
    "no reason": GOOD.replace(b" Whatever", b""),
    "a folded line": _line(b"X-Note: a\r\n b"),
    "the same length twice": answer(200, FOUND, [("Content-Length", _LENGTH)] * 2),
    # RFC 9110, section 8.6: a recipient may read it as one length.
    "the same length twice in a line": answer(200, FOUND, [("Content-Length", f"{_LENGTH}, {_LENGTH}")]),
    # RFC 9110, section 5.5: spaces around a value are not part of it.
    "a blank after the length": answer(200, FOUND, [("Content-Length", f"{_LENGTH} ")]),
    "a length and chunks": answer(200, _ONE_CHUNK, [("Transfer-Encoding", "chunked"), ("Content-Length", "5")]),
    "99 headers": answer(200, FOUND, [(f"X-Header-{number}", "x") for number in range(98)]),
    "a header of 50 KB": _line(b"X-Long: " + b"x" * 50_000),
    "a header in Latin-1": _line("X-Name: Zürich".encode("latin-1")),
}

REFUSED: dict[str, bytes] = {
    "a line that is no header": _line(b"no header at all"),
    "a blank before the colon": _line(b"X-Note : x"),
    "a name in UTF-8": _line("X-Zürich: x".encode()),
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    "a status of four digits": answer(1000, FOUND),
    "a status below 100": answer(99, FOUND).replace(b" 99 ", b" 099 "),
    "two lengths in a line": answer(200, FOUND, [("Content-Length", f"5, {_LENGTH}")]),
    "an empty length": answer(200, FOUND, [("Content-Length", "")]),
    "a line break that is none": _line(b"X-Note: a\rb"),
    "a negative length": answer(200, FOUND, [("Content-Length", "-5")]),
    "a length beyond any": answer(200, FOUND, [("Content-Length", "9" * 25)]),
    "an unknown transfer coding": answer(200, FOUND, [("Transfer-Encoding", "gzip")]),
    "a negative chunk": _CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n",
    "a chunk beyond any": _CHUNKED + b"f" * 30 + b"\r\nabcde\r\n0\r\n\r\n",
    "a chunk longer than it says": _CHUNKED + b"5\r\nabcdefg0\r\n\r\n",
    "a chunk in another notation": _CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
}


@on_every_face
@pytest.mark.parametrize("name", ALLOWED)
def test_valid_heads_are_read(face: Face, name: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(ALLOWED[name]), *HEALTHY], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await outcome(client.kv.get("k")) == "v"
        assert await client.kv.get("k") == "v"
        assert len(server.requests) == 2

    face.run(scenario, server.url, timeout=5)


@on_every_face
@pytest.mark.parametrize("name", REFUSED)
def test_invalid_heads_are_refused(face: Face, name: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(REFUSED[name]), *HEALTHY], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "w"))
        assert type(error) is RequestError, repr(error)
        assert error.maybe_applied is True
        assert "the answer is not valid HTTP: " in str(error)
        assert len(server.requests) == 1
        assert await client.kv.get("k") == "v"
        assert server.connections == 2

    face.run(scenario, server.url, timeout=5)


@on_every_face
def test_a_small_answer_that_decompresses_to_a_large_one_is_refused(face: Face, serve: Serve) -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    server = serve(face, [ReadRequest(), Send(answer(200, bomb, [("Content-Encoding", "gzip")])), *HEALTHY], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert type(error) is RequestError
        assert "larger than this client's limit of 100000 bytes" in str(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5, limits=Limits(response_size=100_000))
