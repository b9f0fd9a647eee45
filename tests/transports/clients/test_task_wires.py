"""The three kinds of connected sockets for tasks: sending, receiving, time limits and cancelling are the same for each."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import pytest
import trio

from transports.clients.asyncio_wire import AsyncioWire
from transports.clients.loops import LoopGuard
from transports.clients.task_wires import AnyioWire, TaskWire
from transports.clients.trio_wire import TrioWire

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

NEVER = float("inf")

Scenario = Callable[[TaskWire, socket.socket], Awaitable[T]]

Run = Callable[[Scenario[None]], None]


@contextmanager
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, other = socket.socketpair()
    with ours, other:
        ours.setblocking(False)
        yield ours, other


def _like(wire: TaskWire, sock: socket.socket) -> TaskWire:
    if isinstance(wire, AsyncioWire):
        return AsyncioWire(sock, wire.loop)
    return TrioWire(sock) if isinstance(wire, TrioWire) else AnyioWire(sock)


def _run(backend: str, kind: str, scenario: Scenario[None]) -> None:
    async def main() -> None:
        guard = LoopGuard()
        guard.check()
        with _pair() as (ours, other):
            wire = AnyioWire(ours) if kind == "anyio" else guard.wire(ours)
            assert type(wire).__name__.lower() == f"{kind}wire"
            await scenario(wire, other)
            wire.release()

    anyio.run(main, backend=backend)


@pytest.fixture(params=["asyncio-asyncio", "asyncio-anyio", "trio-trio", "trio-anyio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return what runs a scenario in an event loop, with a wire of one kind and the other end of its connection."""
    backend, _, kind = request.param.partition("-")
    return partial(_run, backend, kind)


def test_bytes_come_as_they_arrive(run: Run) -> None:
    async def scenario(wire: TaskWire, other: socket.socket) -> None:
        for number in range(3):
            await wire.send(b"%d?" % number, NEVER)
            assert other.recv(100) == b"%d?" % number
            other.sendall(b"%d!" % number)
            assert await wire.receive(anyio.current_time() + 30) == b"%d!" % number
        other.close()
        assert await wire.receive(NEVER) == b""

    run(scenario)


@pytest.mark.parametrize("limits", [(0.05,), (30, 0.05), (NEVER, 0.05), (0.05, 0.05)], ids=str)
def test_a_wait_ends_at_its_limit(limits: tuple[float, ...], run: Run) -> None:
    """The last wait gets no bytes; the others do."""

    async def scenario(wire: TaskWire, other: socket.socket) -> None:
        for limit in limits[:-1]:
            other.sendall(b"x")
            assert await wire.receive(anyio.current_time() + limit) == b"x"
        due = anyio.current_time() + limits[-1]
        with pytest.raises(TimeoutError):
            await wire.receive(due)
        assert anyio.current_time() >= due - 0.001  # the resolution of asyncio's clock
        other.sendall(b"late")
        assert await wire.receive(NEVER) == b"late"

    run(scenario)


def test_a_limit_that_is_over_ends_the_wait_at_once(run: Run) -> None:
    async def scenario(wire: TaskWire, _other: socket.socket) -> None:
        with anyio.fail_after(5), pytest.raises(TimeoutError):
            await wire.receive(anyio.current_time() - 1)

    run(scenario)


def test_each_wait_has_its_own_limit(run: Run) -> None:
    async def scenario(wire: TaskWire, _other: socket.socket) -> None:
        ended: list[str] = []

        async def wait(name: str, waits: TaskWire, seconds: float) -> None:
            with pytest.raises(TimeoutError):
                await waits.receive(anyio.current_time() + seconds)
            ended.append(name)

        with _pair() as (ours, _), _pair() as (more, _):
            others = _like(wire, ours), _like(wire, more)
            async with anyio.create_task_group() as group:
                group.start_soon(wait, "third", wire, 0.15)
                group.start_soon(wait, "second", others[0], 0.1)
                group.start_soon(wait, "first", others[1], 0.05)
            for each in others:
                each.release()
        assert ended == ["first", "second", "third"]

    run(scenario)


def test_a_send_waits_for_room(run: Run) -> None:
    data = b"d" * 4_000_000

    async def scenario(wire: TaskWire, other: socket.socket) -> None:
        async def read() -> int:
            received = 0
            while received < len(data):
                received += len(await anyio.to_thread.run_sync(other.recv, 1 << 20))
            return received

        async with anyio.create_task_group() as group:
            group.start_soon(wire.send, data, anyio.current_time() + 30)
            assert await read() == len(data)

    run(scenario)


def test_a_send_without_room_ends_at_its_limit(run: Run) -> None:
    async def scenario(wire: TaskWire, _other: socket.socket) -> None:
        with pytest.raises(TimeoutError):
            await wire.send(b"d" * 4_000_000, anyio.current_time() + 0.05)

    run(scenario)


def test_a_wait_can_be_cancelled(run: Run) -> None:
    async def scenario(wire: TaskWire, other: socket.socket) -> None:
        with anyio.move_on_after(0.02) as scope:
            await wire.receive(anyio.current_time() + 30)
        assert scope.cancelled_caught
        other.sendall(b"later")
        assert await wire.receive(anyio.current_time() + 30) == b"later"

    run(scenario)


def test_the_runs_of_trio_have_their_own_limits() -> None:
    async def main() -> None:
        with _pair() as (ours, _):
            wire = TrioWire(ours)
            with pytest.raises(TimeoutError):
                await wire.receive(trio.current_time() + 0.02)

    trio.run(main)
    trio.run(main)


def test_one_task_of_the_system_serves_all_connections_of_a_run() -> None:
    async def main() -> None:
        before = trio.lowlevel.current_statistics().tasks_living
        with _pair() as (ours, other), _pair() as (more, _):
            wires = TrioWire(ours), TrioWire(more)
            other.sendall(b"x")
            await wires[0].receive(trio.current_time() + 30)
            assert trio.lowlevel.current_statistics().tasks_living == before + 1

    trio.run(main)
