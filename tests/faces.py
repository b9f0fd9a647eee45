"""All kinds of clients, and a way to run the same scenario on each. A scenario is a coroutine function that awaits the calls of a client:

async def scenario(client: Any) -> None:
    assert await client.kv.get("k") == "v"
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import pytest

from consulate import AsyncConsul, Consul, adapters
from consulate.adapters import Adapter

T = TypeVar("T")

Scenario = Callable[[Any], Coroutine[Any, Any, T]]


#: Methods whose results are blocks, which no face awaits.
_BLOCKS = ("lock", "semaphore", "election", "keep", "attempt", "observe", "campaign")


class AwaitableBlock:
    """A wrapper of a block, such as a lock, or of what the block gets: `async with`, `async for` and `await`, for threads."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name in _BLOCKS:
            return lambda *args, **kwargs: AwaitableBlock(value(*args, **kwargs))
        if name == "lost":
            return AwaitableBlock(value)
        if name not in ("wait", "release", "leader"):
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            return value(*args, **kwargs)

        return call

    async def __aenter__(self) -> Any:
        given = self._target.__enter__()
        return None if given is None else AwaitableBlock(given)

    async def __aexit__(self, *error: Any) -> bool:
        return bool(self._target.__exit__(*error))

    def __aiter__(self) -> AwaitableBlock:
        return self

    async def __anext__(self) -> Any:
        try:
            found = next(self._target)
        except StopIteration:
            raise StopAsyncIteration from None
        return AwaitableBlock(found) if hasattr(found, "lost") else found


class AwaitableClient:
    """A wrapper of a client for threads. Its calls can be awaited; each is carried out before the await."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name == "ops":
            return value
        if name == "using":
            return lambda **options: AwaitableClient(value(**options))
        if not callable(value):
            return AwaitableClient(value) if hasattr(value, "_run") else value
        if name in _BLOCKS:
            return lambda *args, **kwargs: AwaitableBlock(value(*args, **kwargs))

        async def call(*args: Any, **kwargs: Any) -> Any:
            return value(*args, **kwargs)

        return call


@dataclass(frozen=True)
class Face:
    """A kind of client: for threads if `backend` is None, otherwise for tasks; over a UNIX socket or TCP.

    adapter: the adapter, where it is not the usual one for the address.
    """

    name: str
    backend: str | None
    unix: bool
    adapter: type[Adapter] | None = None

    def __str__(self) -> str:
        return self.name

    def run(self, scenario: Scenario[T], *address: Any, **options: Any) -> T:
        """Make a client with these arguments, run the scenario on it, and close it."""
        if self.adapter is not None and "transport" not in options:
            options["adapter"] = self.adapter
        if self.backend is None:
            with closing(Consul(*address, **options)) as client:
                return run_sync(scenario(AwaitableClient(client)))

        async def main() -> T:
            async with AsyncConsul(*address, **options) as client:
                return await scenario(client)

        return anyio.run(main, backend=self.backend)


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("a call of a client for threads did not finish")


URLLIB3 = Face("urllib3", None, unix=False)
SOCKET = Face("socket", None, unix=False, adapter=adapters.SocketRequest)
UNIX = Face("unix", None, unix=True)
ASYNCIO = Face("asyncio", "asyncio", unix=False)
TRIO = Face("trio", "trio", unix=False)
ASYNCIO_UNIX = Face("asyncio-unix", "asyncio", unix=True)
TRIO_UNIX = Face("trio-unix", "trio", unix=True)

ALL = (URLLIB3, SOCKET, UNIX, ASYNCIO, TRIO, ASYNCIO_UNIX, TRIO_UNIX)
OVER_TCP = tuple(face for face in ALL if not face.unix)

on_every_face = pytest.mark.parametrize("face", ALL, ids=str)
on_every_tcp_face = pytest.mark.parametrize("face", OVER_TCP, ids=str)


async def outcome(call: Awaitable[Any]) -> Any:
    """Return the value of a call, or the exception that it raises."""
    try:
        return await call
    except Exception as error:
        return error


def wait_until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a condition holds. Fail after this many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.002)


def measure_lateness() -> float:
    """Return how late a thread wakes on this machine, in seconds: the worst of ten. On a quiet machine, it is less than a millisecond."""
    worst = 0.0
    for _ in range(10):
        woken, ended = threading.Event(), threading.Event()
        times: list[float] = []

        def wait(woken: threading.Event = woken, ended: threading.Event = ended, times: list[float] = times) -> None:
            woken.wait()
            times.append(time.monotonic())
            ended.set()

        threading.Thread(target=wait).start()
        begun = time.monotonic()
        woken.set()
        ended.wait()
        worst = max(worst, times[0] - begun)
    return worst
