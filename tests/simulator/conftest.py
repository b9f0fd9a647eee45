"""A real agent and a simulator of its version, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.agents import Binary, find_binaries, running_agent
from tests.simulator.differential import Sides

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
