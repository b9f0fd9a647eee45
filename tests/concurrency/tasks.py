"""For tests of tasks: count the tasks of an event loop, and cancel a call at exactly its n-th wait."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

import anyio
import sniffio
import trio

from consulate import AsyncConsul
from tests.concurrency.echo_server import EchoServer
from transports.clients.async_anyio import AnyioTransport
from transports.clients.trio_wire import LIMITS_TASK

T = TypeVar("T")


def transport_of(consul: AsyncConsul) -> AnyioTransport:
    return cast(AnyioTransport, consul._transport)


def _count_below(task: trio.lowlevel.Task) -> int:
    below = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return sum(1 + _count_below(child) for child in below if child.name != LIMITS_TASK)


def count_tasks() -> int:
    """Return the number of tasks in the running event loop, without the one with which all clients watch their time limits on trio."""
    if sniffio.current_async_library() == "trio":
        root = trio.lowlevel.current_root_task()
        return 0 if root is None else _count_below(root)
    return len(asyncio.all_tasks())


async def until(server: EchoServer, holds: Callable[[EchoServer], bool]) -> None:
    """Wait until a condition of the server holds, without a thread, because trio keeps its threads for a while. Raises TimeoutError."""
    with anyio.fail_after(30):
        while not holds(server):  # noqa: ASYNC110 - what changes is in another thread
            await anyio.sleep(0.001)


class Steps:
    """Runs a coroutine, and calls `act` at its n-th wait, just before the event loop sees that wait."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self._number = number
        self._taken = 0
        self._act = act

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns."""
        return await self._run(coroutine)

    @types.coroutine
    def _run(self, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        answer: Any = None
        failure: BaseException | None = None
        while True:
            try:
                waits_for = coroutine.send(answer) if failure is None else coroutine.throw(failure)
            except StopIteration as stop:
                return cast(T, stop.value)
            self._taken += 1
            if self._taken == self._number:
                self._act()
            try:
                answer, failure = (yield waits_for), None
            except BaseException as error:
                failure = error
