"""Break locks on a real cluster: `scripts/chaos`. Contenders of all kinds take one lock while servers, agents and holders fail.

Three servers and a client agent run on this machine, on ports of their own. The leader is killed with SIGKILL and started again, so is the
client agent that everybody uses, and holders are stopped with SIGSTOP for longer than their TTL. Then the log of all holders is judged.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.agents import Binary, find_binaries
from tests.recipes.chaos.cluster import Cluster, get, start_cluster
from tests.recipes.chaos.processes import Crowd, Pauser, groups
from tests.recipes.chaos.records import Log, Record, now, parse
from tests.recipes.chaos.report import as_text
from tests.recipes.chaos.verdict import judge
from tests.recipes.chaos.workers import KEY

#: How many contenders there are in each process of ours, and how many official ones.
_EACH, _OFFICIAL = 4, 6

#: How often ours hold the lock for longer than the TTL: something often happens meanwhile.
_LONG = 0.05


class Plan(NamedTuple):
    """What is done to the cluster and the contenders, and for how long. delay: the lock delay. Times are in seconds."""

    seconds: float
    kills: int
    agent_kills: int
    pauses: int
    ttl: float
    delay: float
    seed: int


class Run:
    """One run: kills, and a log of them. The same seed makes the same plan; what comes of it depends on the machine."""

    def __init__(self, plan: Plan, cluster: Cluster, log: Log) -> None:
        self._plan, self._cluster, self._log = plan, cluster, log
        self._random = random.Random(plan.seed)

    def kill_leader(self) -> None:
        """Kill the server that leads, and start it again once another may lead."""
        leader = self._cluster.await_whole()
        self._note(f"the leader, {leader.name}")
        leader.kill()
        time.sleep(self._random.uniform(0.5, 3))
        leader.start()
        self._cluster.await_whole()

    def kill_agent(self) -> None:
        """Kill the agent that everybody uses, sometimes for longer than the TTL."""
        self._note("the client agent")
        self._cluster.client.kill()
        time.sleep(self._random.uniform(0.2, self._plan.ttl * 1.5))
        self._cluster.client.start()
        self._cluster.await_whole()

    def _note(self, what: str) -> None:
        print(f"  killed {what}", flush=True)
        self._log.write(Record("killed", now(), text=what))

    def do_all(self, pauser: Pauser) -> None:
        """Do everything that is planned, spread over the time."""
        faults: list[Callable[[], None]] = [self.kill_leader] * self._plan.kills + [self.kill_agent] * self._plan.agent_kills
        self._random.shuffle(faults)
        slot = self._plan.seconds / max(len(faults), 1)
        end = time.monotonic() + self._plan.seconds
        for number, fault in enumerate(faults):
            begun = end - self._plan.seconds + slot * (number + self._random.uniform(0, 0.4))
            time.sleep(max(0.0, begun - time.monotonic()))
            fault()
            pauser.check()
        time.sleep(max(0.0, end - time.monotonic()))


def find_left_over(cluster: Cluster, names: list[str], patience: float) -> list[str]:
    """Return what is left of our contenders once all have ended: sessions that nobody destroyed within this many seconds."""
    deadline = time.monotonic() + patience
    while True:
        sessions, entries = (get(cluster.client.http, path) for path in ("/v1/session/list?consistent", f"/v1/kv/{KEY}?consistent"))
        if isinstance(sessions, list) and isinstance(entries, list):
            left = [f"a session of {one['Name']} is left behind" for one in sessions if one["Name"] in names]
            left += ["the key is still locked" for entry in entries if entry.get("Session")]
            if not left or time.monotonic() > deadline:
                return left
        elif time.monotonic() > deadline:
            return ["Consul did not answer in the end"]
        time.sleep(0.2)


def run(binary: Binary, plan: Plan, keep: Path | None) -> int:
    """Run once, and print the report. Return 1 if something happened that must not. keep: where to copy the log to."""
    begun = now()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        log = Log(folder / "log")
        stack.callback(log.close)
        cluster = stack.enter_context(start_cluster(binary, least_ttl=plan.ttl))
        who = groups(_EACH, _OFFICIAL)
        crowd = Crowd(who, binary, cluster.address, log, ttl=plan.ttl, delay=plan.delay, seed=plan.seed, long=_LONG)
        stack.callback(crowd.kill)
        crowd.start()
        pauser = Pauser(log, plan.pauses, plan.seconds, 4 * plan.ttl + plan.delay + 5, plan.ttl)
        thread = threading.Thread(target=pauser.run)
        thread.start()
        try:
            Run(plan, cluster, log).do_all(pauser)
        finally:
            pauser.stop()
            thread.join()
        pauser.check()
        cluster.await_whole()
        log.write(Record("calm", now()))
        failed = crowd.finish()
        left = find_left_over(cluster, crowd.ours, 2 * plan.ttl + 5)
        if keep is not None:
            shutil.copy(log.path, keep)
        with log.path.open() as lines:
            records = list(parse(lines))
    verdict = judge(records, ttl=plan.ttl, expected=crowd.names)
    stopped = sum(bool(hold.pauses) for hold in verdict.holds)
    missing = [f"only {stopped} of {plan.pauses} holders could be stopped; let it run longer"] if stopped < plan.pauses else []
    verdict.violations += failed + left + missing
    title = f"Consul {binary.version}, seed {plan.seed}, {now() - begun:.0f} s, {len(crowd.names)} contenders, TTL {plan.ttl:g} s"
    print(as_text(title, records, verdict), flush=True)
    return int(bool(verdict.violations))


def _binary(version: str) -> Binary:
    found = {one.version: one for one in find_binaries()}
    if version and version not in found:
        sys.exit(f"found no Consul {version}; name one in CONSUL_BINS (scripts/get-consul {version} gets it)")
    if not found:
        sys.exit("found no Consul; name one in CONSUL_BINS, or put it on PATH")
    return found[version] if version else next(iter(found.values()))


def main() -> int:
    """Read the options, and run."""
    reader = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("version", nargs="?", default="", help="of the Consul in CONSUL_BINS (the first one)")
    reader.add_argument("--minutes", type=float, default=10, help="how long, without the start and the end (10)")
    reader.add_argument("--kills", type=int, help="how often to kill the leader (2 a minute)")
    reader.add_argument("--agent-kills", type=int, help="how often to kill the client agent (half as often)")
    reader.add_argument("--pauses", type=int, help="how often to stop a holder (half as often)")
    reader.add_argument("--ttl", type=float, default=5, help="of our sessions, in seconds; the lock delay is as long (5)")
    reader.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the plan")
    reader.add_argument("--keep", type=Path, metavar="FILE", help="copy the log to a file")
    options = reader.parse_args()
    kills = round(2 * options.minutes) if options.kills is None else options.kills
    half = kills // 2
    agent_kills, pauses = (half if given is None else given for given in (options.agent_kills, options.pauses))
    plan = Plan(options.minutes * 60, kills, agent_kills, pauses, options.ttl, options.ttl, options.seed)
    binary = _binary(options.version)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything that was started is stopped
    print(f"Consul {binary.version}, process {os.getpid()}, {plan}", flush=True)
    return run(binary, plan, options.keep)


if __name__ == "__main__":
    sys.exit(main())
