"""A simulated Consul in memory, for tests: no server, no socket, and a clock that the test controls.

    agent = ConsulAgent()
    consul = agent.client()
    session = consul.session.create(ttl="10s", behavior="delete")
    consul.kv.acquire_lock("leader", session)
    agent.advance(20)          # twice its TTL: Consul keeps a session that long
    assert "leader" not in consul.kv

Also here: fault plans for any transport (`FaultPlan`), and, with the extra `testing`, strategies for Hypothesis
(`consulate.testing.strategies`) and fixtures for pytest. The agent answers 501 to requests that it does not simulate.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consulate.testing.agent import ConsulAgent
    from consulate.testing.machine import ConsulStateMachine
    from consulate.testing.programs import End, Interleaving, Pass, Programs, sleep
    from transports.faults.plans import FaultPlan
    from transports.faults.transport import AsyncFaultyTransport, FaultyTransport

__all__ = [
    "AsyncFaultyTransport",
    "ConsulAgent",
    "ConsulStateMachine",
    "End",
    "FaultPlan",
    "FaultyTransport",
    "Interleaving",
    "Pass",
    "Programs",
    "sleep",
]

#: Public name -> its module. Each name is imported when it is first used, so that a pytest run without them takes no extra time.
_HOMES = {
    "AsyncFaultyTransport": "transports.faults.transport",
    "ConsulAgent": "consulate.testing.agent",
    "ConsulStateMachine": "consulate.testing.machine",
    "End": "consulate.testing.programs",
    "FaultPlan": "transports.faults.plans",
    "FaultyTransport": "transports.faults.transport",
    "Interleaving": "consulate.testing.programs",
    "Pass": "consulate.testing.programs",
    "Programs": "consulate.testing.programs",
    "sleep": "consulate.testing.programs",
}


if not TYPE_CHECKING:  # type checkers see the imports above, and reject any other name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module(_HOMES[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
