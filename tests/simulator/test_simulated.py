"""The page that says how far the simulator goes is that of the simulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_current() -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.simulated", "--check"], cwd=_ROOT, timeout=60, check=False)
    assert done.returncode == 0, "write it anew with: python -m scripts.simulated"
