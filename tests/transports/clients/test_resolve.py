"""Host names are resolved within the time limit, and each address of a host gets its share of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul
from consulate.exceptions import ClientClosed, RequestError, RequestTimeout
from tests.faces import ASYNCIO, TRIO, Face, on_every_tcp_face, outcome
from tests.fakes.faults import GOOD, HEALTHY
from tests.fakes.raw_server import ClosedPort, FullPort
from tests.transports.conftest import Serve

HOST = "consul.example.com"

#: The other fields of an item of getaddrinfo.
_V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "")


class Resolver:
    """A fake of the system's resolver: it answers for one host, when the test allows it."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Event()
        self._system = socket.getaddrinfo

    def __call__(self, host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in (HOST, HOST.encode()):
            return self._system(host, *args, **kwargs)
        if len(args) == 5 and args[4] & socket.AI_NUMERICHOST:  # trio first asks whether it is an address
            raise socket.gaierror(socket.EAI_NONAME, "a name")
        self.asked.set()
        assert self.may_answer.wait(30)
        return [(*_V4, ("127.0.0.1", port)) for port in self.ports]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.may_answer.set()


@on_every_tcp_face
def test_a_host_name_is_resolved(face: Face, resolver: Resolver, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    resolver.ports = [server.port]

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert server.requests[0].header("Host") == f"{HOST}:8500"

    face.run(scenario, HOST, timeout=2)


@on_every_tcp_face
def test_a_resolver_that_does_not_answer(face: Face, resolver: Resolver, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    resolver.ports = [server.port]

    async def scenario(client: Any) -> None:
        resolver.may_answer.clear()
        begun = time.monotonic()
        error = await outcome(client.using(timeout=0.3).kv.put("k", "v"))
        assert time.monotonic() - begun < 2
        assert resolver.asked.is_set()
        resolver.may_answer.set()
        assert type(error) is RequestTimeout
        assert error.maybe_applied is False
        assert await client.kv.get("k") == "v"
        assert len(server.requests) == 1

    face.run(scenario, HOST, timeout=2)


@on_every_tcp_face
def test_the_first_address_refuses(face: Face, resolver: Resolver, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    with ClosedPort() as refused:
        resolver.ports = [refused.port, server.port]

        async def scenario(client: Any) -> None:
            assert await client.kv.get("k") == "v"

        face.run(scenario, HOST, timeout=2)


@on_every_tcp_face
def test_the_first_address_gets_only_its_share_of_the_time(face: Face, resolver: Resolver, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    with FullPort() as silent:
        resolver.ports = [silent.port, server.port]

        async def scenario(client: Any) -> None:
            begun = time.monotonic()
            assert await client.kv.get("k") == "v"
            assert time.monotonic() - begun < 1

        face.run(scenario, HOST, timeout=1)


@on_every_tcp_face
def test_no_address_can_be_reached(face: Face, resolver: Resolver) -> None:
    with FullPort() as silent, ClosedPort() as refused:

        async def scenario(client: Any) -> None:
            for ports, kind in (([silent.port, refused.port], RequestError), ([refused.port, silent.port], RequestTimeout)):
                resolver.ports = ports
                begun = time.monotonic()
                error = await outcome(client.kv.put("k", "v"))
                assert time.monotonic() - begun < 2
                assert type(error) is kind
                assert error.maybe_applied is False

        face.run(scenario, HOST, timeout=0.4)


def test_closing_ends_a_call_of_a_thread_that_waits_for_the_resolver(resolver: Resolver) -> None:
    resolver.may_answer.clear()
    failures: list[Exception] = []

    def call() -> None:
        try:
            client.kv.put("k", "v")
        except RequestError as error:
            failures.append(error)

    with Consul(HOST, timeout=60) as client:
        thread = threading.Thread(target=call)
        thread.start()
        assert resolver.asked.wait(10)
    thread.join(10)
    assert not thread.is_alive()
    assert [error.maybe_applied for error in failures if isinstance(error, RequestError)] == [False]
    with pytest.raises(ClientClosed):
        client.kv.get("k")


@pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)
def test_closing_ends_a_call_of_a_task_that_waits_for_the_resolver(face: Face, resolver: Resolver) -> None:
    resolver.may_answer.clear()
    failures: list[Exception] = []

    async def call(client: AsyncConsul) -> None:
        try:
            await client.kv.put("k", "v")
        except RequestError as error:
            failures.append(error)

    async def main() -> None:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group, AsyncConsul(HOST, timeout=60) as client:
                group.start_soon(call, client)
                await anyio.to_thread.run_sync(resolver.asked.wait)
        resolver.may_answer.set()

    anyio.run(main, backend=face.backend or "")
    assert [error.maybe_applied for error in failures if isinstance(error, RequestError)] == [False]


@on_every_tcp_face
@pytest.mark.parametrize("address", ["::1", "[::1]", "http://[::1]"])
def test_an_ipv6_address(face: Face, address: str) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this system has no IPv6")
    port, heads = listener.getsockname()[1], []

    def serve_once() -> None:
        connection, _ = listener.accept()
        with connection:
            heads.append(connection.recv(65536))
            connection.sendall(GOOD)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert f"\r\nHost: [::1]:{port}\r\n".encode() in heads[0]

    thread = threading.Thread(target=serve_once, daemon=True)
    with listener:
        thread.start()
        face.run(scenario, address, port, timeout=5)
        thread.join(10)


@on_every_tcp_face
def test_a_host_name_that_is_not_ascii_is_refused_on_every_client(face: Face) -> None:
    """It is not a valid Host header: either the client cannot be made, or the name is not found."""

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert type(error) is RequestError, repr(error)
        assert error.maybe_applied is False

    try:
        face.run(scenario, "b\u00fccher.invalid", timeout=2)
    except ValueError as error:
        assert "b\u00fccher.invalid" in str(error)
