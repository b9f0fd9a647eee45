"""Random calls get the same answers from the simulator and from real agents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.agents import Binary, start_agent
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.groups import GROUPS, Group


@pytest.fixture(scope="module", params=[*GROUPS.values()], ids=[*GROUPS])
def group_sides(request: pytest.FixtureRequest, binary: Binary) -> Iterator[tuple[Group, Sides]]:
    """A group of calls, a real agent for it, and a simulator of the same version."""
    group: Group = request.param
    with start_agent(binary, acls=group.acls) as agent, closing(Sides(agent, indexes=group.indexes)) as sides:
        yield group, sides


@pytest.mark.real
# The calls are the same each time: scripts/differential looks for new ones, with a seed. Examples are short enough without shrinking.
@settings(
    max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "40")),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_answers_to_random_calls_are_the_same(group_sides: tuple[Group, Sides], data: st.DataObject) -> None:
    group, sides = group_sides
    assert sides.clear() == []
    for call in data.draw(group.examples):
        assert sides.differences(call) == []
