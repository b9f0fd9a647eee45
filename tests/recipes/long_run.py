"""Run many random walks of the recipes' machines: `scripts/recipes`."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.recipes.walks import OFFICIAL, WALKS


def walk(kind: str, seed: int) -> tuple[int, str]:
    """Run one walk. Return how many steps it took, and what went wrong."""
    try:
        return (WALKS | OFFICIAL)[kind](seed).run(), ""
    except Exception:
        return 0, traceback.format_exc()


def main() -> int:
    """Run the walks, and print the mean number of steps of each kind. Return 1 if one went wrong."""
    reader = argparse.ArgumentParser(prog="scripts/recipes", description=__doc__)
    reader.add_argument("--kind", choices=WALKS | OFFICIAL, help="walks of this kind only")
    reader.add_argument("--runs", type=int, default=20_000, help="how many walks, of all kinds together (20,000)")
    reader.add_argument("--seed", type=int, help="only the walk with this seed")
    reader.add_argument("--first", type=int, default=0, help="the first seed (0)")
    reader.add_argument("--processes", type=int, default=os.cpu_count(), help="how many processes")
    chosen = reader.parse_args()
    kinds = [chosen.kind] if chosen.kind else list(WALKS)
    seeds = range(chosen.first, chosen.first + chosen.runs // len(kinds)) if chosen.seed is None else [chosen.seed]
    failed: Counter[str] = Counter()
    with ProcessPoolExecutor(chosen.processes) as pool:
        for kind in kinds:
            steps = 0
            for seed, (taken, wrong) in zip(seeds, pool.map(partial(walk, kind), seeds, chunksize=50), strict=True):
                steps += taken
                if wrong:
                    failed[kind] += 1
                    print(f"{kind}, seed {seed}:\n{wrong}", flush=True)
            print(f"{kind}: {len(seeds)} walks, {steps / len(seeds):.0f} steps on average, {failed[kind]} went wrong", flush=True)
    return int(failed.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
