"""The simulator and the real agents, asked the same: nothing may differ."""

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
def grouped(request: pytest.FixtureRequest, binary: Binary) -> Iterator[tuple[Group, Sides]]:
    """A group of requests, an agent for it, and a simulator of its version."""
    group: Group = request.param
    with start_agent(binary, acls=group.acls) as agent, closing(Sides(agent, indexes=group.indexes)) as sides:
        yield group, sides


@pytest.mark.real
# The same requests each time: what is new is looked for by scripts/differential, with a seed. An example is short enough as it is.
@settings(
    max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "40")),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_nothing_differs(grouped: tuple[Group, Sides], data: st.DataObject) -> None:
    group, sides = grouped
    assert sides.clear() == []
    for call in data.draw(group.examples):
        assert sides.differences(call) == []
