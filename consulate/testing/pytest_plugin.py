"""Fixtures for pytest: `consul`, `async_consul` and `consul_agent`, on an agent in memory, or on a real one with `--consul=URL`.

The fixtures of one test share an agent; each test has a new one. With `--consul`, all tests use that agent. After each test, what it wrote
through the fixtures is undone: keys are deleted, sessions destroyed, and services, checks and nodes deregistered. A value that was
overwritten is not restored.
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
        help="the agent for the fixtures of consulate; use an agent that is only for tests (default: a simulated agent in memory)",
    )


@pytest.fixture
def consul_agent(request: pytest.FixtureRequest) -> Iterator[ConsulAgent | RealAgent]:
    """An agent for this test. In memory, its clock moves with `advance`; on the real agent of `--consul`, `advance` skips the test."""
    url = request.config.getoption("--consul")
    if url is None:
        from consulate.testing.agent import ConsulAgent  # imported only when a test uses it

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
    """A client for tasks on the test's agent. It works on asyncio and trio, with any plugin that runs async tests.

    It connects when it is first used, in the event loop of the test. The test need not close it.
    """
    return consul_agent.async_client()
