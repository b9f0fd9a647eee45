"""Many tasks share one `AsyncConsul`: every answer belongs to its call, the pool keeps its limits, and nothing leaks."""

from __future__ import annotations

import anyio
import pytest

from consulate import AsyncConsul, Limits
from consulate.exceptions import ClientClosed, RequestError, RequestTimeout
from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import Behavior, value_of
from tests.concurrency.full_listener import full_listener
from tests.concurrency.leftovers import check_no_server_leaks, exhaust_descriptors
from tests.concurrency.mixed_calls import calls
from tests.concurrency.tasks import count_tasks, transport_of, until

TASKS = 200

#: Over TCP and over UNIX together: 10,000 on each backend.
CALLS = 5_000

LIMITS = Limits(connections=8, blocking=4)


def test_mixed_calls(serve: Serve, backend: str) -> None:
    server = serve(Behavior(), seed=1)

    async def main() -> None:
        async with AsyncConsul(server.address, limits=LIMITS) as consul:

            async def work(number: int) -> None:
                for call in calls(f"t{number}", CALLS // TASKS + 1):
                    call.check(await call.start(consul))

            before = count_tasks()
            async with anyio.create_task_group() as group:
                for number in range(TASKS):
                    group.start_soon(work, number)
            assert count_tasks() == before
            pool = transport_of(consul)._pool
            assert pool.busy == 0
            assert 0 < pool.idle <= LIMITS.connections

    with check_no_server_leaks(server):
        anyio.run(main, backend=backend)
    assert server.served >= CALLS
    assert server.max_busy[False] <= LIMITS.connections
    assert server.max_busy[True] <= LIMITS.blocking
    assert server.accepted < server.served / 10


def test_more_calls_than_connections_wait_for_their_turn(serve: Serve, backend: str) -> None:
    server = serve(seed=3)

    async def main() -> None:
        async with AsyncConsul(server.address, limits=Limits(connections=3, blocking=3)) as consul:

            async def query(number: int) -> None:
                assert await consul.kv.get(f"q{number}", index=1, wait="60s") == value_of(f"q{number}")

            async with anyio.create_task_group() as group:
                for number in range(12):
                    group.start_soon(query, number)
                for _ in range(4):
                    await until(server, lambda seen: seen.parked == 3)
                    assert transport_of(consul)._pool.busy == 3
                    server.release()
                    server.settle()

    anyio.run(main, backend=backend)
    assert server.max_busy == [0, 3]
    assert server.accepted == 3


def test_closing_ends_the_calls_of_other_tasks(serve: Serve, backend: str) -> None:
    server = serve(seed=4)
    failures: list[RequestError] = []

    async def main() -> None:
        consul = AsyncConsul(server.address, limits=Limits(connections=1, blocking=5))

        async def query(number: int) -> None:
            with pytest.raises(RequestError) as caught:
                await consul.kv.get(f"q{number}", index=1, wait="60s")
            failures.append(caught.value)

        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                for number in range(10):
                    group.start_soon(query, number)
                await until(server, lambda seen: seen.parked == 5)
                await consul.close()
            with pytest.raises(ClientClosed):
                await consul.kv.get("k")
            await consul.aclose()
            assert transport_of(consul)._pool.busy == 0

    anyio.run(main, backend=backend)
    server.wait_until(lambda seen: seen.open == 0)
    assert len(failures) == 10


def test_waiting_calls_get_their_turn(serve: Serve, backend: str) -> None:
    server = serve()
    order: list[int] = []

    async def main() -> None:
        async with AsyncConsul(server.address, limits=Limits(connections=1)) as consul:

            async def work(number: int) -> None:
                for turn in range(200):
                    assert await consul.kv.get(f"{number}-{turn}") == value_of(f"{number}-{turn}")
                    order.append(number)

            async with anyio.create_task_group() as group:
                for number in range(3):
                    group.start_soon(work, number)

    anyio.run(main, backend=backend)
    # Each task gets the connection while the others still wait for it.
    assert max(order.index(number) for number in range(3)) < 100


def test_closing_ends_a_call_that_is_connecting(backend: str) -> None:
    async def main(address: str) -> None:
        consul = AsyncConsul(address, timeout=1)

        async def work() -> None:
            with pytest.raises(RequestError) as caught:
                await consul.kv.get("k")
            assert not isinstance(caught.value, RequestTimeout)

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            await anyio.wait_all_tasks_blocked()
            await consul.close()

    with full_listener() as address:
        anyio.run(main, address, backend=backend)


def test_no_free_descriptor_is_a_request_error(serve: Serve, backend: str) -> None:
    server = serve()

    async def main() -> None:
        async with AsyncConsul(server.address) as consul:
            with exhaust_descriptors(), pytest.raises(RequestError, match="Too many open files"):
                await consul.kv.get("k")
            assert transport_of(consul)._pool.busy == 0
            assert await consul.kv.get("k") == value_of("k")

    anyio.run(main, backend=backend)


def test_a_failing_task_cancels_its_siblings_and_raises_only_its_own_error(serve: Serve, backend: str) -> None:
    server = serve(seed=5)
    ended: list[str] = []

    async def main() -> None:
        async with AsyncConsul(server.address) as consul:

            async def query(number: int) -> None:
                try:
                    await consul.kv.get(f"q{number}", index=1, wait="60s")
                except anyio.get_cancelled_exc_class():
                    ended.append("cancelled")
                    raise
                ended.append("answered")

            async def fail() -> None:
                await until(server, lambda seen: seen.parked == 5)
                raise LookupError("the task's own")

            async def together() -> None:
                async with anyio.create_task_group() as group:
                    for number in range(5):
                        group.start_soon(query, number)
                    group.start_soon(fail)

            with pytest.raises(ExceptionGroup) as caught:
                await together()
            assert [type(error) for error in caught.value.exceptions] == [LookupError]
            assert ended == ["cancelled"] * 5
            assert transport_of(consul)._pool.busy == 0
            assert await consul.kv.get("k") == value_of("k")

    anyio.run(main, backend=backend)
    assert server.violations == []


def test_one_event_loop_after_another(serve: Serve) -> None:
    pytest.importorskip("trio")
    server = serve(seed=6)
    consul = AsyncConsul(server.address)

    async def main(name: str) -> None:
        for call in calls(name, 30):
            call.check(await call.start(consul))

    with check_no_server_leaks(server):
        for turn, backend in enumerate(["asyncio", "asyncio", "trio", "trio", "asyncio"]):
            anyio.run(main, f"{backend}{turn}", backend=backend)
        # A connection belongs to no event loop: the first one serves them all.
        assert server.accepted == 1
        anyio.run(consul.close)


def test_a_client_is_usable_after_an_event_loop_that_ended_during_calls(serve: Serve, backend: str) -> None:
    server = serve(seed=7)
    consul = AsyncConsul(server.address, limits=Limits(connections=1, blocking=1))

    async def end_early() -> None:
        async with anyio.create_task_group() as group:
            for number in range(3):  # one is sent, two wait for its connection
                group.start_soon(consul.kv.get, f"q{number}")
                group.start_soon(lambda key: consul.kv.get(key, index=1, wait="60s"), f"b{number}")
            await until(server, lambda seen: seen.parked == 1)
            raise LookupError("the end of this loop")

    async def later() -> None:
        with anyio.fail_after(30):
            for call in calls(f"later {backend}", 20):
                call.check(await call.start(consul))
        await consul.close()

    with check_no_server_leaks(server):
        with pytest.raises(ExceptionGroup):
            anyio.run(end_early, backend=backend)
        assert transport_of(consul)._pool.busy == 0
        anyio.run(later, backend=backend)
