"""A holder whose packets are swallowed, or whose process stops, knows of its loss in time."""

# ruff: noqa: PT012 - a block raises when it ends

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from consul_proto.simulator import Simulator
from consulate import AsyncConsul, Consul
from consulate.exceptions import LockLost
from tests.faces import measure_lateness, wait_until
from tests.recipes.served import Proxy, serve_simulator

TTL = 1.0

_ROOT = Path(__file__).parent.parent.parent

on_each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def between(stack: ExitStack) -> tuple[str, Simulator, Proxy]:
    """Return the address of an agent, the agent, and a proxy in front of it."""
    url, simulator = stack.enter_context(serve_simulator())
    address = urlsplit(url)
    return url, simulator, stack.enter_context(Proxy(str(address.hostname), int(address.port or 0)))


def test_threads_know_within_the_ttl() -> None:
    with ExitStack() as stack:
        _, _, proxy = between(stack)
        consul = stack.enter_context(Consul(proxy.url))
        called: list[float] = []
        late = measure_lateness()
        lock = consul.lock("k", ttl=TTL, on_loss=lambda _held: called.append(monotonic()))
        with pytest.raises(LockLost, match="not renewed within its TTL"), lock as held:
            assert not held.lost.wait(TTL * 2)
            proxy.swallow()
            began = monotonic()
            assert held.lost.wait(TTL * 3)
            known = monotonic() - began
        ended = monotonic() - began
        assert TTL / 4 < known < TTL + 0.1 + late
        assert ended < TTL + 1.1 + late, "after a loss, the block waits only a moment for what cannot be reached"
        wait_until(lambda: called)
        assert called[0] - began < TTL + 0.1 + late


@on_each_backend
def test_tasks_know_within_the_ttl(backend: str) -> None:
    async def main(proxy: Proxy) -> tuple[float, float]:
        async with AsyncConsul(proxy.url) as consul:
            try:
                async with consul.lock("k", ttl=TTL, cancel_on_loss=True) as held:
                    assert not await held.lost.wait(TTL * 2)
                    proxy.swallow()
                    began = monotonic()
                    try:
                        await anyio.sleep(TTL * 3)
                    finally:
                        known = monotonic() - began
            except LockLost:
                return known, monotonic() - began
            raise AssertionError("the lock was lost")

    with ExitStack() as stack:
        _, _, proxy = between(stack)
        late = measure_lateness()
        known, ended = anyio.run(main, proxy, backend=backend)
        assert TTL / 4 < known < TTL + 0.1 + late
        assert ended < TTL * 2 + 0.1 + late, "cleaning up is bounded"


@on_each_backend
def test_a_cancelled_block_cleans_up_in_bounded_time(backend: str) -> None:
    async def main(proxy: Proxy) -> float:
        async with AsyncConsul(proxy.url) as consul:
            with anyio.CancelScope() as scope:
                async with consul.lock("k", ttl=TTL):
                    proxy.swallow()
                    scope.cancel()
                    began = monotonic()
                    await anyio.sleep(10)
            assert scope.cancelled_caught
            return monotonic() - began

    with ExitStack() as stack:
        _, _, proxy = between(stack)
        late = measure_lateness()
        assert anyio.run(main, proxy, backend=backend) < TTL + 0.1 + late


def test_release_takes_a_bounded_time() -> None:
    with ExitStack() as stack:
        _, simulator, proxy = between(stack)
        consul = stack.enter_context(Consul(proxy.url))
        late = measure_lateness()
        held: Any = consul.lock("k", ttl=TTL).acquire()
        proxy.swallow()
        began = monotonic()
        held.release()
        assert monotonic() - began < TTL + 0.1 + late
        assert simulator._groups.sessions.sessions, "the session ends by itself"


def run_program(*arguments: str) -> str:
    command = [
        sys.executable,
        "-W",
        "error",
        "-W",
        "ignore:This process:DeprecationWarning",
        "-m",
        "tests.recipes.lock_program",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=_ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("kind", ["threads", "asyncio", "trio"])
def test_a_stopped_process_sees_its_loss_first(kind: str) -> None:
    with serve_simulator() as (url, _):
        assert run_program("stop", kind, url, str(TTL)).split() == ["held", "lost", "LockLost"]


def test_in_a_forked_child_nothing_is_held_or_sent() -> None:
    with serve_simulator() as (url, simulator):
        said = run_program("fork", "threads", url, "5").split()
        assert said == ["child:lost", "child:LockLost", "child:fresh", "parent:held", "parent:done"]
        assert simulator._groups.sessions.sessions == {}
