"""docs/simulated.md describes the present simulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.go_suite import find_excuses

_ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.simulated", "--check"], cwd=_ROOT, timeout=60, check=False)
    assert done.returncode == 0, "generate it with: python -m scripts.simulated"


@pytest.mark.parametrize("version", ["1.8.7", "1.22.5"])
def test_the_documentation_explains_each_excused_test_of_the_go_client(version: str) -> None:
    assert find_excuses(version)
