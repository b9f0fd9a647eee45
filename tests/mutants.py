"""Mutants of the simulator, of the recipes and of the transports: each breaks one rule in one line, to test the tests.

`scripts/mutants` makes one after the other in a copy, and runs the tests of its rules there. A mutant survives if no test fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.recipes.broken_rules import RECIPE_MUTANTS
from tests.simulator.broken_rules import MUTANTS, Mutant
from tests.transports.broken_exchange_rules import EXCHANGE_MUTANTS

#: The project's root.
ROOT = Path(__file__).parents[1]

#: What a copy consists of.
_PARTS = ("consul_proto", "transports", "consulate", "tests", "pyproject.toml")


class Rules(NamedTuple):
    """The rules of a package: its folder, the mutants that break them, and the tests that must fail, those without a real Consul."""

    folder: str
    mutants: list[Mutant]
    tests: tuple[str, ...]


RULES = (
    Rules(
        "consul_proto/simulator",
        MUTANTS,
        (
            *(
                f"tests/simulator/{name}"
                for name in ("acl", "agent", "catalog", "config", "connect", "discovery", "filters", "kv", "operator")
            ),
            *("tests/simulator/engine/test_blocking.py", "tests/simulator/engine/test_parameters.py"),
        ),
    ),
    Rules(
        "consul_proto/recipes", RECIPE_MUTANTS, ("tests/proto/recipes", "tests/recipes/test_taking_turns.py", "tests/recipes/test_walks.py")
    ),
    Rules(
        "transports",
        EXCHANGE_MUTANTS,
        (
            "tests/transports/clients/test_pool.py",
            "tests/transports/machines/test_readiness.py",
            "tests/transports/clients/test_exchanges.py",
            "tests/recipes/test_bulk_sockets.py",
        ),
    ),
)

#: Seconds for the tests; a mutant that hangs counts as noticed.
_PATIENCE = 240


def is_detected(rules: Rules, mutant: Mutant) -> bool:
    """Make a mutant in a copy, and return whether its tests fail."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        for part in _PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(name, part))
        path = Path(name, rules.folder, mutant.file)
        text = path.read_text()
        assert text.count(mutant.text) == 1, f"{mutant.rule}: its text must be in the file exactly once"
        path.write_text(text.replace(mutant.text, mutant.broken))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not real", *rules.tests]
        environment = {name: value for name, value in os.environ.items() if name not in ("CONSUL_BINS", "CONSUL_REQUIRED")}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "RECIPE_WALKS": "300"}
        try:
            done = subprocess.run(command, cwd=name, env=environment, capture_output=True, text=True, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return True
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 1


def main() -> int:
    """Make each mutant, and print the result. Return 1 if one survives."""
    reader = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    reader.add_argument("--only", default="", help="the mutants of whose rules this is a part")
    reader.add_argument("--of", default="", help="the mutants of this folder (recipes, transports)")
    arguments = reader.parse_args()
    chosen = [
        (rules, mutant)
        for rules in RULES
        if rules.folder.endswith(arguments.of)
        for mutant in rules.mutants
        if arguments.only in mutant.rule
    ]
    survived = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (_, mutant), detected in zip(chosen, pool.map(is_detected, *zip(*chosen, strict=True)), strict=True):
            print(f"{'noticed ' if detected else 'SURVIVED'} {mutant.rule} ({mutant.file})", flush=True)
            survived += not detected
    print(f"{len(chosen)} rules broken, {len(chosen) - survived} noticed")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
