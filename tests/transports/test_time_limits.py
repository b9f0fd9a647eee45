"""`timeout` limits the whole call: sending, waiting for a connection, retries. A blocking query adds its wait, and delays no other call."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul, Limits
from consulate.exceptions import ClientError, RequestError, RequestTimeout
from tests.faces import ASYNCIO, TRIO, UNIX, URLLIB3, Face, on_every_face, outcome
from tests.fakes.faults import FAULTS, GOOD, HEALTHY
from tests.fakes.raw_server import Hang, Pause, ReadRequest, Repeat, Send, SetEvent, Step, WaitFor, answer
from tests.transports.conftest import Serve

#: A value that is larger than any socket buffer.
_LARGE = b"x" * 30_000_000


@on_every_face
def test_a_server_that_does_not_read_a_large_body(face: Face, serve: Serve) -> None:
    server = serve(face, [Hang()], HEALTHY)

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.put("k", _LARGE))
        assert time.monotonic() - begun < 2
        assert type(error) is RequestTimeout
        assert error.maybe_applied is True
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=0.5)


@on_every_face
def test_a_server_that_refuses_a_large_body_without_reading_it(face: Face, serve: Serve) -> None:
    """The client uses the answer, although it could not send the whole request."""
    refusal = answer(413, b"Request body too large, max size: 524288 bytes.", [("Connection", "close")])
    server = serve(face, [Send(refusal), Pause(0.2)], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", _LARGE))
        assert isinstance(error, ClientError | RequestError)
        if isinstance(error, ClientError):
            assert (error.status, error.maybe_applied) == (413, False)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=3)


@on_every_face
def test_using_sets_the_time_limit(face: Face, serve: Serve) -> None:
    server = serve(face, FAULTS["never answers"], FAULTS["body dripped"], HEALTHY)

    async def scenario(client: Any) -> None:
        for _ in range(2):
            begun = time.monotonic()
            assert type(await outcome(client.using(timeout=0.2).kv.get("k"))) is RequestTimeout
            assert time.monotonic() - begun < 1.5
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=60)


_OK_CHUNKED = Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

#: Answers that never end. Each single read is fast.
ENDLESS: dict[str, tuple[Step, ...]] = {
    "interim answers": (ReadRequest(), Repeat((Send(b"HTTP/1.1 100 Continue\r\n\r\n"), Pause(0.002)))),
    "a header": (ReadRequest(), Send(b"HTTP/1.1 200 OK\r\nX-Long: "), Repeat((Send(b"x" * 100), Pause(0.002)))),
    "a body": (ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\n"), Repeat((Send(b"x" * 100), Pause(0.002)))),
    "chunks": (ReadRequest(), _OK_CHUNKED, Repeat((Send(b"5\r\nhello\r\n"), Pause(0.002)))),
    "trailers": (ReadRequest(), _OK_CHUNKED, Send(b"0\r\n"), Repeat((Send(b"X-Trailer: x\r\n"), Pause(0.002)))),
}


@on_every_face
@pytest.mark.parametrize("endless", ENDLESS)
def test_an_endless_answer_ends_at_the_time_limit(face: Face, endless: str, serve: Serve) -> None:
    server = serve(face, ENDLESS[endless], HEALTHY)

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.using(timeout=0.2).kv.put("k", "w"))
        assert time.monotonic() - begun < 2
        assert type(error) is RequestTimeout
        assert error.maybe_applied is True
        assert len(server.requests) == 1
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=5)


@on_every_face
def test_no_limit(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Pause(0.2), Send(GOOD)])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=None)


@on_every_face
def test_a_blocking_query_adds_its_wait_to_the_time_limit(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Pause(0.5), Send(GOOD), ReadRequest(), Hang()])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k", index=1, wait="1s") == "v"
        begun = time.monotonic()
        assert type(await outcome(client.kv.get("k", index=1, wait=0.2))) is RequestTimeout
        assert 0.4 < time.monotonic() - begun < 3
        assert [request.target for request in server.requests] == ["/v1/kv/k?index=1&wait=1s", "/v1/kv/k?index=1&wait=200ms"]

    face.run(scenario, server.url, timeout=0.2)


_ONE = Limits(connections=1, blocking=1)


@pytest.mark.parametrize("face", [URLLIB3, UNIX], ids=str)
def test_a_thread_waits_for_a_connection_until_its_time_limit(face: Face, serve: Serve) -> None:
    taken, done = threading.Event(), threading.Event()
    server = serve(face, [ReadRequest(), SetEvent(taken), WaitFor(done), Send(GOOD), *HEALTHY])
    with Consul(server.url, limits=_ONE, timeout=20) as client:
        thread = threading.Thread(target=client.kv.get, args=("k",))
        thread.start()
        assert taken.wait(10)
        with pytest.raises(RequestTimeout, match="all connections of the client were in use until the time limit") as raised:
            client.using(timeout=0.2).kv.put("k", "v")
        assert raised.value.maybe_applied is False
        done.set()
        assert client.kv.get("k") == "v"
        thread.join()
        assert server.connections == 1


@pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)
def test_a_task_waits_for_a_connection_until_its_time_limit(face: Face, serve: Serve) -> None:
    taken, done = threading.Event(), threading.Event()
    server = serve(face, [ReadRequest(), SetEvent(taken), WaitFor(done), Send(GOOD), *HEALTHY])

    async def main() -> None:
        async with AsyncConsul(server.url, limits=_ONE, timeout=20) as client, anyio.create_task_group() as group:
            group.start_soon(client.kv.get, "k")
            await anyio.to_thread.run_sync(taken.wait)
            with pytest.raises(RequestTimeout, match="all connections of the client were in use until the time limit") as raised:
                await client.using(timeout=0.2).kv.put("k", "v")
            assert raised.value.maybe_applied is False
            done.set()
            assert await client.kv.get("k") == "v"
        assert server.connections == 1

    anyio.run(main, backend=face.backend or "")


@pytest.mark.parametrize("face", [URLLIB3, UNIX], ids=str)
def test_a_blocking_query_of_a_thread_delays_no_write_and_ends_when_the_client_closes(face: Face, serve: Serve) -> None:
    blocked = threading.Event()
    server = serve(face, [ReadRequest(), SetEvent(blocked), Hang()], [ReadRequest(), Send(answer(200, b"true"))])
    failures: list[Exception] = []

    def block(client: Consul) -> None:
        try:
            client.kv.get("k", index=1, wait="5m")
        except RequestError as error:
            failures.append(error)

    with Consul(server.url, limits=_ONE, timeout=20) as client:
        thread = threading.Thread(target=block, args=(client,))
        thread.start()
        assert blocked.wait(10)
        assert client.kv.put("k", "v")
    thread.join(10)
    assert not thread.is_alive()
    assert len(failures) == 1


@pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)
def test_a_blocking_query_of_a_task_delays_no_write_and_ends_when_the_client_closes(face: Face, serve: Serve) -> None:
    blocked = threading.Event()
    server = serve(face, [ReadRequest(), SetEvent(blocked), Hang()], [ReadRequest(), Send(answer(200, b"true"))])
    failures: list[Exception] = []

    async def block(client: AsyncConsul) -> None:
        try:
            await client.kv.get("k", index=1, wait="5m")
        except RequestError as error:
            failures.append(error)

    async def main() -> None:
        with anyio.fail_after(15):
            async with anyio.create_task_group() as group, AsyncConsul(server.url, limits=_ONE, timeout=20) as client:
                group.start_soon(block, client)
                await anyio.to_thread.run_sync(blocked.wait)
                assert await client.kv.put("k", "v")
        assert len(failures) == 1

    anyio.run(main, backend=face.backend or "")
