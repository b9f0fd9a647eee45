"""Start `consulate run_once` in 20 processes at the same moment, again and again: `scripts/run-once`.

Each round is on a real cluster of three servers, on this machine. In every second round, the leader is killed while the processes start,
and is started again. The command takes no time, so nothing but the record of its start keeps the others from running it too.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.agents import Agent, Binary, find_binaries
from tests.cli.program import Shell
from tests.recipes.chaos.cluster import Cluster, get, start_cluster

#: How many processes start the command at the same moment, and the seconds within which all of them must have ended.
_PROCESSES, _PATIENCE = 20, 180.0

#: Seconds after the first start within which the leader is killed: while the processes import, contend, and run.
_SPREAD = 4.0


def _shell(cluster: Cluster, binary: Binary) -> Shell:
    return Shell(Agent(binary.version, "127.0.0.1", cluster.client.http, "", cluster.client.name, "dc1", None))


def play(cluster: Cluster, shell: Shell, name: str, runs: Path, kill_after: float | None) -> list[str]:
    """Play one round; return what must not happen, but did. kill_after: seconds until the leader is killed; None: it lives."""
    leader = cluster.await_whole()
    processes = [shell.begin("run_once", "-i", "1h", f"jobs/{name}", f"echo ran >> {runs}") for _ in range(_PROCESSES)]
    if kill_after is not None:
        time.sleep(kill_after)
        leader.kill()
    ends: Counter[str] = Counter()
    for process in processes:
        try:
            out, errors = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
        ends[f"{process.returncode}: {(out + errors).decode().strip()[:120] or 'ran it'}"] += 1
    if kill_after is not None:
        leader.start()
    found = runs.read_text().splitlines() if runs.exists() else []
    wrong = [] if len(found) == 1 else [f"{name}: the command ran {len(found)} times"]
    wrong += [f"{name}: {count} ended with {end}" for end, count in ends.items() if not end.startswith("0: ")]
    print(f"  {name}: ran {len(found)} times; {'leader killed; ' if kill_after is not None else ''}{dict(ends)}", flush=True)
    cluster.await_whole()
    # A leader that is killed may leave a session that nobody knows: its answer was lost. Each new leader begins its TTL again.
    sessions: Any = get(cluster.client.http, "/v1/session/list?consistent")
    left = [each for each in sessions if each["Name"].endswith(f"/{name}")]
    return wrong + ([f"{name}: sessions are left: {left}"] if left and kill_after is None else [])


def run(binary: Binary, rounds: int, seed: int) -> list[str]:
    """Play all rounds on a cluster; return what must not happen, but did."""
    chance = random.Random(seed)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="run-once-") as folder, start_cluster(binary) as cluster:
        shell = _shell(cluster, binary)
        for number in range(rounds):
            kill_after = chance.uniform(0, _SPREAD) if number % 2 else None
            wrong += play(cluster, shell, f"round-{number}", Path(folder, str(number)), kill_after)
    return wrong


def main() -> int:
    """Play on each Consul. Return 1 if something happens that must not."""
    reader = argparse.ArgumentParser(prog="scripts/run-once", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--rounds", type=int, default=100, help="how many rounds on each Consul (100)")
    reader.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = reader.parse_args()
    binaries = find_binaries()
    if not binaries:
        sys.exit("found no Consul; name one in CONSUL_BINS, or put it on PATH")
    wrong: list[str] = []
    for binary in binaries:
        print(f"Consul {binary.version}, {options.rounds} rounds, seed {options.seed}", flush=True)
        wrong += run(binary, options.rounds, options.seed)
    count = len(binaries) * options.rounds
    print("\n".join(["VIOLATIONS:", *wrong] if wrong else [f"once each time, {count} of {count}"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
