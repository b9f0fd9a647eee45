"""Mutants of the simulator: each breaks one rule in one line, to test the tests.

`scripts/mutants` makes one after the other in a copy, and runs the simulator's tests there. A mutant survives if no test fails.
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

from tests.simulator.broken_rules import MUTANTS, Mutant

#: The project's root.
ROOT = Path(__file__).parents[2]

#: What a copy consists of.
_PARTS = ("consul_proto", "transports", "consulate", "tests", "pyproject.toml")

#: The tests that must fail: those without a real Consul.
_TESTS = (
    *("acl", "agent", "catalog", "config", "connect", "discovery", "filters", "kv", "operator"),
    *("engine/test_blocking.py", "engine/test_parameters.py"),
)

#: Seconds for the tests; a mutant that hangs counts as noticed.
_PATIENCE = 120


def is_detected(mutant: Mutant) -> bool:
    """Make a mutant in a copy, and return whether its tests fail."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        for part in _PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(name, part))
        path = Path(name, "consul_proto", "simulator", mutant.file)
        text = path.read_text()
        assert text.count(mutant.text) == 1, f"{mutant.rule}: its text must be in the file exactly once"
        path.write_text(text.replace(mutant.text, mutant.broken))
        tests = [f"tests/simulator/{test}" for test in _TESTS]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not real", *tests]
        environment = {name: value for name, value in os.environ.items() if name not in ("CONSUL_BINS", "CONSUL_REQUIRED")}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
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
    chosen = [mutant for mutant in MUTANTS if reader.parse_args().only in mutant.rule]
    survived = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, detected in zip(chosen, pool.map(is_detected, chosen), strict=True):
            print(f"{'noticed ' if detected else 'SURVIVED'} {mutant.rule} ({mutant.file})", flush=True)
            survived += not detected
    print(f"{len(chosen)} rules broken, {len(chosen) - survived} noticed")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
