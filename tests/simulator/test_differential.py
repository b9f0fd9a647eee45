"""The simulator and the real agents, asked the same: nothing may differ."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator import drawn, drawn_agent, drawn_catalog, drawn_filters
from tests.simulator.differential import Ask, Sides
from tests.simulator.drawn import SESSIONS


@pytest.mark.real
@settings(max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "40")), suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param(drawn.ASKS, id="kv"),
        pytest.param(drawn_catalog.ASKS, id="catalog"),
        pytest.param(drawn_agent.ASKS, id="agent"),
        pytest.param(drawn_filters.ASKS, id="filters"),
    ],
)
@given(data=st.data())
def test_nothing_differs(sides: Sides, drawn: st.SearchStrategy[Ask], data: st.DataObject) -> None:
    (sides.without_indexes() if drawn is drawn_agent.ASKS else sides).clear()
    asks = SESSIONS + data.draw(st.lists(drawn, min_size=1, max_size=40))
    for ask in asks:
        assert sides.differences(ask) == []
