"""Streams on every client: the same events for any framing, in constant memory, within the time limit; they end at once."""

from __future__ import annotations

import threading
import time
import tracemalloc
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Cancel, Consul, Limits
from consulate.exceptions import Cancelled, Forbidden, RequestError, RequestTimeout
from tests.faces import ASYNCIO, TRIO, UNIX, URLLIB3, Face, measure_lateness, on_every_face, outcome
from tests.fakes.faults import DONE, GOOD, HEALTHY
from tests.fakes.raw_server import Close, Hang, Pause, ReadRequest, Send, SetEvent, answer
from tests.fakes.streams import LINE, Framing, body, packed_stream, stream
from tests.transports.clients.stream_calls import BYTES, LINES, events_of
from tests.transports.conftest import Serve

_HEAD = Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

#: Seconds within which a stream must end after it is closed or cancelled, besides the time by which threads wake late on a busy machine.
_AT_ONCE = 0.1

_THREADS = pytest.mark.parametrize("face", [URLLIB3, UNIX], ids=str)
_TASKS = pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)


async def _read(client: Any, **options: Any) -> bytes:
    return b"".join([piece async for piece in events_of(client, BYTES, **options)])


@on_every_face
@pytest.mark.parametrize("framing", ["chunks", "length", "close"])
def test_the_body_comes_whole(face: Face, framing: Framing, serve: Serve) -> None:
    size = 300_001
    server = serve(face, [ReadRequest(), *stream(size, framing, piece=10_000)], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await _read(client) == body(size, 10_000)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)


@on_every_face
@pytest.mark.parametrize("framing", ["chunks", "length"])
def test_the_connection_is_used_again_after_a_whole_stream(face: Face, framing: Framing, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), *stream(1000, framing), *HEALTHY])

    async def scenario(client: Any) -> None:
        assert len(await _read(client)) == 1000
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)
    assert {request.connection for request in server.requests} == {0}


@on_every_face
def test_events_come_as_soon_as_they_arrive(face: Face, serve: Serve) -> None:
    """A line must not wait for a buffer to fill."""
    seen = threading.Event()
    server = serve(face, [ReadRequest(), _HEAD, Send(b"6\r\nfirst\n\r\n"), SetEvent(seen), Hang()])

    async def scenario(client: Any) -> None:
        async with aclosing(events_of(client, LINES)) as lines:  # type: ignore[type-var] # a generator
            assert await anext(lines) == "first"

    face.run(scenario, server.url, timeout=10)
    assert seen.wait(10)


@on_every_face
def test_a_content_coding_is_decoded_piece_by_piece(face: Face, serve: Serve) -> None:
    size = 20_000_000
    server = serve(face, [ReadRequest(), *packed_stream(size)])

    async def scenario(client: Any) -> None:
        pieces = [len(piece) async for piece in events_of(client, BYTES)]
        assert sum(pieces) == size
        assert max(pieces) <= 1 << 16

    face.run(scenario, server.url, timeout=20)


@on_every_face
@pytest.mark.parametrize("framing", ["chunks", "length"])
def test_a_stream_that_is_cut_off_raises_an_error(face: Face, framing: Framing, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), *stream(100 * LINE, framing, cut_at=50 * LINE)], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(_read(client))
        assert isinstance(error, RequestError)
        assert "GET /v1/test/bytes" in str(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_a_stream_with_an_error_status_raises(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(answer(403, b"Permission denied")), *HEALTHY])

    async def scenario(client: Any) -> None:
        error = await outcome(_read(client))
        assert isinstance(error, Forbidden)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_opening_a_stream_is_retried_after_a_temporary_refusal(face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.05)
    server = serve(face, [ReadRequest(), Send(answer(429, b"slow down")), ReadRequest(), *stream(10)])

    async def scenario(client: Any) -> None:
        assert len(await _read(client)) == 10

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_a_stale_idle_connection_is_replaced(face: Face, serve: Serve) -> None:
    gone = threading.Event()
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), Close(), SetEvent(gone)], [ReadRequest(), *stream(10)])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert len(await _read(client)) == 10

    face.run(scenario, server.url, timeout=10)
    assert len(server.requests) == 3


@on_every_face
def test_the_time_limit_applies_to_the_head(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Hang()])

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        assert type(await outcome(_read(client, timeout=0.2))) is RequestTimeout
        assert time.monotonic() - begun < 1.5

    face.run(scenario, server.url, timeout=60)


@on_every_face
def test_the_time_limit_applies_to_each_wait_for_more(face: Face, serve: Serve) -> None:
    pieces = tuple(step for _ in range(4) for step in (Send(b"1\r\nx\r\n"), Pause(0.3)))
    server = serve(face, [ReadRequest(), _HEAD, *pieces, Hang()])

    async def scenario(client: Any) -> None:
        got = b""

        async def read() -> None:
            nonlocal got
            async for piece in events_of(client, BYTES, timeout=0.75):
                got += piece

        assert type(await outcome(read())) is RequestTimeout
        assert got == b"xxxx"

    face.run(scenario, server.url, timeout=60)


@on_every_face
@pytest.mark.parametrize(("silence", "is_patient"), [(None, True), (30.0, True), (0.2, False)])
def test_a_stream_may_have_its_own_limit_for_pauses(face: Face, serve: Serve, silence: float | None, is_patient: bool) -> None:
    """As a log has none: it may be silent for hours, whatever the time limit of the client is."""
    server = serve(face, [ReadRequest(), _HEAD, Pause(1.2), Send(b"1\r\nx\r\n0\r\n\r\n")])

    async def scenario(client: Any) -> None:
        got = []

        async def read() -> None:
            async for piece in events_of(client, replace(BYTES, silence=silence), timeout=0.8):
                got.append(piece)

        error = await outcome(read())
        assert (got, type(error)) == (([b"x"], type(None)) if is_patient else ([], RequestTimeout))

    face.run(scenario, server.url, timeout=60)


@on_every_face
def test_leaving_the_block_closes_the_connection_at_once(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), *stream(1 << 40, piece=1000, interval=0.01)], HEALTHY)

    async def scenario(client: Any) -> None:
        async with aclosing(events_of(client, BYTES)) as pieces:  # type: ignore[type-var] # a generator
            await anext(pieces)
            begun = time.monotonic()
        took = time.monotonic() - begun
        assert took < _AT_ONCE + measure_lateness()
        assert await client.kv.get("k") == "v"
        assert {request.connection for request in server.requests} == {0, 1}

    face.run(scenario, server.url, timeout=10)


@_THREADS
@pytest.mark.parametrize("way", ["close", "cancel", "client"])
def test_another_thread_ends_a_stream_that_waits(face: Face, way: str, serve: Serve) -> None:
    waits = threading.Event()
    server = serve(face, [ReadRequest(), _HEAD, Send(b"1\r\nx\r\n"), SetEvent(waits), Hang()])
    cancel = Cancel()
    with Consul(server.url, timeout=60) as client:
        ended: list[float] = []

        def end() -> None:
            waits.wait(10)
            time.sleep(0.05)
            ended.append(time.monotonic())
            {"close": events.close, "cancel": cancel.set, "client": client.close}[way]()

        with client.open(BYTES, cancel=cancel) as events:
            thread = threading.Thread(target=end)
            thread.start()
            got = []
            error = None
            try:
                got = list(events)
            except RequestError as caught:
                error = caught
            took = time.monotonic() - ended[0]
            assert took < _AT_ONCE + measure_lateness()
            thread.join()
    assert type(error) is {"close": type(None), "cancel": Cancelled, "client": RequestError}[way]
    assert got == ([b"x"] if way == "close" else [])
    transport: Any = client._transport
    assert (transport._pool.busy, transport._busy) == (0, set())


@_THREADS
def test_a_stream_with_a_handle_that_is_set_sends_nothing(face: Face, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    cancel = Cancel()
    cancel.set()
    with Consul(server.url) as client, pytest.raises(Cancelled) as caught, client.open(BYTES, cancel=cancel):
        pass
    assert caught.value.maybe_applied is False
    assert server.requests == []


@_TASKS
@pytest.mark.parametrize("way", ["close", "cancel", "client"])
def test_another_task_ends_a_stream_that_waits(face: Face, way: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), _HEAD, Send(b"1\r\nx\r\n"), Hang()])

    async def main() -> None:
        async with AsyncConsul(server.url, timeout=60) as client:
            got: list[bytes] = []
            errors: list[Exception] = []
            ended = anyio.Event()

            async def read(scope: anyio.CancelScope) -> None:
                with scope:
                    try:
                        async with client.open(BYTES) as events:
                            opened.append(events)
                            async for piece in events:
                                got.append(piece)
                    except RequestError as error:
                        errors.append(error)
                ended.set()

            opened: list[Any] = []
            scope = anyio.CancelScope()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read, scope)
                with anyio.fail_after(10):
                    while not got:  # noqa: ASYNC110 - the test itself adds to it
                        await anyio.sleep(0.005)
                await anyio.sleep(0.05)
                begun = time.monotonic()
                if way == "client":
                    await client.close()
                else:
                    {"close": lambda: opened[0].close(), "cancel": scope.cancel}[way]()
                await ended.wait()
                took = time.monotonic() - begun
                assert took < _AT_ONCE + measure_lateness()
            assert got == [b"x"]
            assert [type(error) for error in errors] == ([RequestError] if way == "client" else [])
            assert scope.cancelled_caught is (way == "cancel")
        transport: Any = client._transport
        assert (transport._pool.busy, transport._busy) == (0, set())

    anyio.run(main, backend=face.backend or "asyncio")


@on_every_face
def test_a_stream_counts_as_a_blocking_query(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), *stream(1 << 40, piece=1000, interval=0.01)], [ReadRequest(), Send(DONE), *HEALTHY])

    async def scenario(client: Any) -> None:
        async with aclosing(events_of(client, BYTES)) as pieces:  # type: ignore[type-var] # a generator
            await anext(pieces)
            assert await client.kv.put("k", "v") is True
            error = await outcome(_read(client, timeout=0.1))
            assert type(error) is RequestTimeout
            assert error.maybe_applied is False
            assert "Limits" in str(error)

    face.run(scenario, server.url, timeout=10, limits=Limits(connections=1, blocking=1))


@on_every_face
@pytest.mark.parametrize("framing", ["chunks", "length"])
def test_a_long_stream_takes_constant_memory(face: Face, framing: Framing, serve: Serve) -> None:
    """The same with 64 MiB as `scripts/streams` does with 1 GB."""
    size = 64 << 20
    server = serve(face, [ReadRequest(), *stream(size, framing)])

    async def scenario(client: Any) -> None:
        received = 0
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            async for piece in events_of(client, BYTES):
                received += len(piece)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert received == size
        assert peak - before < 8 << 20

    face.run(scenario, server.url, timeout=30)


def test_a_stream_must_be_opened_in_a_with_block() -> None:
    client = Consul("http://127.0.0.1:1")
    events = client.open(BYTES)
    assert repr(events) == "<ThreadEvents of test.bytes>"
    with pytest.raises(RuntimeError, match="with"):
        next(iter(events))
