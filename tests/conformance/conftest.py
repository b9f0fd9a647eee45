"""Agents for the whole run, with ACLs on: a real one of each version, `consulate dev`, and an agent in memory.

Without a binary, tests on a real agent are skipped, or fail with CONSUL_REQUIRED=1."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from consul_proto.simulator.engine.versions import VersionName
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, require_binary, start_agent, start_dev
from tests.conformance.memory import MemoryAgent, make_memory_agent, redirect_clients
from tests.faces import ASYNCIO, TRIO, URLLIB3

#: Variables for these tests, which clients do not read.
_OURS = ("CONSUL_BINS", "CONSUL_REQUIRED")

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]


#: The versions of `consulate dev`.
_DEV = [f"dev {version}" for version in find_dev_versions()]


_MEMORY: dict[str, VersionName] = {"memory 1.8.7": "1.8.7", "memory 1.22.5": "1.22.5"}


def _param_id(param: Binary | str | None) -> str:
    if isinstance(param, str):
        return param
    return "no Consul" if param is None else str(param.version)


@pytest.fixture(scope="session", params=[*_BINARIES, *_DEV, *_MEMORY], ids=_param_id)
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    """A running agent."""
    if request.param in _MEMORY:
        yield make_memory_agent(_MEMORY[request.param])
        return
    if isinstance(request.param, str):
        with start_dev(request.param.removeprefix("dev "), "--enable-script-checks", acls=True) as running:
            yield running
        return
    with start_agent(require_binary(request.param), acls=True) as running:
        yield running


#: The kinds of clients that differ on an agent in memory, where no adapter opens a socket.
_IN_MEMORY = (URLLIB3, ASYNCIO, TRIO)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run each test of the agent in memory once for threads, once for asyncio, and once for trio."""
    same = [
        item
        for item in items
        if isinstance(item, pytest.Function)
        and (params := getattr(getattr(item, "callspec", None), "params", {})).get("agent") in _MEMORY
        and params.get("face", URLLIB3) not in _IN_MEMORY
    ]
    config.hook.pytest_deselected(items=same)
    left_out = set(same)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the CONSUL_* variables of the environment."""
    for name in [name for name in os.environ if name.startswith("CONSUL_") and name not in _OURS]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def addresses(request: pytest.FixtureRequest) -> Iterator[None]:
    """In a test of the agent in memory, connect every client to it."""
    agent = request.getfixturevalue("agent") if "agent" in request.fixturenames else None
    if isinstance(agent, MemoryAgent):
        with redirect_clients(agent):
            yield
    else:
        yield
