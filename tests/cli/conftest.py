"""The agents that commands run on: `consulate dev`, and each real Consul of CONSUL_BINS.

A command is a process, so these tests take long: older versions of `consulate dev` are tried only where real Consuls are tried too.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from consulate import Consul
from tests.agents import Binary, find_binaries, find_dev_versions, start_agent, start_dev
from tests.cli.acl_clusters import AGENTS, Cluster, fill, start
from tests.cli.program import Shell

#: The agents of `shell`: a version of `consulate dev`, or a real Consul.
SHELL_AGENTS: list[str | Binary] = [*(find_dev_versions() if find_binaries() else find_dev_versions()[-1:]), *find_binaries()]


def id_of(agent: str | Binary) -> str:
    """Return the name of an agent in the names of tests."""
    return f"dev {agent}" if isinstance(agent, str) else f"Consul {agent.version}"


@pytest.fixture(scope="session", autouse=True)
def _signals() -> Iterator[None]:
    """Let commands get the signals that a job in the background ignores, and with it the processes that it starts."""
    ignored = [each for each in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.default_int_handler if each is signal.SIGINT else signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.fixture(scope="package", params=SHELL_AGENTS, ids=id_of)
def _shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    kind: str | Binary = request.param
    with start_dev(kind) if isinstance(kind, str) else start_agent(kind, acls=False) as agent:
        yield Shell(agent)


@pytest.fixture
def shell(_shell: Shell) -> Iterator[Shell]:
    """Runs commands on an agent that has no keys."""
    yield _shell
    with Consul(_shell.agent.host, _shell.agent.port) as consul:
        consul.kv.delete("", recurse=True)


@pytest.fixture
def consul(shell: Shell) -> Iterator[Consul]:
    """A client for the agent of the shell."""
    with Consul(shell.agent.host, shell.agent.port) as client:
        yield client


@pytest.fixture(params=AGENTS, ids=id_of)
def kind(request: pytest.FixtureRequest) -> str | Binary:
    """Each agent: `consulate dev` of both versions, and each real Consul."""
    kind: str | Binary = request.param
    return kind


@pytest.fixture
def clusters(kind: str | Binary) -> Iterator[tuple[Cluster, Cluster]]:
    """Two new clusters: one with ACL objects of each kind, one without."""
    with ExitStack() as stack:
        first, second = start(stack, kind), start(stack, kind)
        fill(first.consul)
        yield first, second


@pytest.fixture
def cluster(kind: str | Binary) -> Iterator[Cluster]:
    """A new cluster with ACL objects of each kind."""
    with ExitStack() as stack:
        cluster = start(stack, kind)
        fill(cluster.consul)
        yield cluster
