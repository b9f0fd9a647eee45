"""Swallow all packets between many holders and their agent, and see when each holder knows: for threads, asyncio and trio.

The agent is the first Consul of CONSUL_BINS, or a simulated one. Each lock has a client of its own. The packets are swallowed at another
moment of each TTL.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack
from time import monotonic

import anyio

from consulate import AsyncConsul, Consul
from consulate.exceptions import LockLost
from tests.agents import find_binaries, start_agent
from tests.recipes.served import Proxy, serve_simulator

#: Seconds after its TTL within which a holder must know.
_AFTER = 0.1


class Holders:
    """The locks of one kind of client. known: the seconds from the swallowing until each holder knew."""

    def __init__(self, runs: int, ttl: float) -> None:
        self.runs, self.ttl = runs, ttl
        self.known: list[float] = []
        #: What went wrong: a lock that was lost too early, or for another reason.
        self.problems: list[str] = []

    def pause(self, number: int) -> float:
        """Return for how many seconds a holder holds its lock before its packets are swallowed."""
        return self.ttl * (0.5 + number / self.runs)

    def threads(self, proxies: list[Proxy]) -> None:
        """Hold the locks on threads."""
        workers = [threading.Thread(target=self._hold, args=(number, proxy)) for number, proxy in enumerate(proxies)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _hold(self, number: int, proxy: Proxy) -> None:
        try:
            with Consul(proxy.url) as consul, consul.lock(f"threads/{number}", ttl=self.ttl, checks=[]) as held:
                if held.lost.wait(self.pause(number)):
                    self.problems.append(f"{number}: lost before the packets were swallowed")
                    return
                proxy.swallow()
                begun = monotonic()
                held.lost.wait()
                self.known.append(monotonic() - begun)
        except LockLost:
            return
        except Exception as error:
            self.problems.append(f"{number}: {error!r}")

    async def tasks(self, proxies: list[Proxy], backend: str) -> None:
        """Hold the locks in tasks."""
        async with anyio.create_task_group() as group:
            for number, proxy in enumerate(proxies):
                group.start_soon(self._hold_in_task, number, proxy, f"{backend}/{number}")

    async def _hold_in_task(self, number: int, proxy: Proxy, key: str) -> None:
        try:
            async with AsyncConsul(proxy.url) as consul, consul.lock(key, ttl=self.ttl, checks=[]) as held:
                if await held.lost.wait(self.pause(number)):
                    self.problems.append(f"{number}: lost before the packets were swallowed")
                    return
                proxy.swallow()
                begun = monotonic()
                await held.lost.wait()
                self.known.append(monotonic() - begun)
        except LockLost:
            return
        except Exception as error:
            self.problems.append(f"{number}: {error!r}")


def _run(kind: str, runs: int, ttl: float, host: str, port: int) -> bool:
    """Run the holders of one kind, and print a line. Return whether all of them knew in time."""
    holders = Holders(runs, ttl)
    with ExitStack() as stack:
        proxies = [stack.enter_context(Proxy(host, port)) for _ in range(runs)]
        if kind == "threads":
            holders.threads(proxies)
        else:
            anyio.run(holders.tasks, proxies, kind, backend=kind)
    in_time = sum(known < ttl + _AFTER for known in holders.known)
    slowest = max(holders.known, default=float("nan"))
    print(f"{kind:8} {in_time} of {runs} knew within the TTL of {ttl:g} s + 100 ms; the slowest after {slowest:.3f} s")
    for problem in holders.problems:
        print(f"  {problem}")
    return in_time == runs


def main() -> int:
    """Run each kind; 1 where a holder knew too late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--ttl", type=float, default=10.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        if binary := next(iter(find_binaries()), None):
            agent = stack.enter_context(start_agent(binary, acls=False))
            print(f"Consul {binary.version}")
            host, port = agent.host, agent.port
        else:
            url, _ = stack.enter_context(serve_simulator())
            print("a simulated Consul")
            host, port = "127.0.0.1", int(url.rpartition(":")[2])
        results = [_run(kind, options.runs, options.ttl, host, port) for kind in ("threads", "asyncio", "trio")]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
