"""A call that is cancelled at any point closes its connection: no later call can read its answer, and nothing leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count
from random import Random
from statistics import median
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Limits
from consulate.exceptions import RequestTimeout
from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import Behavior, EchoServer, index_of, value_of
from tests.concurrency.leftovers import check_no_server_leaks
from tests.concurrency.mixed_calls import Call, calls
from tests.concurrency.tasks import Steps, count_tasks, transport_of, until

TASKS = 20

#: Over TCP and over UNIX together: 2,000 on each backend.
CANCELLATIONS = 1_000

#: Answers come in pieces, so that calls can be cancelled in the middle of one.
IN_PIECES = Behavior(slow=0.3, delay=0.002, cut=0.5, chunked=0.3, closing=0.02)

LIMITS = Limits(connections=8, blocking=4)


async def _typical_latency(consul: AsyncConsul) -> float:
    taken = []
    for call in calls("typical", 40):
        started = anyio.current_time()
        call.check(await call.start(consul))
        taken.append(anyio.current_time() - started)
    return median(taken)


def _check_pool(consul: AsyncConsul, server: EchoServer) -> None:
    pool = transport_of(consul)._pool
    assert pool.busy == 0
    assert pool.idle <= LIMITS.connections
    assert not transport_of(consul)._busy
    assert not transport_of(consul)._pool.waiting
    assert server.violations == []


def test_cancelled_at_random(serve: Serve, backend: str) -> None:
    server = serve(IN_PIECES, seed=1)
    ended = {True: 0, False: 0}

    async def work(number: int, consul: AsyncConsul, longest: float) -> None:
        random = Random(number)
        cancelled = 0
        for call in calls(f"c{number}", 100 * CANCELLATIONS // TASKS):
            with anyio.move_on_after(random.uniform(0, longest)) as scope:
                call.check(await call.start(consul))
            ended[scope.cancelled_caught] += 1
            cancelled += scope.cancelled_caught
            if cancelled == CANCELLATIONS // TASKS:
                break
            if scope.cancelled_caught:
                after = Call(call.kind, f"after {call.key}")
                after.check(await after.start(consul))

    async def main() -> None:
        async with AsyncConsul(server.address, limits=LIMITS) as consul:
            # 20 tasks take turns on 8 connections, so a call takes longer than one alone.
            longest = 2 * TASKS / LIMITS.connections * await _typical_latency(consul)
            before = count_tasks()
            async with anyio.create_task_group() as group:
                for number in range(TASKS):
                    group.start_soon(work, number, consul, longest)
            assert count_tasks() == before
            _check_pool(consul, server)

    with check_no_server_leaks(server):
        anyio.run(main, backend=backend)
    assert ended[True] == CANCELLATIONS
    assert ended[False] > 0
    assert server.max_busy[False] <= server.accepted


def test_timed_out_at_random(serve: Serve, backend: str) -> None:
    server = serve(IN_PIECES, seed=2)
    ended = {True: 0, False: 0}

    async def work(number: int, consul: AsyncConsul, longest: float) -> None:
        random = Random(number)
        for call in calls(f"c{number}", 20):
            try:
                value = await call.start(consul.using(timeout=random.uniform(1e-6, longest)))
            except RequestTimeout:
                ended[True] += 1
            else:
                call.check(value)
                ended[False] += 1

    async def main() -> None:
        async with AsyncConsul(server.address, limits=LIMITS) as consul:
            longest = 2 * TASKS / LIMITS.connections * await _typical_latency(consul)
            async with anyio.create_task_group() as group:
                for number in range(TASKS):
                    group.start_soon(work, number, consul, longest)
            _check_pool(consul, server)

    with check_no_server_leaks(server):
        anyio.run(main, backend=backend)
    assert ended[True] > 0
    assert sum(ended.values()) == 20 * TASKS


# Calls to cancel at their n-th wait, for every n: the call, its value, and whether the client has a connection before.
Start = Callable[[AsyncConsul, str], Coroutine[Any, Any, Any]]
CASES: dict[str, tuple[Start, Callable[[str], Any], bool]] = {
    "new connection": (lambda consul, key: consul.kv.get(key), value_of, False),
    "connection used again": (lambda consul, key: consul.kv.get(key), value_of, True),
    "write": (lambda consul, key: consul.kv.put(key, value_of(key)), lambda _key: True, True),
    "flow of two requests": (lambda consul, key: consul.kv.set(key, value_of(key)), lambda _key: None, False),
    "blocking query": (lambda consul, key: consul.kv.get(key, index=index_of(key), wait="2ms"), value_of, True),
    "large write": (lambda consul, key: consul.perform(consul.ops.kv.put_many({key: "v" * 380_000})), lambda _key: None, True),
}


#: Runs the coroutine, cancels it at its n-th wait, and returns whether it completed, and its value.
Cancel = Callable[[Coroutine[Any, Any, Any], int], Coroutine[Any, Any, tuple[bool, Any]]]


async def _cancel_at_every_step(server: EchoServer, case: str, cancel: Cancel) -> int:
    """Cancel a call at its first wait, at its second, and so on, until it completes. Return the number of waits."""
    start, expected, connected = CASES[case]
    for number in count(1):
        async with AsyncConsul(server.address, limits=LIMITS) as consul:
            pool = transport_of(consul)._pool
            if connected:
                assert await consul.kv.get(f"before {number}") == value_of(f"before {number}")
                assert pool.idle == 1
            key = f"step {number} of {case}"
            came_through, value = await cancel(start(consul, key), number)
            _check_pool(consul, server)
            for after in range(2):
                assert await consul.kv.get(f"after {number} {after}") == value_of(f"after {number} {after}")
            assert pool.idle == 1
        if came_through:
            assert value == expected(key)
            return number - 1
        assert number < 200
    raise AssertionError


async def _cancel_scope(call: Coroutine[Any, Any, Any], number: int) -> tuple[bool, Any]:
    with anyio.CancelScope() as scope:
        value = await Steps(number, scope.cancel).run(call)
        assert not scope.cancel_called
        return True, value
    return False, None


async def _cancel_task(call: Coroutine[Any, Any, Any], number: int) -> tuple[bool, Any]:
    task = asyncio.create_task(Steps(number, lambda: task.cancel()).run(call))
    await asyncio.wait([task])
    assert task.cancelled() == bool(task.cancelling())
    return not task.cancelled(), None if task.cancelled() else task.result()


#: Every answer comes in two pieces, cut anywhere.
CUT = Behavior(slow=0.0, delay=0.001, cut=1.0, chunked=0.5, closing=0.0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("backend", "cancel"), [("asyncio", _cancel_scope), ("asyncio", _cancel_task), ("trio", _cancel_scope)])
def test_cancelled_at_every_step(serve: Serve, backend: str, cancel: Cancel, case: str) -> None:
    pytest.importorskip(backend)
    server = serve(CUT, seed=3)
    steps: list[int] = []

    async def main() -> None:
        steps.append(await _cancel_at_every_step(server, case, cancel))

    with check_no_server_leaks(server):
        anyio.run(main, backend=backend)
    # A call waits for its answer, and before that for a new connection. (Both pieces may arrive together.)
    assert steps[0] >= 1 + (not CASES[case][2])


def test_cancelled_while_waiting_for_a_connection(serve: Serve, backend: str) -> None:
    server = serve()
    answered: list[str] = []

    async def main() -> None:
        async with AsyncConsul(server.address, limits=Limits(connections=1, blocking=1)) as consul:

            async def query(key: str, scope: anyio.CancelScope) -> None:
                with scope:
                    assert await consul.kv.get(key, index=1, wait="60s") == value_of(key)
                    answered.append(key)

            scopes = [anyio.CancelScope() for _ in range(5)]
            async with anyio.create_task_group() as group:
                group.start_soon(query, "q0", scopes[0])
                await until(server, lambda seen: seen.parked == 1)
                for number in range(1, 5):
                    group.start_soon(query, f"q{number}", scopes[number])
                    await anyio.wait_all_tasks_blocked()
                    assert [len(waiting) for waiting in transport_of(consul)._pool._waiting] == [0, number]
                scopes[2].cancel()
                await anyio.wait_all_tasks_blocked()
                assert [len(waiting) for waiting in transport_of(consul)._pool._waiting] == [0, 3]
                # The first ends and wakes the next, which is cancelled at that moment: the place goes to the one after it.
                scopes[0].cancel()
                scopes[1].cancel()
                with anyio.fail_after(30):
                    while len(answered) < 2:
                        server.release()
                        await anyio.sleep(0.001)
            assert answered == ["q3", "q4"]
            assert [scope.cancelled_caught for scope in scopes] == [True, True, True, False, False]
            assert transport_of(consul)._pool.busy == 0

    with check_no_server_leaks(server):
        anyio.run(main, backend=backend)


def test_a_cancelled_task_group_ends_at_once(serve: Serve, backend: str) -> None:
    server = serve()
    went_on: list[int] = []

    async def main() -> None:
        async with AsyncConsul(server.address) as consul:

            async def query(number: int) -> None:
                await consul.kv.get(f"q{number}", index=1, wait="60s")
                went_on.append(number)

            with anyio.fail_after(30):
                async with anyio.create_task_group() as group:
                    for number in range(20):
                        group.start_soon(query, number)
                    await until(server, lambda seen: seen.parked == 20)
                    group.cancel_scope.cancel()
            assert group.cancel_scope.cancelled_caught
            assert went_on == []
            assert transport_of(consul)._pool.busy == 0
            # The server sees that all connections are closed.
            await until(server, lambda seen: seen.parked == 0)

    anyio.run(main, backend=backend)


class TestNestedScopes:
    """The client's time limit raises an error; the caller's cancel scope works as always."""

    def _run(self, backend: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        anyio.run(main, backend=backend)

    def test_a_scope_that_was_cancelled_before(self, serve: Serve, backend: str) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address, timeout=5) as consul:
                for _ in range(2):  # without a connection, and with one
                    with anyio.CancelScope() as outer:
                        outer.cancel()
                        await consul.kv.get("k")
                        pytest.fail("went on in a cancelled scope")
                    assert outer.cancelled_caught
                    assert transport_of(consul)._pool.busy == 0
                    assert await consul.kv.get("k") == value_of("k")

        self._run(backend, main)

    def test_outer_deadline_comes_first(self, serve: Serve, backend: str) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address, timeout=60) as consul:
                with anyio.move_on_after(0.05) as outer:
                    await consul.kv.get("k", index=1, wait="60s")
                    pytest.fail("went on in a cancelled scope")
                assert outer.cancelled_caught
                assert await consul.kv.get("k") == value_of("k")

        self._run(backend, main)

    def test_client_timeout_comes_first(self, serve: Serve, backend: str) -> None:
        server = serve(Behavior(slow=1.0, delay=1e6, cut=0.0, chunked=0.0, closing=0.0))

        async def main() -> None:
            async with AsyncConsul(server.address, timeout=0.05) as consul:
                with anyio.fail_after(30) as outer:
                    with pytest.raises(RequestTimeout) as caught:
                        await consul.kv.get("k")
                assert not outer.cancel_called
                assert caught.value.maybe_applied
                assert transport_of(consul)._pool.busy == 0

        self._run(backend, main)

    def test_both_deadlines_at_the_same_time(self, serve: Serve, backend: str) -> None:
        server = serve(Behavior(slow=1.0, delay=1e6, cut=0.0, chunked=0.0, closing=0.0))

        async def main() -> None:
            async with AsyncConsul(server.address, timeout=0.02) as consul:
                for _ in range(5):
                    timed_out = False
                    with anyio.move_on_after(0.02) as outer:
                        try:
                            await consul.kv.get("k")
                        except RequestTimeout:
                            timed_out = True
                        assert timed_out
                    assert timed_out or outer.cancelled_caught
                    assert transport_of(consul)._pool.busy == 0

        self._run(backend, main)

    def test_shielded(self, serve: Serve, backend: str) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address) as consul:
                with anyio.CancelScope() as outer:
                    outer.cancel()
                    with anyio.CancelScope(shield=True):
                        assert await consul.kv.put("k", value_of("k")) is True
                    await anyio.lowlevel.checkpoint()
                assert outer.cancelled_caught

        self._run(backend, main)


class TestAsyncioOwn:
    """Timeouts and cancellation of asyncio itself, without anyio."""

    def test_wait_for(self, serve: Serve) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address) as consul:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(consul.kv.get("k", index=1, wait="60s"), 0.05)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await consul.kv.get("k", index=1, wait="60s")
                assert transport_of(consul)._pool.busy == 0
                assert await consul.kv.get("k") == value_of("k")

        asyncio.run(main())

    def test_task_cancel(self, serve: Serve) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address) as consul:
                task = asyncio.create_task(consul.kv.get("k", index=1, wait="60s"))
                await until(server, lambda seen: seen.parked == 1)
                assert task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert task.cancelled()
                assert task.cancelling() == 1
                assert transport_of(consul)._pool.busy == 0

        asyncio.run(main())

    def test_task_group(self, serve: Serve) -> None:
        server = serve()

        async def main() -> None:
            async with AsyncConsul(server.address) as consul:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(consul.kv.get(f"k{number}")) for number in range(50)]
                assert [task.result() for task in tasks] == [value_of(f"k{number}") for number in range(50)]

        asyncio.run(main())
