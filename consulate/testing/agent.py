"""A simulated agent in memory, and clients on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, get_args

from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.settings import datacenter_name
from consul_proto.simulator.engine.versions import Version, VersionName
from consulate.client import AsyncConsul, Consul
from consulate.configuration import ClientOptions
from transports.faults.transport import AnswerHistory, AsyncFaultyTransport, FaultyTransport
from transports.simulated.agent import SimulatedAgent, SimulatedTransport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.codec import Codec
    from transports.faults.plans import FaultPlan, Injection
    from transports.protocol import AsyncTransport, Transport

ClockKind = Literal["virtual", "real"]


class Options(ClientOptions, total=False):
    """The options of a client on an agent in memory, with the meaning that they have for `Consul`."""

    datacenter: str | None
    token: str | None
    kv_codec: Codec


class ConsulAgent:
    """A simulated agent in memory. Clients of one agent share its state; two agents share nothing.

    version: the Consul version to emulate, "1.22.5" or "1.8.7". node, datacenter: the agent's names. seed: agents with the same seed create
    the same session ids, so that a failure can be repeated.
    acl_token: turns ACLs on, with this management token; without a token, everything is denied. Clients use this token by default.
    script_checks: whether checks with a script are accepted. (No check is run.)
    clock: "virtual": time passes only when `advance` is called or a client sleeps. "real": it passes by itself, and `advance` adds to it.

    Raises ValueError for an unknown clock or version, an empty token, or an invalid name of a datacenter.
    """

    def __init__(
        self,
        *,
        version: VersionName = "1.22.5",
        node: str = "consul",
        datacenter: str = "dc1",
        seed: int = 0,
        acl_token: str | None = None,
        script_checks: bool = False,
        clock: ClockKind = "virtual",
    ) -> None:
        if clock not in ("virtual", "real"):
            raise ValueError(f"clock must be 'virtual' or 'real', not {clock!r}")
        if version not in get_args(VersionName):
            raise ValueError(f"version must be one of {', '.join(get_args(VersionName))}, not {version!r}")
        if acl_token == "":
            raise ValueError("acl_token must not be empty; leave it out to run without ACLs")
        settings = Settings(
            version=Version.parse(version),
            node=node,
            datacenter=datacenter_name(datacenter),
            seed=seed,
            acls=bool(acl_token),
            management_token=acl_token or "",
            script_checks=script_checks,
            since=time.time() if clock == "real" else 0.0,
        )
        self.token = acl_token
        self._agent = SimulatedAgent(Simulator(settings), is_real=clock == "real")
        self._history = AnswerHistory()
        self._faulty: list[FaultyTransport | AsyncFaultyTransport] = []

    @property
    def now(self) -> float:
        """The agent's time: seconds since it was made."""
        return self._agent.now

    @property
    def simulated(self) -> SimulatedAgent:
        """The simulator behind this agent, for transports of your own."""
        return self._agent

    @property
    def waiting(self) -> int:
        """The number of blocking queries that wait for an answer."""
        return self._agent.waiting

    @property
    def injections(self) -> Sequence[Injection]:
        """The faults that were injected so far, client by client."""
        return [injection for transport in self._faulty for injection in transport.injections]

    def advance(self, seconds: float) -> None:
        """Move the clock forward: sessions expire, blocking queries and lock delays end, calls time out.

        Raises ValueError below 0.
        """
        self._agent.advance(seconds)

    def client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> Consul:
        """Return a client for threads; the other options are those of `Consul`.

        faults: the faults for its requests. A blocking query waits for another thread or task, or for `advance`.
        """
        transport = SimulatedTransport(self._agent)
        return Consul(transport=transport if faults is None else self.faulty(transport, faults), **self._with_token(options))

    def async_client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> AsyncConsul:
        """Return a client for tasks; the other options are those of `AsyncConsul`. Event loops and threads can share the agent.

        faults: the faults for its requests.
        """
        from transports.simulated.tasks import AsyncSimulatedTransport  # imported here, so that threads need no anyio

        transport = AsyncSimulatedTransport(self._agent)
        return AsyncConsul(transport=transport if faults is None else self.async_faulty(transport, faults), **self._with_token(options))

    def faulty(self, transport: Transport, faults: FaultPlan) -> FaultyTransport:
        """Return a transport that wraps a transport to `simulated` and injects the faults of a plan. `injections` lists the faults."""
        faulty = FaultyTransport(transport, faults, history=self._history)
        self._faulty.append(faulty)
        return faulty

    def async_faulty(self, transport: AsyncTransport, faults: FaultPlan) -> AsyncFaultyTransport:
        """Return a transport that injects a fault plan, for tasks; see `faulty`."""
        faulty = AsyncFaultyTransport(transport, faults, history=self._history)
        self._faulty.append(faulty)
        return faulty

    def _with_token(self, options: Options) -> Options:
        return {"token": self.token, **options} if self.token and "auth" not in options else options
