"""Measure the simulated Consul in memory: beside a real agent, with thousands of waiting queries, and with a hundred thousand keys.

    CONSUL_BINS=/path/to/consul python -m benchmarks.simulator

The first part starts a real agent, and is skipped without a binary. The output is medians over rounds, and ratios.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import anyio

from consul_proto.message import Request, Response
from consul_proto.simulator import Parked, Settings, Simulator
from consulate import AsyncConsul, Consul
from consulate.testing import ConsulAgent
from tests.agents import find_binaries, start_agent

_KEY, _VALUE = "bench/key", "v" * 40

#: Calls of the faster one for each call of the slower one, so that both are measured for about the same time.
_QUICKER = 10

#: Numbers of waiting queries; numbers of keys in a store; the number of keys in an answer.
_FEW, _MANY = 10, 10_000
_SMALL, _LARGE = 1_000, 100_000
_BELOW = 100


def measure(call: Callable[[], object], calls: int) -> float:
    """Return the microseconds for a call."""
    gc.collect()
    begun = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - begun) / calls * 1e6


def medians(several: Sequence[Callable[[], object]], rounds: int, *calls: int) -> tuple[float, float]:
    """Return the median of the microseconds for each call. They take turns; the first round is not counted. calls: of each in a round."""
    taken: list[list[float]] = [[measure(*each) for each in zip(several, calls, strict=True)] for _ in range(rounds + 1)]
    base, other = (statistics.median(times) for times in zip(*taken[1:], strict=True))
    return base, other


def report(name: str, base: float, other: float) -> None:
    """Print a line."""
    print(f"{name:46} {base:10.1f} us {other:10.1f} us {other / base:8.3f}x")


def beside_a_real_agent(rounds: int, calls: int) -> None:
    """Compare kv.get on a real agent over loopback TCP with one in memory."""
    for binary in find_binaries():
        with start_agent(binary, acls=False) as agent, Consul(agent.host, agent.port) as real, ConsulAgent().client() as memory:
            for consul in (real, memory):
                consul.kv[_KEY] = _VALUE
                assert consul.kv.get(_KEY) == _VALUE
            report(
                f"kv.get: Consul {binary.version}, in memory",
                *medians((lambda: real.kv.get(_KEY), lambda: memory.kv.get(_KEY)), rounds, calls, calls * _QUICKER),
            )
            anyio.run(tasks_beside_a_real_agent, agent.port, binary.version, rounds, calls)


async def tasks_beside_a_real_agent(port: int, version: str, rounds: int, calls: int) -> None:
    """Compare the same with async clients."""
    taken: list[list[float]] = []
    async with AsyncConsul("127.0.0.1", port) as real, ConsulAgent().async_client() as memory:
        await memory.kv.set(_KEY, _VALUE)
        for _ in range(rounds + 1):
            taken.append([])
            for consul, number in ((real, calls), (memory, calls * _QUICKER)):
                gc.collect()
                begun = time.perf_counter()
                for _ in range(number):
                    await consul.kv.get(_KEY)
                taken[-1].append((time.perf_counter() - begun) / number * 1e6)
    there, here = (statistics.median(times) for times in zip(*taken[1:], strict=True))
    report(f"... AsyncConsul: Consul {version}, in memory", there, here)


class Agent:
    """A simulator, used without a client."""

    def __init__(self) -> None:
        self.simulator = Simulator(Settings())
        self.reads = self.writes = 0

    def put(self, key: str, value: bytes) -> None:
        assert isinstance(self.simulator.handle(Request("PUT", f"/v1/kv/{key}", body=value), 0.0), Response)

    def write(self, key: str) -> None:
        """Write a new value."""
        self.writes += 1
        self.put(key, b"%d" % self.writes)

    def get(self, key: str, *query: tuple[str, str | None]) -> Response:
        answer = self.simulator.handle(Request("GET", f"/v1/kv/{key}", query), 0.0)
        assert isinstance(answer, Response)
        return answer

    def park(self, key: str) -> Parked:
        """Return a query that waits for a missing key, and count how often it is evaluated."""
        parked = self.simulator.handle(Request("GET", f"/v1/kv/{key}", (("index", "1000000"), ("wait", "10m"))), 0.0)
        assert isinstance(parked, Parked)
        read = parked.read

        def count_read() -> object:
            self.reads += 1
            return read()

        parked.read = count_read  # type: ignore[assignment] # the same read, counted
        return parked


def parked_queries(rounds: int, calls: int, seconds: float) -> None:
    """Measure the cost of waiting queries: for each write, and while nothing happens."""
    agents = {number: Agent() for number in (_FEW, _MANY)}
    for number, agent in agents.items():
        for place in range(number):
            agent.park(f"waiting/{place}")
        agent.put("other", b"0")
        agent.reads = 0
    writes = [partial(agent.write, "other") for agent in agents.values()]
    report(f"a write while {_FEW} and {_MANY:,} queries wait", *medians(writes, rounds, calls, calls))
    assert [agent.reads for agent in agents.values()] == [0, 0]
    many = agents[_MANY]
    many.put("waiting/7", b"1")
    print(f"{'... queries read if one waits for the key':46} {many.reads:10}")
    anyio.run(idle, seconds)


async def idle(seconds: float) -> None:
    """Measure the CPU time of a process whose tasks wait while nothing happens."""
    agent = ConsulAgent()
    async with agent.async_client() as consul, anyio.create_task_group() as group:

        async def wait(number: int) -> None:
            await consul.kv.get(f"waiting/{number}", index=1_000_000, wait="10m")

        for number in range(_MANY):
            group.start_soon(wait, number)
        await anyio.wait_all_tasks_blocked()
        assert agent.waiting == _MANY
        gc.collect()
        used = time.process_time()
        await anyio.sleep(seconds)
        used = time.process_time() - used
        print(f"{f'{_MANY:,} tasks wait for {seconds:g} s: CPU':46} {used * 1e3:10.1f} ms {used / seconds:21.5f}x")
        group.cancel_scope.cancel()


def store_sizes(rounds: int, calls: int) -> None:
    """Compare reads by prefix and writes in a small store and in a large one."""
    agents: list[Agent] = []
    for number in (_SMALL, _LARGE):
        agent = Agent()
        for place in range(number):
            agent.put(f"folder-{place // _BELOW:05}/{place % _BELOW:02}", b"v")
        agents.append(agent)
    small, large = agents
    below = [f"folder-{number // _BELOW // 2:05}/" for number in (_SMALL, _LARGE)]
    for name in ("recurse", "keys"):
        read = partial(small.get, below[0], (name, None)), partial(large.get, below[1], (name, None))
        assert {len(json.loads(one().body)) for one in read} == {_BELOW}
        report(f"{_BELOW} keys ?{name} of {_SMALL:,} and of {_LARGE:,}", *medians(read, rounds, calls, calls))
    write = partial(small.write, f"{below[0]}00"), partial(large.write, f"{below[1]}00")
    report(f"a write to one of {_SMALL:,} and of {_LARGE:,}", *medians(write, rounds, calls, calls))
    every = partial(small.get, "", ("keys", None)), partial(large.get, "", ("keys", None))
    report(f"all {_SMALL:,} and all {_LARGE:,} keys, for comparison", *medians(every, 3, 2, 2))


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=100, help="in a round")
    parser.add_argument("--seconds", type=float, default=5.0, help="in which nothing happens")
    options = parser.parse_args()
    beside_a_real_agent(options.rounds, options.calls)
    parked_queries(options.rounds, options.calls, options.seconds)
    store_sizes(options.rounds, options.calls)


if __name__ == "__main__":
    main()
