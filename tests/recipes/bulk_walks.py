"""Bulk calls under random faults, on an agent in memory: what the result says is what Consul then holds. Run many with `scripts/bulk`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, product
from random import Random
from typing import Any

from consul_proto.recipes.bulk_result import BulkResult, FailedBatch
from consul_proto.simulator.engine.versions import VersionName
from consulate import AsyncConsul, Consul
from consulate.exceptions import BulkError, ConsulateException
from consulate.testing import ConsulAgent, FaultPlan, Programs

#: Key -> (value, flags).
Tree = dict[str, tuple[bytes, int]]


def _threads(agent: ConsulAgent, plan: FaultPlan, call: Callable[[Any], Any]) -> object:
    return call(agent.client(faults=plan))


def _tasks(agent: ConsulAgent, plan: FaultPlan, call: Callable[[Any], Any]) -> object:
    async def main() -> object:
        return await call(agent.async_client(faults=plan))

    return asyncio.run(main())


def _program(agent: ConsulAgent, plan: FaultPlan, call: Callable[[Any], Any]) -> object:
    def program(consul: Consul) -> object:
        return call(consul)

    return _ended(Programs(agent, program, faults=[plan]))


def _async_program(agent: ConsulAgent, plan: FaultPlan, call: Callable[[Any], Any]) -> object:
    async def program(consul: AsyncConsul) -> object:
        return await call(consul)

    return _ended(Programs(agent, program, faults=[plan]))


def _ended(programs: Programs) -> object:
    [end] = programs.run(turns=5000)
    assert not end.stopped
    if end.error is not None:
        raise end.error
    return end.value


#: How a call is run.
WAYS = {"threads": _threads, "tasks": _tasks, "program": _program, "async program": _async_program}


class Run:
    """One call under one plan of faults. seed: decides everything."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.kind = random.choice(["put_many", "delete_many", "replace_tree", "copy_tree"])
        self.way = random.choice(list(WAYS))
        keys = [f"t/{number:04}" for number in range(random.choice([5, 100, 500]))]
        self.before: Tree = {key: self._stored() for key in random.sample(keys, random.randint(0, len(keys)))}
        chosen = [random.choice(keys) for _ in range(random.randint(0, 600))]
        if self.kind == "replace_tree":
            chosen = sorted(set(chosen))
        self.items: list[tuple[str, tuple[bytes, int]]] = [(key, self._item(key)) for key in chosen]
        if self.kind == "copy_tree":
            self.items = sorted(self.before.items())
        self.plan = FaultPlan.random(seed=seed, rate=random.choice([0.05, 0.3, 0.6]))
        self.version: VersionName = random.choice(["1.8.7", "1.22.5"])
        self.reports: list[BulkResult] = []

    def _stored(self) -> tuple[bytes, int]:
        return self.random.randbytes(self.random.choice([0, 1, 20])), self.random.choice([0, 0, 7])

    def _item(self, key: str) -> tuple[bytes, int]:
        """Return a value for a key: often the one that it has."""
        return self.before[key] if key in self.before and self.random.random() < 0.5 else self._stored()

    def run(self) -> str:
        """Make the call, and compare. Return how it ended. Raises AssertionError."""
        agent = ConsulAgent(version=self.version)
        clean = agent.client()
        for key, (value, flags) in self.before.items():
            clean.kv.put(key, value, flags=flags)
        ended = "complete"
        try:
            result: Any = WAYS[self.way](agent, self.plan, self._call)
            assert (result.failures, result.not_sent, result.done) == ((), (), len(self.items))
        except BulkError as error:
            result, ended = error.result, "unknown" if error.maybe_applied else "failed"
            assert result.failures
        except ConsulateException:
            # The tree could not be read; what was given before was carried out.
            assert self.kind in ("replace_tree", "copy_tree")
            result, ended = (self.reports or [BulkResult()])[-1], "not read"
        assert (self.reports or [result])[-1] == result
        found: list[Any] = clean.kv.records("", raw=True)
        self._check(result, {key: (value, flags) for key, flags, value in found})
        return ended

    def _call(self, client: Any) -> Any:
        options = {"connections": self.random.choice([1, 2, 4]), "progress": self.reports.append}
        match self.kind:
            case "put_many":
                return client.kv.put_many(((key, *stored) for key, stored in self.items), **options)
            case "delete_many":
                return client.kv.delete_many((key for key, _ in self.items), **options)
            case "replace_tree":
                return client.kv.replace_tree("t/", ((key, *stored) for key, stored in self.items), **options)
            case _:
                return client.kv.copy_tree("t/", "copy/", **options)

    def _check(self, result: BulkResult, holds: Tree) -> None:
        """Check that Consul holds what the result says; of each unknown batch all or nothing."""
        said = sorted(chain.from_iterable(chain(result.applied, result.failed, result.unknown, result.not_sent)))
        assert said == list(range(result.taken)), "each position that was taken is in one list"
        assert result.pending == ()
        unknown = [failure for failure in result.failures if failure.is_unknown]
        choices = product([False, True], repeat=len(unknown))
        assert any(self._explains(result, [one for one, is_in in zip(unknown, chosen, strict=True) if is_in], holds) for chosen in choices)

    def _explains(self, result: BulkResult, applied: list[FailedBatch], holds: Tree) -> bool:
        """Return whether Consul holds what it must if these unknown batches were applied."""
        positions = sorted(chain(_all(result.applied), *(_all(each.positions) for each in applied)))
        expected = dict(self.before)
        for position in positions:
            key, stored = self._change(position)
            if stored is None:
                expected.pop(key, None)
            else:
                expected[key] = stored
        if self.kind != "replace_tree":
            return holds == expected
        # The result counts the deletions, and names those that failed.
        doomed = self.before.keys() - dict(self.items).keys()
        gone = doomed - holds.keys()
        named = {key for each in result.failures for key in each.keys if key in doomed}
        is_right = gone & named == {key for each in applied for key in each.keys if key in doomed} and len(gone - named) == result.deleted
        return is_right and holds == {key: stored for key, stored in expected.items() if key not in gone}

    def _change(self, position: int) -> tuple[str, tuple[bytes, int] | None]:
        key, stored = self.items[position]
        if self.kind == "delete_many":
            return key, None
        return (key.replace("t/", "copy/") if self.kind == "copy_tree" else key), stored


def _all(several: Iterable[range]) -> Iterator[int]:
    return chain.from_iterable(several)


def run_all(seeds: Iterable[int]) -> Counter[str]:
    """Make a run for each seed. Return how often they ended in which way. Raises AssertionError with the seed."""
    ends: Counter[str] = Counter()
    for seed in seeds:
        run = Run(seed)
        try:
            ends[run.run()] += 1
        except Exception as error:
            error.add_note(f"seed {seed}: {run.kind} in {run.way}, {len(run.items)} items, {run.version}, {run.plan!r}")
            raise
    return ends


def main() -> int:
    """Run calls under faults, and print how they ended."""
    reader = argparse.ArgumentParser(prog="scripts/bulk", description=__doc__)
    reader.add_argument("--runs", type=int, default=1000, help="how many (1,000)")
    reader.add_argument("--seed", type=int, help="only the run with this seed")
    chosen = reader.parse_args()
    seeds: Any = range(chosen.runs) if chosen.seed is None else [chosen.seed]
    ends = run_all(seeds)
    kinds = ", ".join(f"{number} {end}" for end, number in ends.most_common())
    print(f"{ends.total():,} calls, and each result is what Consul then holds: {kinds}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
