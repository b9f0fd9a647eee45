"""Streams without I/O: what a stream is, what its decoder does, and what calling a method that builds one gives on each face."""

from __future__ import annotations

from typing import Any

from consul_proto.errors import Forbidden
from consul_proto.message import Request, Response
from consul_proto.namespace import M, Namespace, Sync, stream
from consul_proto.stream import Pieces, Stream


class Agent(Namespace[M]):
    @stream
    def monitor(self, level: str = "info") -> Stream[bytes]:
        """Return log lines."""
        return Stream("agent.monitor", Request("GET", "/v1/agent/monitor", (("loglevel", level),)), Pieces)


def test_a_method_builds_a_stream() -> None:
    built = Agent[Any]().monitor(level="debug")
    assert built.request.target == "/v1/agent/monitor?loglevel=debug"
    assert repr(built) == "<Stream agent.monitor: <Request GET /v1/agent/monitor loglevel='debug'>>"
    assert built.is_read


def test_a_face_decides_what_becomes_of_it() -> None:
    seen: list[Any] = []
    agent: Agent[Sync] = Agent(seen.append)
    agent.monitor()
    assert [type(call) for call in seen] == [Stream]
    assert agent.monitor.__doc__ == "Return log lines."


def test_another_answer_is_an_exception() -> None:
    error = Agent[Any]().monitor().error(Response(403, body=b"Permission denied"))
    assert isinstance(error, Forbidden)
    assert str(error).startswith("GET /v1/agent/monitor: 403 Permission denied")


def test_pieces_are_as_they_came() -> None:
    decoder = Pieces()
    assert [*decoder.feed(b"a"), *decoder.feed(b"bc"), *decoder.end()] == [b"a", b"bc"]
