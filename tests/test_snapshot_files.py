"""Snapshots in files: a file appears only when it is whole and right, and nothing is left behind otherwise."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from consul_proto.message import Request, Response, StreamedBody
from consulate import AsyncConsul, Consul
from consulate.exceptions import DecodeError, Forbidden, RequestError, RequestTimeout, UnreadableBody
from consulate.testing import ConsulAgent
from tests.faces import ASYNCIO, TRIO, URLLIB3, AwaitableClient, Face, outcome
from tests.fakes.raw_server import Close, Hang, RawServer, ReadRequest, Send, SetEvent, answer
from tests.proto.golden.snapshot import ARCHIVE
from transports.memory import AsyncMemoryTransport, MemoryTransport

_FACES = pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=str)

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ARCHIVE)


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CONSUL_")]:
        monkeypatch.delenv(name)


def _in_memory(face: Face, handle: Callable[[Request], Response], scenario: Callable[[Any], Any]) -> None:
    """Run a scenario on a client that a function answers."""
    memory: Any = (MemoryTransport if face.backend is None else AsyncMemoryTransport)(handle)
    face.run(scenario, transport=memory)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@_FACES
def test_a_whole_snapshot(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "state.snap"
    path.write_bytes(b"an older one")

    async def scenario(client: Any) -> None:
        assert (await client.snapshot.save(path))["Index"] == 19
        assert (await client.snapshot.save(str(tmp_path / "other.snap"), datacenter="dc1"))["Size"] == 5

    _in_memory(face, lambda _: Response(200, body=ARCHIVE), scenario)
    assert path.read_bytes() == ARCHIVE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "a snapshot contains secrets"
    assert _names(tmp_path) == ["other.snap", "state.snap"]


@_FACES
@pytest.mark.parametrize("body", [b"", ARCHIVE[:-1], ARCHIVE[:100], ARCHIVE + b"!", b"<html></html>"])
def test_a_broken_snapshot_leaves_nothing(face: Face, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "kept.snap").write_bytes(b"an older one")

    async def scenario(client: Any) -> None:
        for name in ("state.snap", "kept.snap"):
            error = await outcome(client.snapshot.save(tmp_path / name))
            assert type(error) is DecodeError
            assert str(error).startswith("GET /v1/snapshot: the snapshot ")

    _in_memory(face, lambda _: Response(200, body=body), scenario)
    assert _names(tmp_path) == ["kept.snap"]
    assert (tmp_path / "kept.snap").read_bytes() == b"an older one"


@_FACES
def test_a_refusal_leaves_nothing(face: Face, tmp_path: Path) -> None:
    async def scenario(client: Any) -> None:
        assert type(await outcome(client.snapshot.save(tmp_path / "state.snap"))) is Forbidden

    _in_memory(face, lambda _: Response(403, body=b"Permission denied"), scenario)
    assert _names(tmp_path) == []


@_FACES
@pytest.mark.parametrize("end", [Close(), Hang()], ids=["cut off", "silent"])
def test_a_connection_that_ends_early_leaves_nothing(face: Face, tmp_path: Path, end: Any) -> None:
    with RawServer([ReadRequest(), Send(_HEAD + ARCHIVE[:100]), end]) as server:

        async def scenario(client: Any) -> None:
            error = await outcome(client.snapshot.save(tmp_path / "state.snap"))
            assert type(error) is (RequestError if isinstance(end, Close) else RequestTimeout)

        face.run(scenario, server.url, timeout=0.5)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("face", [ASYNCIO, TRIO], ids=str)
def test_a_cancelled_save_leaves_nothing(face: Face, tmp_path: Path) -> None:
    waits = threading.Event()
    with RawServer([ReadRequest(), Send(_HEAD + ARCHIVE[:100]), SetEvent(waits), Hang()]) as server:

        async def main() -> None:
            async with AsyncConsul(server.url) as client, anyio.create_task_group() as tasks:
                tasks.start_soon(client.snapshot.save, tmp_path / "state.snap")
                await anyio.to_thread.run_sync(waits.wait, 10)
                assert len(_names(tmp_path)) == 1
                begun = time.monotonic()
                tasks.cancel_scope.cancel()
            assert time.monotonic() - begun < 1

        anyio.run(main, backend=face.backend or "")
    assert _names(tmp_path) == []


def test_a_task_of_asyncio_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    """asyncio cancels even a task that waits for a thread."""
    waits = threading.Event()
    with RawServer([ReadRequest(), Send(_HEAD + ARCHIVE[:100]), SetEvent(waits), Hang()]) as server:

        async def main() -> None:
            async with AsyncConsul(server.url) as client:
                for pause in range(12):
                    waits.clear()
                    task = asyncio.create_task(client.snapshot.save(tmp_path / "state.snap"))
                    for _ in range(pause):
                        await asyncio.sleep(0)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                    await asyncio.to_thread(lambda: None)

        asyncio.run(main())
    assert _names(tmp_path) == []


def test_closing_the_client_leaves_nothing(tmp_path: Path) -> None:
    waits = threading.Event()
    with RawServer([ReadRequest(), Send(_HEAD + ARCHIVE[:100]), SetEvent(waits), Hang()]) as server, Consul(server.url) as client:

        def close() -> None:
            waits.wait(10)
            client.close()

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(RequestError):
            client.snapshot.save(tmp_path / "state.snap")
        thread.join()
    assert _names(tmp_path) == []


class _Raw(io.RawIOBase):
    """A file that takes a few bytes at once, as a pipe may."""

    def __init__(self) -> None:
        self.got = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.got += bytes(data[:7])
        return min(len(data), 7)


@_FACES
def test_an_open_file(face: Face, tmp_path: Path) -> None:
    raw, buffer = _Raw(), io.BytesIO()

    async def scenario(client: Any) -> None:
        assert (await client.snapshot.save(raw))["Index"] == 19
        assert (await client.snapshot.save(buffer))["Index"] == 19

    _in_memory(face, lambda _: Response(200, body=ARCHIVE), scenario)
    assert raw.got == buffer.getvalue() == ARCHIVE


@_FACES
def test_an_open_file_gets_what_came_and_the_call_says_that_it_is_wrong(face: Face) -> None:
    buffer = io.BytesIO()

    async def scenario(client: Any) -> None:
        assert type(await outcome(client.snapshot.save(buffer))) is DecodeError

    _in_memory(face, lambda _: Response(200, body=ARCHIVE[:-1]), scenario)
    assert buffer.getvalue() == ARCHIVE[:-1]


class _Full(io.RawIOBase):
    def write(self, _data: Any) -> int:
        raise OSError("no space left")


@_FACES
def test_an_error_of_the_file_is_its_own(face: Face, tmp_path: Path) -> None:
    async def scenario(client: Any) -> None:
        assert str(await outcome(client.snapshot.save(_Full()))) == "no space left"
        assert type(await outcome(client.snapshot.save(tmp_path / "no folder" / "state.snap"))) is FileNotFoundError
        error = await outcome(client.snapshot.save(tmp_path))
        assert isinstance(error, OSError)
        assert "not a regular file: open it, and give the open file" in str(error)

    _in_memory(face, lambda _: Response(200, body=ARCHIVE), scenario)
    assert _names(tmp_path) == []


@_FACES
def test_wrong_arguments_raise_before_anything_is_sent(face: Face, tmp_path: Path) -> None:
    sent: list[Request] = []

    def handle(request: Request) -> Response:
        sent.append(request)
        return Response(200)

    client: Any = AsyncConsul(transport=AsyncMemoryTransport(handle)) if face.backend else Consul(transport=MemoryTransport(handle))
    for target in (7, None, io.StringIO(), b"path", object()):
        with pytest.raises(TypeError, match=r"^snapshot\.save\(\): file must be a path or a binary file"):
            client.snapshot.save(target)
    for archive in (7, None, io.StringIO(), object()):
        with pytest.raises(TypeError, match=r"^snapshot\.restore\(\): archive must be a path, a binary file"):
            client.snapshot.restore(archive)
    for call in (client.snapshot.save, client.snapshot.restore):
        with pytest.raises(TypeError, match="unexpected keyword argument 'dc'; did you mean 'datacenter'"):
            call(tmp_path / "state.snap", dc="dc1")
    assert sent == []
    assert _names(tmp_path) == []


@_FACES
def test_restoring_from_anything(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "state.snap"
    path.write_bytes(ARCHIVE)
    sent: list[tuple[bytes | None, str]] = []

    def handle(request: Request) -> Response:
        sent.append((request.read_body(), request.target))
        return Response(200)

    async def scenario(client: Any) -> None:
        buffer = io.BytesIO(b"before" + ARCHIVE)
        buffer.seek(6)
        for archive in (path, str(path), buffer, ARCHIVE, StreamedBody(lambda: [ARCHIVE], len(ARCHIVE))):
            assert await client.snapshot.restore(archive, datacenter="dc2") is True
        with path.open("rb") as file:
            assert await client.snapshot.restore(file, datacenter="dc2") is True

    _in_memory(face, handle, scenario)
    assert sent == [(ARCHIVE, "/v1/snapshot?dc=dc2")] * 6


class _Pipe(io.RawIOBase):
    def readable(self) -> bool:
        return True


@_FACES
def test_what_cannot_be_restored_from(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "state.snap"
    path.write_bytes(ARCHIVE)

    def handle(request: Request) -> Response:
        path.write_bytes(ARCHIVE[:-3])
        request.read_body()
        return Response(200)

    async def scenario(client: Any) -> None:
        assert type(await outcome(client.snapshot.restore(tmp_path / "nothing.snap"))) is FileNotFoundError
        assert isinstance(await outcome(client.snapshot.restore(tmp_path)), OSError)
        error = await outcome(client.snapshot.restore(_Pipe()))
        assert type(error) is ValueError
        assert "must be seekable" in str(error)
        error = await outcome(client.snapshot.restore(path))
        assert type(error) is UnreadableBody
        assert f"must have {len(ARCHIVE)} bytes, but has {len(ARCHIVE) - 3}; did its file change?" in str(error)

    _in_memory(face, handle, scenario)


@_FACES
def test_saved_and_restored(face: Face, tmp_path: Path) -> None:
    agent = ConsulAgent()

    async def scenario(client: Any) -> None:
        await client.kv.put("k", "old")
        await client.snapshot.save(tmp_path / "state.snap")
        await client.kv.put("k", "new")
        await client.snapshot.restore(tmp_path / "state.snap")
        assert await client.kv.get("k") == "old"

    if face.backend is None:
        coroutine = scenario(AwaitableClient(agent.client()))
        with pytest.raises(StopIteration):
            coroutine.send(None)
    else:

        async def main() -> None:
            async with agent.async_client() as client:
                await scenario(client)

        anyio.run(main, backend=face.backend)


def test_the_answer_of_a_restore_that_is_refused() -> None:
    with RawServer([ReadRequest(), Send(answer(500, b"failed to decompress snapshot: EOF"))]) as server, Consul(server.url) as client:
        with pytest.raises(Exception, match="500 failed to decompress snapshot: EOF"):
            client.snapshot.restore(b"")
        assert server.requests[0].body == b""
