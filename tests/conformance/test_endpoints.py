"""Every endpoint of the Community Edition: its main success and its main error, on every agent, for threads and for tasks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from consulate.exceptions import ConsulateException
from tests.agents import Agent
from tests.conformance.endpoints.trial import TRIALS, TRIED_APART, UNTRIED, Outcome, Trial, has_endpoint, load_trials
from tests.conformance.world import World
from tests.faces import ASYNCIO, URLLIB3, Face
from tests.proto.manifest import ROWS

load_trials()

_ROOT = Path(__file__).parents[2]

_COMMUNITY = sorted(name for name, row in ROWS.items() if row["edition"] == "ce")


@pytest.mark.parametrize("face", [URLLIB3, ASYNCIO], ids=str)
@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_trial(trial: Trial, agent: Agent, face: Face) -> None:
    if reason := trial.reason_not_to_run("simulator" if agent.is_simulated else agent.version):
        pytest.skip(reason)
    world = World(face, agent)
    if has_endpoint(trial.endpoint, agent.version):
        world.run(trial.check)
    elif trial.outcome == "success":
        with pytest.raises(ConsulateException):
            world.run(trial.check)


@pytest.mark.parametrize("outcome", ["success", "error"])
def test_every_endpoint_is_tried_or_says_why_not(outcome: Outcome) -> None:
    tried = {trial.endpoint for trial in TRIALS if trial.outcome == outcome}
    tried |= {endpoint for endpoint, tried_outcome in TRIED_APART if tried_outcome == outcome}
    excused = {endpoint for endpoint, excused_outcome in UNTRIED if excused_outcome == outcome}
    assert tried & excused == set()
    assert sorted(tried | excused) == _COMMUNITY


def test_the_page_about_coverage_is_current() -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.coverage", "--check"], cwd=_ROOT, timeout=60, check=False)
    assert done.returncode == 0, "generate it with: python -m scripts.coverage"
