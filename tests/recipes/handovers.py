"""Hand locks and slots over between ours and the official client, both ways: `scripts/handovers`.

One holds, the other waits, the first leaves: again and again, on one real agent. The log is judged as that of `scripts/chaos`.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.peers import Missing, Peers
from tests.agents import Binary, find_binaries, start_agent
from tests.recipes.chaos.cluster import get
from tests.recipes.chaos.records import Log, Record, now, parse
from tests.recipes.chaos.verdict import judge
from tests.recipes.parties import GoParty, OfficialParty, OurParty, Party, Place

#: The source of the Go program.
GO_CONTENDER = Path(__file__).with_name("go_contender")

#: Seconds within which somebody who waits must have a session, and must enter after the other has left.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Pair:
    """Who hands over to whom. limit: of the semaphore; 0: a lock. is_crowded: whether the Go client holds another slot all the time."""

    what: str
    limit: int
    official: Callable[[Place], Party]
    is_crowded: bool = False


PAIRS = {
    "consul-lock": Pair("a lock, with `consul lock`", 0, OfficialParty),
    "go-lock": Pair("a lock, with the Go client's Lock", 0, GoParty),
    "go-semaphore": Pair("a slot of one, with the Go client's Semaphore", 1, GoParty),
    "consul-lock-n": Pair("a slot of two, with `consul lock -n 2`; the Go client has the other", 2, OfficialParty, is_crowded=True),
}


def _await_waiting(place: Place, name: str) -> None:
    """Wait until somebody waits for the lock: until a session has this name."""
    deadline = time.monotonic() + _PATIENCE
    while not any(one["Name"] == name for one in _sessions(place)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} did not create a session within {_PATIENCE:g} s")
        time.sleep(0.005)


def _sessions(place: Place) -> list[dict[str, str]]:
    found = get(place.port, "/v1/session/list")
    return found if isinstance(found, list) else []


@contextmanager
def _other_slot(place: Place, *, is_crowded: bool) -> Iterator[None]:
    if not is_crowded:
        yield
        return
    with GoParty(place) as party:
        party.hold("the other slot")
        party.await_entered(_PATIENCE)
        yield
        party.leave()
        party.await_left(_PATIENCE)


def hand_over(pair: Pair, place: Place, count: int, chance: random.Random) -> None:
    """Hand over this many times each way."""
    with _other_slot(place, is_crowded=pair.is_crowded), OurParty(place) as ours, pair.official(place) as official:
        parties = [ours, official]
        ours.hold(f"{ours.called} 0")
        ours.await_entered(_PATIENCE)
        for number in range(1, 2 * count + 1):
            holder, waiter = parties[(number - 1) % 2], parties[number % 2]
            name = f"{waiter.called} {number}"
            waiter.hold(name)
            _await_waiting(place, name)
            # Before, while and after it has begun to wait for the key.
            time.sleep(chance.uniform(0, 0.05))
            holder.leave()
            waiter.await_entered(_PATIENCE)
            holder.await_left(_PATIENCE)
        ours.leave()
        ours.await_left(_PATIENCE)


def judge_pair(pair: Pair, log: Log) -> tuple[str, list[str]]:
    """Return a line about the log of a pair, and what must not be in it."""
    with log.path.open() as lines:
        records = [*parse(lines), Record("calm", now())]
    verdict = judge(records, ttl=15, expected=[], limit=max(pair.limit, 1))
    holds = [hold for hold in verdict.holds if hold.who != "the other slot"]
    times: defaultdict[str, list[float]] = defaultdict(list)
    for early, late in pairwise(holds):
        times[late.who.rpartition(" ")[0]].append((late.entered - early.until) * 1000)
    said = "; ".join(f"{len(each)} to {who}, median {statistics.median(each):.0f} ms" for who, each in sorted(times.items()))
    return f"{pair.what}: {said}; {len(verdict.violations)} violations", verdict.violations + verdict.official


def run(binary: Binary, name: str, count: int, seed: int, go: str) -> list[str]:
    """Hand over between one pair on an agent of its own, and print how it went. Return what must not happen, but did."""
    with ExitStack() as stack:
        agent = stack.enter_context(start_agent(binary, acls=False, unix_socket=False))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handovers-")))
        log = Log(folder / "log")
        stack.callback(log.close)
        place = Place(agent.port, log, f"handovers/{name}", PAIRS[name].limit, binary.path, go)
        hand_over(PAIRS[name], place, count, random.Random(seed))
        said, wrong = judge_pair(PAIRS[name], log)
    print(f"  {said}", flush=True)
    return wrong


def main() -> int:
    """Hand over between all pairs, on each Consul. Return 1 if something happens that must not."""
    reader = argparse.ArgumentParser(prog="scripts/handovers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--count", type=int, default=100, help="how often, each way (100)")
    reader.add_argument("--only", choices=PAIRS, help="this pair only")
    reader.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = reader.parse_args()
    binaries = find_binaries()
    if not binaries:
        sys.exit("found no Consul; name one in CONSUL_BINS, or put it on PATH")
    try:
        go = Peers().go_program(GO_CONTENDER)
    except Missing as why:
        sys.exit(str(why))
    wrong: list[str] = []
    for binary in binaries:
        print(f"Consul {binary.version}, process {os.getpid()}, seed {options.seed}", flush=True)
        for name in [options.only] if options.only else PAIRS:
            wrong += run(binary, name, options.count, options.seed, go)
    print("\n".join(["VIOLATIONS:", *wrong] if wrong else ["no violations: no two held at once, and tokens grow"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
