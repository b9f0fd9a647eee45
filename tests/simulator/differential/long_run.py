"""A long differential run: `scripts/differential --steps 50000`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import closing

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.agents import Binary, find_binaries, start_agent
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.groups import GROUPS

#: Seconds between two lines of progress.
_PROGRESS = 10.0


class Run:
    """A run of one group on one agent."""

    def __init__(self, sides: Sides, group: str, steps: int) -> None:
        self._sides, self._group, self._steps = sides, group, steps
        self.taken = 0
        self.differed: Counter[str] = Counter()
        self._told = time.monotonic()

    def go(self, seeded: int) -> None:
        """Make the calls, as examples from a seed."""
        while self.taken < self._steps:
            before = self.taken

            @seed(seeded)
            @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)
            @given(GROUPS[self._group].examples)
            def examples(calls: list[Call]) -> None:
                if self.taken < self._steps:
                    self._example(calls)

            examples()
            seeded += 1
            assert self.taken > before

    def _example(self, calls: list[Call]) -> None:
        if left := self._sides.clear():
            self._tell([], left)
        for place, call in enumerate(calls):
            self.taken += 1
            if found := self._sides.differences(call):
                self._tell(calls[: place + 1], found)
                return
        if time.monotonic() - self._told > _PROGRESS:
            self._told = time.monotonic()
            print(f"  {self.taken} steps", flush=True)

    def _tell(self, calls: list[Call], found: list[str]) -> None:
        kind = f"{calls[-1].method} {calls[-1].path}" if calls else "what an example left"
        self.differed[kind] += 1
        if self.differed[kind] == 1:
            print(
                "\n".join(
                    [
                        "It differs. To replay it, add a case to the tests of its subject in tests/simulator/:",
                        *(f"    {call!r}," for call in calls),
                    ]
                )
            )
            print("\n".join(f"  {difference}" for difference in found), flush=True)


def run(binary: Binary, groups: list[str], steps: int, seeded: int) -> int:
    """Make the calls on one version, divided among the groups. Return how many answers differed."""
    differed = 0
    for group in groups:
        about = GROUPS[group]
        with start_agent(binary, acls=about.acls) as agent, closing(Sides(agent, indexes=about.indexes)) as sides:
            began = time.monotonic()
            one = Run(sides, group, steps // len(groups))
            one.go(seeded)
        took = time.monotonic() - began
        phantoms = f", {sides.phantoms} phantoms in streams" * (sides.phantoms > 0)
        print(f"{binary.version} {group}: {one.taken} steps in {took:.0f} s, {sum(one.differed.values())} differed{phantoms}", flush=True)
        differed += sum(one.differed.values())
    return differed


def main() -> int:
    """Read the arguments and run. Return 1 if an answer differed, 2 if there is no Consul."""
    reader = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    reader.add_argument("--steps", type=int, default=1000, help="requests for each version, spread over the groups")
    reader.add_argument("--seed", type=int, default=0, help="two runs with the same one draw the same requests")
    reader.add_argument("--consul-version", help="only the Consul of this version, of those that CONSUL_BINS names")
    reader.add_argument("--group", choices=[*GROUPS], action="append", help="only this group; may be given several times")
    given_ = reader.parse_args()
    binaries = [binary for binary in find_binaries() if given_.consul_version in (None, binary.version)]
    if not binaries:
        print("there is no such Consul: name some in CONSUL_BINS (scripts/get-consul puts one on the machine)", file=sys.stderr)
        return 2
    return int(sum([run(binary, given_.group or [*GROUPS], given_.steps, given_.seed) for binary in binaries]) > 0)


if __name__ == "__main__":
    sys.exit(main())
