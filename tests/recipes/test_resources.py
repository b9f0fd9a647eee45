"""What recipes take, over real sockets: threads, connections, tasks, blocking queries; and that nothing is left."""

# ruff: noqa: PT012 - a block raises when it ends

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from consul_proto.recipes.election import Observer
from consul_proto.simulator import Simulator
from consulate import AsyncConsul, Consul, Limits
from consulate.exceptions import ClientClosed, LockLost
from consulate.recipes.lock import Lock
from tests.concurrency.leftovers import open_files
from tests.concurrency.tasks import count_tasks
from tests.concurrency.threads import run_in_threads
from tests.faces import wait_until
from tests.recipes.served import serve_simulator
from transports.machines.threads import MOST_HELD, WORKERS

on_each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@contextmanager
def check_no_leaks() -> Iterator[None]:
    """Check that the threads, sockets and files of the block end with it, or soon after: the server is in this process too."""
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    yield
    gc.collect()
    wait_until(lambda: set(threading.enumerate()) <= threads and open_files().keys() <= files.keys())


#: The most threads that the recipes of a client have while all of them hold something.
MOST_THREADS = 1 + WORKERS + MOST_HELD


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Simulator]]:
    with serve_simulator() as found:
        yield found


@pytest.fixture
def url(served: tuple[str, Simulator]) -> Iterator[str]:
    url, simulator = served
    yield url
    wait_until(lambda: simulator._groups.sessions.sessions == {})
    assert not [key for key, entry in simulator._groups.kv.entries.items() if entry.session]


def test_the_promised_number_of_threads() -> None:
    assert MOST_THREADS <= 8


def test_a_thousand_locks_of_threads(url: str) -> None:
    with check_no_leaks(), Consul(url, limits=Limits(connections=8, blocking=4)) as consul:
        before = threading.active_count()
        held: list[Any] = []

        def acquire(worker: int) -> None:
            held.extend(consul.lock(f"many/{worker}/{number}", ttl="60s").acquire() for number in range(250))

        run_in_threads(4, acquire)
        assert len(held) == 1000
        assert len({one.fencing_token for one in held}) == 1000
        wait_until(lambda: threading.active_count() - before <= MOST_THREADS)
        assert not any(one.lost.is_set() for one in held)
        cpu = time.process_time()
        time.sleep(1)
        assert time.process_time() - cpu < 0.3, "at rest, no machine does anything, and no thread polls; the server is in this process too"
        assert threading.active_count() - before <= MOST_THREADS

        def release(worker: int) -> None:
            for one in held[worker::4]:
                one.release()

        run_in_threads(4, release)


@on_each_backend
def test_hundreds_of_locks_of_tasks(url: str, backend: str) -> None:
    async def main() -> None:
        before = count_tasks()
        async with AsyncConsul(url, limits=Limits(connections=8, blocking=4)) as consul:
            done = anyio.Event()
            count = 0

            async def hold(number: int) -> None:
                nonlocal count
                async with consul.lock(f"many/{number}", ttl="60s") as held:
                    count += 1
                    await done.wait()
                    assert not held.lost.is_set()

            async with anyio.create_task_group() as group:
                for number in range(200):
                    group.start_soon(hold, number)
                with anyio.fail_after(60):
                    while count < 200:  # noqa: ASYNC110 # it is counted in many tasks
                        await anyio.sleep(0.01)
                done.set()
        assert count_tasks() == before

    with check_no_leaks():
        anyio.run(main, backend=backend)


def test_waiters_for_one_key_share_a_query(served: tuple[str, Simulator], url: str, caplog: pytest.LogCaptureFixture) -> None:
    _, simulator = served
    caplog.set_level(logging.DEBUG, "consulate")
    order: list[int] = []
    with check_no_leaks(), Consul(url) as consul:

        def work(_number: int) -> None:
            with consul.lock("shared", delete=True) as held:
                order.append(held.fencing_token)

        with consul.lock("shared", delete=True) as first, run_in_threads.background(12, work):
            # One of the holder, and one of all who wait.
            wait_until(lambda: _waiting(simulator) == 2)
            time.sleep(0.3)
            assert _waiting(simulator) == 2
            first.release()
        assert order == sorted(order)
        assert len(order) == 12
    # Each transaction acquired or released: those who wait do not race each other.
    assert len(_transactions(caplog)) == 26
    assert {line.split()[2] for line in _transactions(caplog)} == {"200"}


def _transactions(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the logged lines of transactions."""
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("PUT /v1/txn")]


def _waiting(simulator: Simulator) -> int:
    """Return how many blocking queries wait."""
    return len({parked for waiting in list(simulator._store._waiting.values()) for parked in list(waiting)})


@on_each_backend
def test_tasks_share_a_query_and_outlive_its_first_waiter(
    served: tuple[str, Simulator], url: str, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, simulator = served
    caplog.set_level(logging.DEBUG, "consulate")

    async def main() -> None:
        async with AsyncConsul(url) as consul:
            order: list[int] = []

            async def work() -> None:
                async with consul.lock("shared", delete=True) as held:
                    order.append(held.fencing_token)

            async with anyio.create_task_group() as group, consul.lock("shared", delete=True) as first:
                async with anyio.create_task_group() as impatient:
                    impatient.start_soon(work)
                    await _until(lambda: _waiting(simulator) == 2)
                    for _ in range(5):
                        group.start_soon(work)
                    await anyio.sleep(0.3)
                    assert _waiting(simulator) == 2
                    impatient.cancel_scope.cancel()
                await _until(lambda: _waiting(simulator) == 2)
                await first.release()
            assert len(order) == 5
            assert {line.split()[2] for line in _transactions(caplog)} == {"200"}

    with check_no_leaks():
        anyio.run(main, backend=backend)


async def _until(holds: Any) -> None:
    with anyio.fail_after(10):
        while not holds():  # noqa: ASYNC110 # it happens in another thread
            await anyio.sleep(0.005)


def test_without_a_place_for_blocking_queries_waiters_poll(url: str) -> None:
    """A blocking query of the user's has the only place: the recipes leave it, and go on without."""
    with check_no_leaks(), Consul(url, limits=Limits(connections=4, blocking=1)) as consul, Consul(url) as other:
        consul.kv.put("mine", "1")
        index = consul.kv.get_record("mine")["ModifyIndex"]

        def query(_number: int) -> None:
            consul.kv.get("mine", index=index, wait="30s")

        with run_in_threads.background(1, query):
            wait_until(lambda: not consul._transport.has_place())  # type: ignore[attr-defined] # of this transport
            with other.lock("k") as held, run_in_threads.background(1, lambda _number: consul.lock("k").acquire().release()):  # type: ignore[union-attr] # it waits
                time.sleep(0.2)
                held.release()
            with consul.lock("k") as held:
                other.session.destroy(held.session)
                with pytest.raises(LockLost):
                    assert held.lost.wait(20)
                    held.release()
            consul.kv.put("mine", "2")


def test_callbacks_are_logged_when_they_fail(url: str, caplog: pytest.LogCaptureFixture) -> None:
    names: list[str] = []

    def on_loss(held: Any) -> None:
        names.append(threading.current_thread().name)
        assert held.lost.is_set()
        raise ValueError("of the callback")

    with Consul(url) as consul, caplog.at_level(logging.ERROR, "consulate"):
        with pytest.raises(LockLost), consul.lock("called", on_loss=on_loss) as held:
            consul.session.destroy(held.session)
            assert held.lost.wait(10)
        wait_until(lambda: "of the callback" in caplog.text)
        assert names == ["consul-recipes"]
        with consul.lock("d"):
            pass
        wait_until(lambda: not [one for one in threading.enumerate() if one.name.startswith("consul-recipes")])


def test_a_callback_may_not_wait_for_recipes(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with Consul(url) as consul, caplog.at_level(logging.ERROR, "consulate"), consul.lock("another") as another:
        with pytest.raises(LockLost), consul.lock("lost", on_loss=lambda _held: another.release()) as held:
            consul.session.destroy(held.session)
            assert held.lost.wait(10)
        wait_until(lambda: "must not wait for recipes" in caplog.text)
        wait_until(lambda: consul.session.list() == [])


def test_what_was_released_releases_nothing_else(url: str) -> None:
    with Consul(url) as consul:
        lock = consul.lock("again")
        with lock as first:
            first.release()
            second: Any = lock.acquire()
            first.release()
            assert consul.kv.get_record("again")["Session"] == second.session
        assert consul.kv.get_record("again")["Session"] == second.session
        second.release()


def test_a_closed_client_has_no_threads(url: str) -> None:
    before = {*threading.enumerate()}
    for number in range(20):
        with Consul(url) as consul, consul.lock(f"closed/{number}"):
            assert _recipe_threads(before)
        assert _recipe_threads(before) == []


def _recipe_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("consul-recipes") and each not in before]


def test_who_waits_ends_when_the_client_is_closed(url: str) -> None:
    with check_no_leaks(), Consul(url) as other, other.lock("closed"):
        consul = Consul(url)
        errors: list[BaseException] = []

        def wait(_number: int) -> None:
            try:
                consul.lock("closed").acquire()
            except ClientClosed as error:
                errors.append(error)

        with run_in_threads.background(1, wait):
            wait_until(lambda: len(other.session.list()) == 2)
            time.sleep(0.2)
            consul.close()
        assert len(errors) == 1
        other.session.destroy(next(one["ID"] for one in other.session.list() if one["ID"] != other.kv.get_record("closed").get("Session")))


def test_a_task_group_of_asyncio(url: str) -> None:
    async def main() -> None:
        async with AsyncConsul(url) as consul:
            ended: list[str] = []

            async def work(key: str) -> None:
                try:
                    async with consul.lock(key):
                        await asyncio.sleep(30)
                finally:
                    ended.append(key)

            async def fail() -> None:
                async with consul.lock("c"):
                    raise ValueError("of the block")

            with pytest.raises(BaseExceptionGroup) as raised:
                async with asyncio.TaskGroup() as group:
                    group.create_task(work("a"))
                    group.create_task(work("b"))
                    await asyncio.sleep(0.1)
                    group.create_task(fail())
            assert [type(error) for error in raised.value.exceptions] == [ValueError]
            assert sorted(ended) == ["a", "b"]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1), consul.lock("a"):
                    await asyncio.sleep(30)
            task = asyncio.create_task(work("a"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with check_no_leaks():
        asyncio.run(main())


def test_when_the_event_loop_ends_locks_are_released(url: str) -> None:
    async def main() -> None:
        consul = AsyncConsul(url)
        started = asyncio.Event()

        async def work() -> None:
            async with consul.lock("forgotten"):
                started.set()
                await asyncio.sleep(30)

        kept.append(asyncio.create_task(work()))
        await started.wait()

    kept: list[asyncio.Task[None]] = []
    asyncio.run(main())


def test_a_nursery(url: str) -> None:
    trio = pytest.importorskip("trio")

    async def main() -> None:
        async with AsyncConsul(url) as consul:

            async def work(key: str) -> None:
                async with consul.lock(key):
                    await trio.sleep(30)

            with pytest.raises(ValueError, match="of the block"):
                async with consul.lock("c"):
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(work, "a")
                        nursery.start_soon(work, "b")
                        await trio.sleep(0.1)
                        nursery.cancel_scope.cancel()
                    raise ValueError("of the block")
            with pytest.raises(BaseExceptionGroup) as raised:
                async with consul.lock("c", cancel_on_loss=True), trio.open_nursery() as nursery:
                    nursery.start_soon(work, "a")
                    await trio.sleep(0.1)
                    raise KeyError("of the nursery")
            assert raised.value.subgroup(KeyError)
            with pytest.raises(LockLost):
                async with consul.lock("c", cancel_on_loss=True) as held, trio.open_nursery() as nursery:
                    nursery.start_soon(work, "a")
                    await consul.session.destroy(held.session)
                    await trio.sleep(30)

    with check_no_leaks():
        trio.run(main)


def test_an_interrupted_wait_leaves_nothing(url: str) -> None:
    with check_no_leaks(), Consul(url) as consul, consul.lock("k"):
        waiting = consul.lock("k")

        class Interrupt(BaseException):
            pass

        def interrupt(*_args: Any) -> None:
            raise Interrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Interrupt):
                waiting.acquire()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert isinstance(waiting, Lock)
        assert waiting.acquire(timeout=0) is None


def test_a_machine_that_breaks_ends_its_block_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Consul(url) as consul, consul.lock("k") as held:
        monkeypatch.setitem(Observer.transitions, next(key for key in Observer.transitions if key[1] == "look"), None)
        with pytest.raises(TypeError), consul.election("leader").observe() as leaders:
            next(leaders)
        assert not held.lost.is_set()
