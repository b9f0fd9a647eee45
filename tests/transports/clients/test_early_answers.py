"""A server that answers before it has read the request: the client uses the answer, although it could not send the whole request.

A Consul agent does this if a client has too many connections (limits.http_max_conns_per_client): it answers 429 and closes.
https://developer.hashicorp.com/consul/docs/agent/config/config-files#http_max_conns_per_client
"""

from __future__ import annotations

import socket
from typing import Any

import pytest

from consulate.exceptions import Forbidden
from tests.faces import Face, on_every_face, outcome, wait_until
from tests.fakes.faults import DONE, HEALTHY
from tests.fakes.raw_server import Close, RawServer, ReadRequest, Repeat, Send, answer
from tests.transports.conftest import Serve

_CLOSE = ("Connection", "close")
_TOO_MANY = answer(429, b"Your IP is issuing too many concurrent connections, please rate limit your calls\n", [_CLOSE])


@pytest.fixture
def slow_sends(monkeypatch: pytest.MonkeyPatch) -> list[RawServer]:
    """Delay what a client sends until the server in this list has closed its first connection."""
    servers: list[RawServer] = []

    def after_the_server_closed(send: Any) -> Any:
        def send_late(*args: Any) -> Any:
            if bytes(args[1][:4]) in (b"GET ", b"PUT "):
                wait_until(lambda: 0 in servers[0].closed)
            return send(*args)

        return send_late

    for name in ("send", "sendall"):
        monkeypatch.setattr(socket.socket, name, after_the_server_closed(getattr(socket.socket, name)), raising=False)
    return servers


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_429_before_the_request_is_read_is_retried(face: Face, method: str, serve: Serve, slow_sends: list[RawServer]) -> None:
    good = HEALTHY if method == "get" else [Repeat((ReadRequest(), Send(DONE)))]
    server = serve(face, [Send(_TOO_MANY), Close()], good)
    slow_sends.append(server)

    async def scenario(client: Any) -> None:
        assert await (client.kv.get("k") if method == "get" else client.kv.put("k", "v")) in ("v", True)
        assert len(server.requests) == 1
        assert server.connections == 2

    face.run(scenario, server.url, timeout=5)


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_refusal_before_the_request_is_read(face: Face, method: str, serve: Serve, slow_sends: list[RawServer]) -> None:
    server = serve(face, [Send(answer(403, b"not from there", [_CLOSE])), Close()], HEALTHY)
    slow_sends.append(server)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k") if method == "get" else client.kv.put("k", "v"))
        assert type(error) is Forbidden, repr(error)
        assert error.maybe_applied is False
        assert "403 not from there" in str(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5)
