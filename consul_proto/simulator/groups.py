"""Name every simulated group of an agent. A new group is named here, and nowhere else.

A group with state is one line in `Groups`: `_save` adds it to the saved state, `_time` to the groups with timers. A group with endpoints is
one line in `_ENDPOINTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from consul_proto.simulator.acl.endpoint import ACLEndpoint
from consul_proto.simulator.acl.legacy import LegacyEndpoint
from consul_proto.simulator.acl.login import LoginEndpoint
from consul_proto.simulator.acl.system import ACLSystem
from consul_proto.simulator.acl.tables import ACLs
from consul_proto.simulator.acl.templates import TemplateEndpoint
from consul_proto.simulator.agent.checks import CheckEndpoint
from consul_proto.simulator.agent.endpoint import AgentEndpoint
from consul_proto.simulator.agent.events import Events
from consul_proto.simulator.agent.local import Local
from consul_proto.simulator.agent.members import register_itself
from consul_proto.simulator.agent.services import ServiceEndpoint
from consul_proto.simulator.agent.telemetry import Telemetry, TelemetryEndpoint
from consul_proto.simulator.catalog.coordinates import Coordinates
from consul_proto.simulator.catalog.endpoint import CatalogEndpoint, Reader
from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.config.entries import ConfigEndpoint, ConfigEntries
from consul_proto.simulator.connect.authorize import AuthorizeEndpoint
from consul_proto.simulator.connect.ca import CARoots
from consul_proto.simulator.connect.intentions import Intentions
from consul_proto.simulator.discovery.health import HealthEndpoint
from consul_proto.simulator.discovery.queries import Queries
from consul_proto.simulator.engine.routes import Route, Routes
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import State, Store
from consul_proto.simulator.engine.uuids import Ids
from consul_proto.simulator.kv.kv import KV, KVEndpoint
from consul_proto.simulator.kv.sessions import SessionEndpoint, Sessions
from consul_proto.simulator.kv.txn import Txn
from consul_proto.simulator.kv.txn_catalog import CatalogSteps
from consul_proto.simulator.operator.endpoint import OperatorEndpoint
from consul_proto.simulator.operator.keyring import KeyringEndpoint
from consul_proto.simulator.operator.snapshot import SnapshotEndpoint
from consul_proto.simulator.operator.status import StatusEndpoint
from consul_proto.simulator.operator.usage import UsageEndpoint


class Timed(Protocol):
    """A group with timers."""

    def next_deadline(self) -> float | None:
        """Return the time of the next event; None: never."""
        ...

    def advance(self, now: float) -> None:
        """Do what is due."""
        ...


class Routed(Protocol):
    """A group with endpoints."""

    def routes(self) -> Mapping[str, Route]:
        """The endpoints, by path."""
        ...


class Saved(NamedTuple):
    """A group with state. is_own: the state belongs to the agent itself, and is not in snapshots of the servers."""

    group: State
    is_own: bool


_Saved = TypeVar("_Saved", bound=State)
_Timed = TypeVar("_Timed", bound=Timed)


class Groups:
    """The groups of one agent, made in the order in which a server starts them.

    clock: gives the time in seconds. jitter: see `Simulator`. take, restore: dump and load the state of the servers.
    """

    def __init__(
        self,
        settings: Settings,
        ids: Ids,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        take: Callable[[], Any],
        restore: Callable[[Any, float], None],
    ) -> None:
        self.settings, self.version, self.new_id, self.take, self.restore = settings, settings.version, ids.new, take, restore
        #: The groups with state, by their names in a dump, in the order in which they are loaded.
        self.saved: dict[str, Saved] = {}
        #: The groups with timers.
        self.timed: list[Timed] = []
        save, timed, store, new_id = self._save, self._time, Store(), ids.new
        self.store = save("store", store)
        self.sessions = timed(save("sessions", Sessions(store, settings.version)))
        self.kv = save("kv", KV(store, self.sessions))
        self.catalog = save("catalog", Catalog(store, settings.version))
        self.local = timed(save("agent", Local(store, self.catalog, settings, jitter, self._may_write, clock), is_own=True))
        self.acls = timed(save("acls", ACLs(store, settings, new_id)))
        self.operator = save("operator", OperatorEndpoint(store, settings))
        self.roots = CARoots(store, settings)
        self.config = save("config", ConfigEntries(store, settings))
        self.intentions = save("intentions", Intentions(store, self.config, settings, new_id))
        self.coordinates = save("coordinates", Coordinates(store, self.catalog, settings))
        self.reader = Reader(store, self.catalog, settings, self.coordinates.distances)
        self.queries = save("queries", Queries(store, self.catalog, self.sessions, self.reader, settings, new_id))
        self.telemetry = timed(Telemetry(settings, clock))
        self.events = save("events", Events(store, settings, new_id, lambda: self.local.services), is_own=True)
        self.catalog.on_gone = lambda node, check: self.sessions.gone(node, check, clock())
        self.sessions.on_gone = self.queries.session_ended
        register_itself(store, self.catalog, settings)

    def _save(self, name: str, group: _Saved, *, is_own: bool = False) -> _Saved:
        self.saved[name] = Saved(group, is_own)
        return group

    def _time(self, group: _Timed) -> _Timed:
        self.timed.append(group)
        return group

    def _may_write(self, token: str, resource: str, name: str) -> bool:
        return self.acls.may_write(token, resource, name)

    def routes(self) -> Routes:
        """Return the endpoints of all groups."""
        return Routes(*(make(self).routes() for make in _ENDPOINTS), version=self.version)


#: Makes each group with endpoints.
_ENDPOINTS: tuple[Callable[[Groups], Routed], ...] = (
    lambda its: KVEndpoint(its.store, its.kv, its.sessions, its.version),
    lambda its: Txn(its.store, its.kv, its.sessions, CatalogSteps(its.catalog, its.settings), its.version),
    lambda its: SessionEndpoint(its.store, its.sessions, its.catalog, its.settings, its.new_id),
    lambda its: its.events,
    lambda its: CatalogEndpoint(its.reader, its.store, its.catalog, its.settings, its.local.note_write),
    lambda its: HealthEndpoint(its.reader, its.store, its.catalog, its.config, its.settings),
    lambda its: AgentEndpoint(its.store, its.local, its.settings),
    lambda its: TelemetryEndpoint(its.telemetry, its.settings),
    lambda its: ServiceEndpoint(its.local, its.settings),
    lambda its: CheckEndpoint(its.local, its.settings),
    lambda its: ACLEndpoint(its.store, its.acls, its.settings, its.new_id),
    lambda its: LoginEndpoint(its.acls, its.settings),
    lambda its: ACLSystem(its.store, its.acls, its.settings),
    lambda its: TemplateEndpoint(its.settings),
    lambda its: LegacyEndpoint(its.store, its.acls, its.settings, its.new_id),
    lambda its: ConfigEndpoint(its.store, its.config, its.catalog, its.settings),
    lambda its: its.intentions,
    lambda its: AuthorizeEndpoint(its.intentions, its.settings),
    lambda its: its.roots,
    lambda its: its.queries,
    lambda its: its.coordinates,
    lambda its: its.operator,
    lambda its: KeyringEndpoint(its.settings),
    lambda its: UsageEndpoint(its.store, its.catalog, its.settings),
    lambda its: SnapshotEndpoint(its.store, its.settings, its.take, its.restore),
    lambda _its: StatusEndpoint(),
)
