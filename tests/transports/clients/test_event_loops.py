"""One `AsyncConsul` and several event loops: one after the other works; a second one that runs at the same time is refused at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyio.from_thread import start_blocking_portal

from consul_proto.message import Request
from consul_proto.stream import Pieces, Stream
from consulate import AsyncConsul
from consulate.exceptions import RequestError
from tests.faces import ASYNCIO, ASYNCIO_UNIX, Face, outcome
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import Hang, ReadRequest
from tests.transports.conftest import Serve

_SAYS = "the client is in use by another event loop, which still runs; make an AsyncConsul for each event loop"

on_both_addresses = pytest.mark.parametrize("face", [ASYNCIO, ASYNCIO_UNIX], ids=["tcp", "unix"])

on_two_backends = pytest.mark.parametrize(
    ("first", "second"), [("asyncio", "asyncio"), ("trio", "trio"), ("asyncio", "trio"), ("trio", "asyncio")]
)


async def _read(client: AsyncConsul) -> Any:
    return await outcome(client.kv.get("k"))


async def _begin_to_read(client: AsyncConsul) -> Any:
    async def read() -> None:
        async with client.open(Stream("kv", Request("GET", "/v1/kv/k"), Pieces)) as pieces:
            async for _ in pieces:
                pass

    return await outcome(read())


async def _close(client: AsyncConsul) -> Any:
    return await outcome(client.close())


@on_both_addresses
@on_two_backends
@pytest.mark.parametrize("use", [_read, _begin_to_read, _close], ids=["a call", "a stream", "close"])
def test_a_second_loop_is_refused_at_once(
    face: Face, first: str, second: str, use: Callable[[AsyncConsul], Awaitable[Any]], serve: Serve
) -> None:
    server = serve(face, HEALTHY, HEALTHY)
    client = AsyncConsul(server.url, timeout=30)
    with start_blocking_portal(first) as one, start_blocking_portal(second) as other:
        assert one.call(_read, client) == "v"
        begun = time.monotonic()
        error = other.call(use, client)
        assert time.monotonic() - begun < 5
        assert type(error) is RequestError
        assert _SAYS in str(error)
        assert error.maybe_applied is False
        assert one.call(_read, client) == "v"
        assert len(server.requests) == 2
        one.call(client.close)


@on_both_addresses
@on_two_backends
def test_a_second_loop_while_a_call_is_under_way(face: Face, first: str, second: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Hang()], HEALTHY)
    client = AsyncConsul(server.url, timeout=30)
    with start_blocking_portal(first) as one, start_blocking_portal(second) as other:
        under_way = one.start_task_soon(_read, client)
        while not server.requests:
            time.sleep(0.002)
        assert _SAYS in str(other.call(_read, client))
        one.call(client.close)
        assert isinstance(under_way.result(10), RequestError)


@on_both_addresses
@on_two_backends
def test_the_next_loop_gets_the_idle_connection(face: Face, first: str, second: str, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    client = AsyncConsul(server.url, timeout=30)
    for backend in (first, second, first):
        with start_blocking_portal(backend) as loop:
            assert loop.call(_read, client) == "v"
    assert anyio.run(_read, client, backend=second) == "v"
    anyio.run(client.close, backend=first)
    assert server.connections == 1


@on_both_addresses
def test_two_loops_one_after_the_other_in_a_thread_keep_others_out(face: Face, serve: Serve) -> None:
    """The second one has the client, and not only the thread."""
    server = serve(face, HEALTHY)
    client = AsyncConsul(server.url, timeout=30)
    assert anyio.run(_read, client) == "v"

    async def main() -> None:
        assert await _read(client) == "v"
        error = await anyio.to_thread.run_sync(anyio.run, _read, client)
        assert _SAYS in str(error)
        assert await _read(client) == "v"
        await client.close()

    anyio.run(main)


@on_both_addresses
def test_many_loops_at_once(face: Face, serve: Serve) -> None:
    """One has it, or each after another; none hangs, and none gets anything but an answer or the error."""
    server = serve(face, *[HEALTHY] * 20)
    client = AsyncConsul(server.url, timeout=30)
    together = threading.Barrier(8)
    results: list[Any] = []

    async def work() -> None:
        together.wait(20)
        for _ in range(50):
            results.append(await _read(client))

    threads = [threading.Thread(target=anyio.run, args=(work,), kwargs={"backend": backend}) for backend in ("asyncio", "trio") * 4]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert time.monotonic() - begun < 25
    assert len(results) == 400
    answers = [result for result in results if result == "v"]
    assert len(answers) >= 50
    assert all(_SAYS in str(result) for result in results if result != "v")
    anyio.run(client.close)


@on_both_addresses
def test_a_client_for_each_loop(face: Face, serve: Serve) -> None:
    server = serve(face, *[HEALTHY] * 2)

    async def work() -> None:
        async with AsyncConsul(server.url, timeout=30) as client:
            for _ in range(20):
                assert await client.kv.get("k") == "v"

    with start_blocking_portal("asyncio") as one, start_blocking_portal("trio") as other:
        for done in [loop.start_task_soon(work) for loop in (one, other)]:
            done.result(20)
