"""An agent in memory, and a way to connect every client to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from consul_proto.config import Config
from consul_proto.simulator.engine.versions import VersionName
from consulate import adapters
from consulate.testing import ConsulAgent
from tests.agents import Agent
from transports.protocol import AsyncTransport, Transport
from transports.simulated.agent import SimulatedAgent, SimulatedTransport
from transports.simulated.tasks import AsyncSimulatedTransport


@dataclass(frozen=True)
class MemoryAgent(Agent):
    """An agent in this process."""

    simulated: SimulatedAgent = field(repr=False)


def make_memory_agent(version: VersionName) -> MemoryAgent:
    """Make an agent in memory with a real clock, and with ACLs on."""
    token = str(uuid.uuid4())
    agent = ConsulAgent(version=version, node="test-node", acl_token=token, script_checks=True, clock="real")
    return MemoryAgent(version, "127.0.0.1", 8500, "/consul.sock", "test-node", "dc1", token, agent.simulated, is_simulated=True)


@contextmanager
def redirect_clients(agent: MemoryAgent) -> Iterator[None]:
    """Connect every new client to this agent, whatever its address is."""

    def transport(_adapter: object, _config: Config) -> Transport:
        return SimulatedTransport(agent.simulated)

    def async_transport(_adapter: object, _config: Config) -> AsyncTransport:
        return AsyncSimulatedTransport(agent.simulated)

    with pytest.MonkeyPatch.context() as patched:
        for adapter in (adapters.Request, adapters.SocketRequest, adapters.UnixSocketRequest):
            patched.setattr(adapter, "transport", transport)
            patched.setattr(adapter, "async_transport", async_transport)
        yield
