"""Threads and tasks share a client of a real Consul, with ACLs on: every answer belongs to its call.

`tests/agents.py` finds the binaries. Without one, these tests are skipped, or fail with CONSUL_REQUIRED=1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul, Limits
from tests.agents import Agent, Binary, find_binaries, require_binary, start_agent
from tests.concurrency.leftovers import check_no_leaks
from tests.concurrency.tasks import count_tasks, transport_of
from tests.concurrency.threads import run_in_threads

pytestmark = pytest.mark.real

LIMITS = Limits(connections=16, blocking=128)

THREADS, TASKS = 64, 200

#: Calls by threads, and calls by tasks, over TCP and UNIX sockets and on both backends together.
CALLS = 10_000

QUERIES = 100

#: One step of a round: makes the call or its coroutine, and checks the value.
Step = tuple[Callable[[Any], Any], Callable[[Any], bool]]


FOUND: list[Binary | None] = [*find_binaries()] or [None]


@pytest.fixture(scope="module", params=FOUND, ids=lambda binary: binary.version if binary else "none")
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    with start_agent(require_binary(request.param), acls=True) as running:
        yield running


@pytest.fixture(params=["tcp", "unix"])
def address(request: pytest.FixtureRequest, agent: Agent) -> str:
    return f"unix://{agent.unix_path}" if request.param == "unix" else f"http://{agent.host}:{agent.port}"


def one_round(key: str, agent: Agent) -> list[Step]:
    """Return calls on one key that no other round uses, and reads of the cluster."""
    value = f"value of {key}"
    return [
        (lambda consul: consul.kv.put(key, value, flags=len(key)), lambda done: done is True),
        (lambda consul: consul.kv.get(key, consistency="consistent"), lambda found: bool(found == value)),
        (lambda consul: consul.health.service("consul"), lambda found: [each["Node"]["Node"] for each in found] == [agent.node_name]),
        (lambda consul: consul.kv.records(key), lambda found: bool(found == [(key, len(key), value)])),
        (lambda consul: consul.kv.set(key, [key]), lambda done: done is None),
        (lambda consul: consul.kv.read(key), lambda found: bool(found == [key])),
        (lambda consul: consul.catalog.service("consul"), lambda found: [each["ServiceName"] for each in found] == ["consul"]),
        (lambda consul: consul.kv.delete(key), lambda done: done is True),
        (lambda consul: consul.catalog.nodes(), lambda found: [each["Node"] for each in found] == [agent.node_name]),
        (lambda consul: consul.kv.get(key, f"no {key}"), lambda found: bool(found == f"no {key}")),
    ]


def test_threads(agent: Agent, address: str) -> None:
    def work(number: int) -> None:
        for turn in range(CALLS // 2 // len(one_round("", agent)) // THREADS + 1):
            for start, is_right in one_round(f"threads/{number}/{turn}", agent):
                value = start(consul)
                assert is_right(value), value

    with check_no_leaks(), Consul(address, token=agent.management_token, limits=LIMITS, timeout=60) as consul:
        run_in_threads(THREADS, work)
        assert consul.kv.keys("threads/") == []


def test_tasks(agent: Agent, address: str, backend: str) -> None:
    async def main() -> None:
        async with AsyncConsul(address, token=agent.management_token, limits=LIMITS, timeout=60) as consul:

            async def work(number: int) -> None:
                for turn in range(CALLS // 4 // len(one_round("", agent)) // TASKS + 1):
                    for start, is_right in one_round(f"tasks/{number}/{turn}", agent):
                        value = await start(consul)
                        assert is_right(value), value

            before = count_tasks()
            async with anyio.create_task_group() as group:
                for number in range(TASKS):
                    group.start_soon(work, number)
            assert count_tasks() == before
            assert await consul.kv.keys("tasks/") == []
            assert transport_of(consul)._pool.busy == 0

    with check_no_leaks():
        anyio.run(main, backend=backend)


def test_parked_threads_see_the_write(agent: Agent, address: str) -> None:
    with check_no_leaks(), Consul(address, token=agent.management_token, limits=LIMITS) as consul:
        consul.kv.put("watched", "before")
        index = consul.kv.get_record("watched")["ModifyIndex"]

        def query(_number: int) -> None:
            value = "before"
            while value == "before":  # a query may end early, without a change
                value = str(consul.kv.get("watched", index=index, wait="60s"))
            assert value == "after"

        with run_in_threads.background(QUERIES, query):
            assert consul.kv.put("watched", "after") is True
        assert consul.kv.delete("watched") is True


def test_parked_tasks_see_the_write(agent: Agent, address: str, backend: str) -> None:
    async def main() -> None:
        async with AsyncConsul(address, token=agent.management_token, limits=LIMITS) as consul:
            await consul.kv.put("watched", "before")
            index = (await consul.kv.get_record("watched"))["ModifyIndex"]

            async def query() -> None:
                value = "before"
                while value == "before":
                    value = str(await consul.kv.get("watched", index=index, wait="60s"))
                assert value == "after"

            async with anyio.create_task_group() as group:
                for _ in range(QUERIES):
                    group.start_soon(query)
                await anyio.wait_all_tasks_blocked()
                assert await consul.kv.put("watched", "after") is True
            assert await consul.kv.delete("watched") is True

    with check_no_leaks():
        anyio.run(main, backend=backend)
