"""Streams without I/O: what a stream is, what its decoder does, and what calling a method that builds one gives on each face."""

from __future__ import annotations

import inspect
import pydoc
from dataclasses import replace
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.errors import Forbidden, NotFound
from consul_proto.message import Request, Response
from consul_proto.namespace import M, Namespace, Sync, stream
from consul_proto.stream import Pieces, Stream
from consulate import AsyncConsul, Consul


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


def test_a_stream_may_explain_a_status() -> None:
    stream = replace(Agent[Any]().monitor(), explain=lambda response: NotFound("nothing here") if response.status == 418 else None)
    assert isinstance(stream.error(Response(418)), NotFound)
    assert isinstance(stream.error(Response(403)), Forbidden)


def test_the_events_of_a_whole_answer() -> None:
    monitor = Agent[Any]().monitor()
    assert monitor.decode(Response(200, body=b"abc")) == [b"abc"]
    with pytest.raises(Forbidden):
        monitor.decode(Response(403, body=b"Permission denied"))


def test_each_face_says_what_it_returns() -> None:
    for face, returns in ((Operations(), "Stream[str]"), (Consul(), "Events[str]"), (AsyncConsul(), "AsyncEvents[str]")):
        agent: Any = face.agent
        assert inspect.signature(agent.monitor).return_annotation == returns
        shown = pydoc.plaintext.document(agent)  # type: ignore[attr-defined] # not in typeshed
        assert f"-> {returns}" in shown
        assert ("await services(" in shown) is isinstance(face, AsyncConsul)
        assert "await monitor(" not in shown


def test_a_log_may_be_silent() -> None:
    api = Operations()
    assert api.agent.monitor().silence is api.agent.metrics_stream().silence is None
    assert api.snapshot.save().silence is ...
