"""Fixtures: simulated agents, and real agents beside simulators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from consul_proto.simulator.engine.versions import SIMULATED, V1_22_5
from tests.agents import Binary, find_binaries, require_binary, start_agent
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]


@pytest.fixture(scope="session", params=_BINARIES, ids=lambda binary: "no Consul" if binary is None else str(binary.version))
def binary(request: pytest.FixtureRequest) -> Binary:
    """A Consul of each version that is installed."""
    return require_binary(request.param)


@pytest.fixture(scope="session")
def sides(binary: Binary) -> Iterator[Sides]:
    """A new real agent without ACLs, and a simulator of its version."""
    with start_agent(binary, acls=False) as agent, closing(Sides(agent)) as both:
        yield both


@pytest.fixture(scope="session")
def acl_sides(binary: Binary) -> Iterator[Sides]:
    """A new real agent with ACLs, and a simulator of its version."""
    with start_agent(binary, acls=True) as agent, closing(Sides(agent)) as both:
        yield both


@pytest.fixture(params=SIMULATED, ids=str)
def agent(request: pytest.FixtureRequest) -> SimulatedAgent:
    """A simulator of each version, without ACLs."""
    return SimulatedAgent(version=request.param)


@pytest.fixture(params=SIMULATED, ids=str)
def acl_agent(request: pytest.FixtureRequest) -> SimulatedAgent:
    """A simulator of each version with ACLs, that denies what no rule allows."""
    return SimulatedAgent(version=request.param, acls=True, management_token=MANAGES)


@pytest.fixture
def new_agent() -> SimulatedAgent:
    """A simulator of the latest version, for what only this one has."""
    return SimulatedAgent(version=V1_22_5)
