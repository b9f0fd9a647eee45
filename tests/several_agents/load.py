"""Load on a client with several agents while one of them is killed again and again, and the proof that nothing went wrong.

Every read must succeed. A write may fail, but only if it may have been applied. In the end, each write that was acknowledged is there, and
none was applied twice: a session that is created twice exists twice, and a check-and-set that is sent twice fails, since its key has one
writer.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import anyio

from consulate import AsyncConsul, Consul
from consulate.exceptions import ConsulateException, KeyNotFound
from tests.faces import AwaitableClient, run_sync

#: Seconds between two calls of one worker.
_PAUSE = 0.002

#: How many workers of each kind a client has.
_READERS, _WRITERS = 2, 2

#: Seconds for which a blocking query waits.
_WAIT = 2


class Load:
    """The workers, and what they found. addresses: of the agents. ttl: seconds, of the lock that is held all the time."""

    def __init__(self, addresses: Sequence[str], *, order: Any = "given", ttl: float = 10.0) -> None:
        self._addresses, self._order, self._ttl = [*addresses], order, ttl
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._acknowledged: list[tuple[str, int]] = []
        self._sessions: list[str] = []
        self._counters: Counter[str] = Counter()
        self._doubts: Counter[str] = Counter()
        self._late: set[str] = set()
        self.problems: list[str] = []
        self.calls: Counter[str] = Counter()

    def start(self) -> None:
        """Start the workers: those of a client for threads in threads, those of clients for tasks in an event loop."""
        consul = Consul(self._addresses, agent_order=self._order)
        self._closing = consul.close
        for number, work in enumerate(self._workers()):
            # A worker for threads is the same coroutine function, whose calls do not wait.
            run = lambda work=work, number=number: run_sync(work(AwaitableClient(consul), f"threads-{number}", self._wait))  # noqa: E731
            self._start(run)
        self._start(lambda: anyio.run(self._run_tasks, "asyncio"))
        self._start(lambda: anyio.run(self._run_tasks, "trio", backend="trio"))

    def _start(self, run: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                run()
            except BaseException as error:
                self.problems.append(f"a worker ended: {error!r}")

        thread = threading.Thread(target=guarded)
        self._threads.append(thread)
        thread.start()

    async def _run_tasks(self, backend: str) -> None:
        async with AsyncConsul(self._addresses, agent_order=self._order) as consul, anyio.create_task_group() as group:
            for number, work in enumerate(self._workers()):
                group.start_soon(work, consul, f"{backend}-{number}", anyio.sleep)

    async def _wait(self, seconds: float) -> None:
        self._over.wait(seconds)

    def _workers(self) -> list[Callable[..., Coroutine[Any, Any, None]]]:
        return [*[self._read] * _READERS, *[self._write] * _WRITERS, self._follow, self._hold]

    def finish(self) -> None:
        """Stop the workers, and wait for them."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            if thread.is_alive():
                self.problems.append("a worker did not end")
        self._closing()

    async def _read(self, consul: Any, name: str, wait: Any) -> None:
        while not self._over.is_set():
            try:
                await consul.kv.find("load/counters")
                await consul.catalog.nodes()
                await consul.session.list()
                self.calls["reads"] += 3
            except ConsulateException as error:
                self.problems.append(f"{name}: a read failed: {error}")
            await wait(_PAUSE)

    async def _follow(self, consul: Any, name: str, wait: Any) -> None:
        """Follow a counter with blocking queries: it never goes back, whichever agent answers."""
        index, last = None, 0
        while not self._over.is_set():
            call = consul.ops.kv.get(f"load/counters/{name.partition('-')[0]}-2", None)
            if index is not None:
                call = call.blocking(index=index, wait=_WAIT)
            try:
                reply = await consul.perform_with_meta(call)
            except ConsulateException as error:
                self.problems.append(f"{name}: a blocking query failed: {error}")
                continue
            index = reply.meta.index
            if (reply.value or 0) < last:
                self.problems.append(f"{name}: the counter went from {last} to {reply.value}")
            last = reply.value or 0
            self.calls["blocking"] += 1
            await wait(_PAUSE)

    async def _write(self, consul: Any, name: str, wait: Any) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            if await self._attempt(consul.kv.put(f"load/unique/{name}/{number}", number)):
                self._acknowledged.append((f"load/unique/{name}/{number}", number))
            if number % 8 == 0 and await self._attempt(consul.session.create(f"{name}/{number}", checks=[])):
                self._sessions.append(f"{name}/{number}")
            await self._count(consul, f"load/counters/{name}")
            await wait(_PAUSE)

    async def _count(self, consul: Any, key: str) -> None:
        """Add one to a counter that nobody else writes."""
        try:
            record = await consul.kv.get_record(key)
        except KeyNotFound:
            record = {"Value": 0, "ModifyIndex": 0}
        except ConsulateException as error:
            self.problems.append(f"{key}: a read failed: {error}")
            return
        seen = await self._attempt(consul.kv.put(key, record["Value"] + 1, cas=record["ModifyIndex"]))
        if seen:
            self._counters[key] += 1
        elif seen is None:
            self._doubts[key] += 1
            self._late.add(key)
        elif key not in self._late:
            self.problems.append(f"{key}: a check-and-set was sent twice")
        else:
            self._late.remove(key)  # the write in doubt was carried out after the read

    async def _attempt(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Return the value of a write, or None if it failed."""
        self.calls["writes"] += 1
        try:
            return await call
        except ConsulateException as error:
            self.calls["writes in doubt"] += 1
            if not error.maybe_applied:
                self.problems.append(f"a write failed that had no effect, and another agent worked: {error}")
            return None

    async def _hold(self, consul: Any, name: str, wait: Any) -> None:
        """Hold a lock and keep a session: no death of an agent may end them."""
        async with (
            consul.lock(f"load/locks/{name}", checks=[], ttl=self._ttl) as held,
            consul.session.keep(checks=[], ttl=self._ttl, name=f"kept-{name}") as kept,
        ):
            while not self._over.is_set():
                await wait(0.02)
                if held.lost.is_set() or kept.lost.is_set():
                    self.problems.append(f"{name}: the lock or the session was lost")
                    return
            self.calls["locks held to the end"] += 1

    def judge(self, address: str) -> list[str]:
        """Return what went wrong, by what Consul has in the end. address: of an agent."""
        found = [*self.problems]
        with Consul(address) as consul:
            stored: dict[str, Any] = {**consul.kv.find("load/unique"), **consul.kv.find("load/counters")}
            found += [f"{key} was acknowledged, and is lost" for key, value in self._acknowledged if stored.get(key) != value]
            for key, count in self._counters.items():
                if not count <= stored.get(key, 0) <= count + self._doubts[key]:
                    found.append(f"{key} is {stored.get(key)} after {count} writes, and {self._doubts[key]} in doubt")
            names = Counter(session["Name"] for session in consul.session.list())
            found += [f"the session {name} was created {count} times" for name, count in names.items() if count > 1]
            found += [f"the session {name} was acknowledged, and is lost" for name in self._sessions if not names[name]]
        return found
