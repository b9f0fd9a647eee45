"""The simulator and the real agents, asked the same: nothing may differ."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agents import Binary, find_binaries, running_agent
from tests.simulator import drawn, drawn_catalog
from tests.simulator.differential import Ask, Sides

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]


@pytest.fixture(scope="module", params=_BINARIES, ids=lambda binary: "no Consul" if binary is None else str(binary.version))
def sides(request: pytest.FixtureRequest) -> Iterator[Sides]:
    """A new agent without ACLs, and a simulator of its version."""
    if request.param is None:
        says = "there is no Consul: name one in CONSUL_BINS or put it on PATH"
        if os.environ.get("CONSUL_REQUIRED") == "1":
            pytest.fail(says)
        pytest.skip(says)
    with running_agent(request.param, acls=False) as agent, closing(Sides(agent)) as both:
        yield both


@pytest.mark.real
@settings(max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "40")), suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("drawn", [pytest.param(drawn.ASKS, id="kv"), pytest.param(drawn_catalog.ASKS, id="catalog")])
@given(data=st.data())
def test_nothing_differs(sides: Sides, drawn: st.SearchStrategy[Ask], data: st.DataObject) -> None:
    sides.clear()
    asks = data.draw(st.lists(drawn, min_size=1, max_size=40))
    for ask in asks:
        assert sides.differences(ask) == []
