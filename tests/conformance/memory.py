"""An agent in memory, where every address leads for as long as it is there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consul_proto.config import Config
from consul_proto.simulator.settings import Version
from consulate import adapters
from consulate.testing import ConsulAgent
from tests.agents import Agent
from transports.async_simulated import AsyncSimulatedTransport
from transports.protocol import AsyncTransport, Transport
from transports.simulated import SimulatedTransport


@contextmanager
def memory_agent(version: Version) -> Iterator[Agent]:
    """Make an agent whose time passes by itself, with ACLs on."""
    token = str(uuid.uuid4())
    agent = ConsulAgent(version=version, node="test-node", acl_token=token, script_checks=True, clock="real")

    def transport(_adapter: object, _config: Config) -> Transport:
        return SimulatedTransport(agent.simulated)

    def async_transport(_adapter: object, _config: Config) -> AsyncTransport:
        return AsyncSimulatedTransport(agent.simulated)

    with pytest.MonkeyPatch.context() as patched:
        for adapter in (adapters.Request, adapters.UnixSocketRequest):
            patched.setattr(adapter, "transport", transport)
            patched.setattr(adapter, "async_transport", async_transport)
        yield Agent(version, "127.0.0.1", 8500, "/consul.sock", "test-node", "dc1", token)
