"""An agent in memory, and clients on it."""

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

Clock = Literal["virtual", "real"]


class Options(ClientOptions, total=False):
    """What a client on an agent in memory can be told; datacenter, token and kv_codec are those of `Consul`."""

    datacenter: str | None
    token: str | None
    kv_codec: Codec


class ConsulAgent:
    """An agent in memory. Clients of the same agent see the same store; two agents share nothing.

    version: whose answers it gives, "1.22.5" or "1.8.7". node, datacenter: what it calls itself. seed: agents with the same one give
    the same session ids, so that a failure can be repeated.
    acl_token: the ACL system is on, everything is denied but to this management token, and clients that are given no token use it.
    script_checks: whether checks with a script are accepted; nobody runs them here.
    clock: "virtual", time passes when somebody calls `advance`, or a client sleeps; "real", it passes by itself, and `advance` skips some.

    Raises ValueError for another clock or version, for an empty token, and for what is no name of a datacenter.
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
        clock: Clock = "virtual",
    ) -> None:
        if clock not in ("virtual", "real"):
            raise ValueError(f"a clock is virtual or real, not {clock!r}")
        if version not in get_args(VersionName):
            raise ValueError(f"a version is one of {', '.join(get_args(VersionName))}, not {version!r}")
        if acl_token == "":
            raise ValueError("the management token must not be empty")
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
        """Seconds that have passed since the agent began."""
        return self._agent.now

    @property
    def simulated(self) -> SimulatedAgent:
        """What transports speak to."""
        return self._agent

    @property
    def waiting(self) -> int:
        """How many blocking queries wait for an answer."""
        return self._agent.waiting

    @property
    def injections(self) -> Sequence[Injection]:
        """Which requests met a fault, client by client."""
        return [injection for transport in self._faulty for injection in transport.injections]

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once: sessions expire, blocking queries end, lock delays are over, calls time out.

        Raises ValueError below 0.
        """
        self._agent.advance(seconds)

    def client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> Consul:
        """Return a client for threads; the other options are those of `Consul`.

        faults: what befalls its requests. A blocking query waits for another thread or task, or for `advance`.
        """
        transport = SimulatedTransport(self._agent)
        return Consul(transport=transport if faults is None else self.faulty(transport, faults), **self._with_token(options))

    def async_client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> AsyncConsul:
        """Return a client for tasks; the other options are those of `AsyncConsul`. Event loops and threads may share the agent.

        faults: what befalls its requests.
        """
        from transports.simulated.tasks import AsyncSimulatedTransport  # anyio is imported when it is used

        transport = AsyncSimulatedTransport(self._agent)
        return AsyncConsul(transport=transport if faults is None else self.async_faulty(transport, faults), **self._with_token(options))

    def faulty(self, transport: Transport, faults: FaultPlan) -> FaultyTransport:
        """Return a plan of faults around a transport to `simulated`; they show in `injections`."""
        faulty = FaultyTransport(transport, faults, history=self._history)
        self._faulty.append(faulty)
        return faulty

    def async_faulty(self, transport: AsyncTransport, faults: FaultPlan) -> AsyncFaultyTransport:
        """As `faulty`, for tasks."""
        faulty = AsyncFaultyTransport(transport, faults, history=self._history)
        self._faulty.append(faulty)
        return faulty

    def _with_token(self, options: Options) -> Options:
        return {"token": self.token, **options} if self.token else options
