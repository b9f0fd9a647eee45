"""Fixtures for pytest: `consul`, `async_consul` and `consul_agent`, on an agent in memory, or on a real one with `--consul=URL`.

The fixtures of a test share one agent, and no two tests do. On a real agent they share that one; what a test wrote through them is undone
when it ends: keys deleted, sessions destroyed, services, checks and nodes deregistered (a key that was there before is not brought back).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulate import AsyncConsul, Consul
    from consulate.testing.agent import ConsulAgent
    from consulate.testing.real import RealAgent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--consul`."""
    parser.getgroup("consul").addoption(
        "--consul",
        metavar="URL",
        default=None,
        help="run the tests that use the fixtures of consulate on this agent, which must be one for tests; in memory where it is not given",
    )


@pytest.fixture
def consul_agent(request: pytest.FixtureRequest) -> Iterator[ConsulAgent | RealAgent]:
    """An agent of the test's own, in memory, whose time passes with `advance`; or the real one of `--consul`, which skips there."""
    url = request.config.getoption("--consul")
    if url is None:
        from consulate.testing.agent import ConsulAgent  # imported when a test uses it

        yield ConsulAgent()
        return
    from consulate.testing.real import RealAgent

    agent = RealAgent(url, skip=pytest.skip)
    try:
        yield agent
    finally:
        agent.clean_up()


@pytest.fixture
def consul(consul_agent: ConsulAgent | RealAgent) -> Iterator[Consul]:
    """A client for threads on the test's agent."""
    with consul_agent.client() as client:
        yield client


@pytest.fixture
def async_consul(consul_agent: ConsulAgent | RealAgent) -> AsyncConsul:
    """A client for tasks on the test's agent, for a test that asyncio, trio or anyio runs, whichever plugin it has that from.

    It connects when it is used, in the event loop of the test. One that is not closed there leaves nothing behind.
    """
    return consul_agent.async_client()
