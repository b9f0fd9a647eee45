"""Drawn filters select what they mean, on the simulator and on real agents. `scripts/filters` draws more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agents import Binary, find_binaries, find_dev_versions
from tests.filters.comparison import Comparison
from tests.filters.long_run import on_consul, on_simulator
from tests.filters.scene import LISTINGS

_SPEC = Path(__file__).parent.parent / "spec" / "endpoints.json"

#: A few for each call.
_EXPRESSIONS = 400


def _judge(comparison: Comparison) -> None:
    assert [*comparison.differences(_EXPRESSIONS, seed=1)] == []
    for call, (selected, left) in comparison.counted.items():
        assert selected, f"no expression selects a row of {call}"
        assert left, f"no expression leaves out a row of {call}"


@pytest.mark.parametrize("version", find_dev_versions())
def test_drawn_filters_select_what_they_mean_on_the_simulator(version: str) -> None:
    with on_simulator(version) as comparison:
        _judge(comparison)


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_drawn_filters_select_what_they_mean_on_a_real_agent(binary: Binary) -> None:
    with on_consul(binary) as comparison:
        _judge(comparison)


def test_every_call_that_takes_a_filter_is_compared() -> None:
    # The spec has other names for two calls (see docs/design.md).
    renamed = {"agent.service.list": "agent.services", "agent.check.list": "agent.checks"}
    taking = {row["id"] for row in json.loads(_SPEC.read_text()) if any(option["name"] == "filter" for option in row["query"])}
    assert {listing.name for listing in LISTINGS} == {renamed.get(name, name) for name in taking}
