"""Transports of a user: thirty lines without anything of Consul, for threads and for tasks; and functions in memory."""

from __future__ import annotations

import http.client
from typing import Any

import anyio
import pytest

from consul_proto.errors import ClientClosed, RequestError
from consul_proto.message import Headers, Request, Response
from consulate import AsyncConsul, Consul
from tests.faces import ASYNCIO, TRIO, URLLIB3, Face
from tests.fakes.faults import FOUND, HEALTHY, TEMPORARY_REFUSALS, refuse_then_answer
from tests.transports.conftest import Serve
from transports.memory import AsyncMemoryTransport, MemoryTransport


class PlainTransport:
    """A transport over http.client, with a new connection for each request."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.slept = 0.0

    def send(self, request: Request, timeout: float | None) -> Response:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = connection.getresponse()
            return Response(answer.status, Headers(answer.getheaders()), answer.read())
        except OSError as error:
            raise RequestError(str(error)) from error
        finally:
            connection.close()

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def close(self) -> None:
        pass


class ThreadedTransport:
    """A transport for tasks that runs another transport in threads."""

    def __init__(self, transport: PlainTransport) -> None:
        self.transport = transport

    async def send(self, request: Request, timeout: float | None) -> Response:
        return await anyio.to_thread.run_sync(self.transport.send, request, timeout)

    async def sleep(self, seconds: float) -> None:
        self.transport.sleep(seconds)

    async def aclose(self) -> None:
        self.transport.close()


def test_threads(serve: Serve) -> None:
    server = serve(URLLIB3, HEALTHY)
    with Consul(transport=PlainTransport("127.0.0.1", server.port), token="t") as client:
        assert client.kv["k"] == "v"
        assert client.using(consistency="stale").kv.get("k") == "v"
    assert [request.target for request in server.requests] == ["/v1/kv/k", "/v1/kv/k?stale"]
    assert server.requests[0].header("X-Consul-Token") == "t"


@pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)
def test_tasks(face: Face, serve: Serve) -> None:
    server = serve(face, HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.read("k") == "v"

    face.run(scenario, transport=ThreadedTransport(PlainTransport("127.0.0.1", server.port)))
    assert len(server.requests) == 1


def test_pauses_use_the_transports_sleep(serve: Serve) -> None:
    """A transport with its own `sleep`: the test does not wait, and the time limit still holds."""
    server = serve(URLLIB3, *[refuse_then_answer(TEMPORARY_REFUSALS["a 429"], 1000)] * 20)
    transport = PlainTransport("127.0.0.1", server.port)
    with Consul(transport=transport, timeout=1.0) as client, pytest.raises(Exception, match="rate limit"):
        client.kv.get("k")
    assert 0 < transport.slept < 1.0


def _handle(request: Request) -> Response:
    return Response(200, body=FOUND if request.method == "GET" else b"true")


def test_memory() -> None:
    client = Consul(transport=MemoryTransport(_handle))
    assert client.kv["k"] == "v"
    client.kv["k"] = "w"
    client.close()
    with pytest.raises(ClientClosed):
        client.kv.get("k")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_memory_for_tasks(backend: str) -> None:
    slept: list[float] = []
    answers = [Response(429), Response(200, body=FOUND)]

    async def main() -> None:
        async with AsyncConsul(transport=AsyncMemoryTransport(lambda _: answers.pop(0), slept.append)) as client:
            assert await client.kv.get("k") == "v"
            assert len(slept) == 1
        async with AsyncConsul(transport=AsyncMemoryTransport(_handle)) as client:
            assert await client.kv.put("k", "v")

    anyio.run(main, backend=backend)


def test_memory_sleeps() -> None:
    slept: list[float] = []
    transport = MemoryTransport(_handle, slept.append)
    transport.sleep(1.5)
    assert slept == [1.5]
