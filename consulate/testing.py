"""A Consul for tests, in memory: no server, no socket, and time that passes when the test says so.

    agent = ConsulAgent()
    consul = agent.client()
    session = consul.session.create(ttl="10s", behavior="delete")
    consul.kv.acquire_lock("leader", session)
    agent.advance(20)          # twice its TTL: Consul lets a session live that long
    assert "leader" not in consul.kv

What it simulates so far: key/value store, transactions on it, sessions, blocking queries, events and status. Anything else answers 501.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consul_proto.simulator import Settings, Simulator
from consulate.client import AsyncConsul, Consul
from transports.simulated import SimulatedAgent, SimulatedTransport

if TYPE_CHECKING:
    from consul_proto.simulator.settings import Version

__all__ = ["ConsulAgent"]


class ConsulAgent:
    """An agent in memory. Clients of the same agent see the same store; two agents share nothing.

    version: whose answers it gives, "1.22.5" or "1.8.7". node, datacenter: what it calls itself. seed: agents with the same one give
    the same session ids, so that a failure can be repeated.
    """

    def __init__(self, *, version: Version = "1.22.5", node: str = "consul", datacenter: str = "dc1", seed: int = 0) -> None:
        self._agent = SimulatedAgent(Simulator(Settings(version=version, node=node, datacenter=datacenter, seed=seed)))

    @property
    def now(self) -> float:
        """Seconds that have passed since the agent began."""
        return self._agent.now

    @property
    def waiting(self) -> int:
        """How many blocking queries wait for an answer."""
        return self._agent.waiting

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once: sessions expire, blocking queries end, lock delays are over, calls time out.

        Raises ValueError below 0.
        """
        self._agent.advance(seconds)

    def client(self, **options: Any) -> Consul:
        """Return a client for threads; `options` are those of `Consul`. Blocking queries wait for another thread, or for `advance`."""
        return Consul(transport=SimulatedTransport(self._agent), **options)

    def async_client(self, **options: Any) -> AsyncConsul:
        """Return a client for tasks; `options` are those of `AsyncConsul`. All tasks that use the agent run in one event loop."""
        from transports.async_simulated import AsyncSimulatedTransport  # anyio is imported when it is used

        return AsyncConsul(transport=AsyncSimulatedTransport(self._agent), **options)
