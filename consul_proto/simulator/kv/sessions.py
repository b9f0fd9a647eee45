"""Sessions: what they hold, and what happens at their end.

https://developer.hashicorp.com/consul/api-docs/session, https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

from consul_proto.simulator.catalog.bodies import SESSION
from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.timers import Timers
from consul_proto.simulator.engine.uuids import UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_X, Version
from consul_proto.simulator.go.durations import as_go_writes, nanoseconds

_SECOND = 10**9

#: Nanoseconds: the largest TTL, and the default lock delay.
_LARGEST_TTL, _LOCK_DELAY = 86_400 * _SECOND, 15 * _SECOND

#: Without a renewal, a session ends after twice its TTL (structs.SessionTTLMultiplier).
_GRACE = 2

#: Nanoseconds: the longest lock delay (structs.MaxLockDelay).
_LONGEST_DELAY = 60 * _SECOND

#: A number below this is a lock delay in seconds, not in nanoseconds.
_SECONDS_BELOW = 1000


class OnEnd(Protocol):
    """Called with the keys that a session held."""

    def __call__(self, keys: list[str], *, delete: bool) -> None:
        """Release the keys, or delete them."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """One session. Times are in nanoseconds; `ttl` is the text of the request."""

    id: str
    name: str
    node: str
    lock_delay: int
    behavior: str
    ttl: str
    node_checks: list[str] | None
    service_checks: list[dict[str, str]] | None
    index: int

    def render(self) -> dict[str, Any]:
        """Return the session as in an answer."""
        return {
            "ID": self.id,
            "Name": self.name,
            "Node": self.node,
            "LockDelay": self.lock_delay,
            "Behavior": self.behavior,
            "TTL": self.ttl,
            "NodeChecks": self.node_checks,
            "ServiceChecks": self.service_checks,
            "CreateIndex": self.index,
            "ModifyIndex": self.index,
        }


class Sessions:
    """The table, the keys that each session holds, and the keys whose lock is delayed."""

    def __init__(self, store: Store, version: Version) -> None:
        self._store, self._version = store, version
        self.sessions: dict[str, Session] = {}
        self._locks: dict[str, set[str]] = {}
        self._delays: dict[str, float] = {}
        #: When each session with a TTL ends.
        self.ends = Timers()
        self._on_end: OnEnd | None = None
        #: Called with each session that ended.
        self.on_gone: Callable[[str], object] = lambda _session: None

    def dump(self) -> Any:
        """Return the state as JSON, without the keys that each session holds."""
        return {"sessions": [asdict(session) for session in self.sessions.values()], "ends": self.ends.dump(), "delayed": self._delays}

    def load(self, state: Any, shift: float) -> None:
        """Load the dumped state. shift: seconds to add to its times. The keys are loaded later; each names the session that holds it."""
        self.sessions = {session["id"]: Session(**session) for session in state["sessions"]}
        self.ends = Timers({session: end + shift for session, end in state["ends"].items()})
        self._delays = {key: until + shift for key, until in state["delayed"].items()}
        self._locks = {}

    def on_end(self, ended: OnEnd) -> None:
        """Set the function that releases the keys of a session that ended."""
        self._on_end = ended

    def check(self, session: str) -> None:
        """Refuse an unknown session."""
        if not session:
            raise Refusal(500, "missing session")
        self.is_uuid(session)
        if session not in self.sessions:
            raise Refusal(500, f'invalid session "{session}"')

    def is_uuid(self, session: str) -> None:
        """Refuse an id that 1.8.7 does not look up."""
        if self._version < V1_X and len(session) != UUID_LENGTH:
            raise Refusal(500, f"failed session lookup: {WRONG_LENGTH}")

    def holds(self, key: str, before: str, now: str) -> None:
        """Record which session holds a key."""
        if before:
            self._locks.get(before, set()).discard(key)
        if now:
            self._locks.setdefault(now, set()).add(key)

    def is_delayed(self, key: str, now: float) -> bool:
        """Return whether a lock of the key must wait, because its last holder was invalidated."""
        return self._delays.get(key, now) > now

    def add(self, session: Session, now: float) -> None:
        """Add a session."""
        self.sessions[session.id] = session
        self._store.change("sessions")
        self.renew(session.id, now)

    def renew(self, session: str, now: float) -> None:
        """Start the TTL of a session again."""
        ttl = self.sessions[session].ttl
        if ttl and (lasts := nanoseconds(ttl)):
            self.ends.set(session, now + _GRACE * lasts / _SECOND)

    def gone(self, node: str, check: str | None, now: float) -> None:
        """End the sessions that depend on a check that is critical or was removed, or on a node that was removed."""
        for session in [session for session in self.sessions.values() if session.node.lower() == node.lower()]:
            if check is None or check in (*(session.node_checks or ()), *(one["ID"] for one in session.service_checks or ())):
                self.end(session.id, now)

    def end(self, session: str, now: float) -> None:
        """End a session: its locks are released or its keys deleted, and new locks are delayed."""
        if session not in self.sessions:
            return
        if self._store.may_roll_back:
            before = {**self.sessions}, self.ends.dump(), {**self._delays}
            self._store.on_rollback(lambda: self._restore(*before))
        ended = self.sessions.pop(session)
        self.ends.drop(session)
        self._store.change("sessions")
        keys = sorted(self._locks.pop(session, ()))
        if self._on_end is not None:
            self._on_end(keys, delete=ended.behavior == "delete")
        self.on_gone(session)
        if ended.lock_delay > 0:
            until = now + min(ended.lock_delay, _LONGEST_DELAY) / _SECOND
            self._delays |= dict.fromkeys(keys, until)

    def next_deadline(self) -> float | None:
        """Return the time at which the next session expires."""
        return self.ends.first()

    def advance(self, now: float) -> None:
        """End the sessions that have expired."""
        for session in self.ends.due(now):
            self._store.apply()
            self.end(session, now)

    def _restore(self, sessions: dict[str, Session], ends: dict[str, float], delayed: dict[str, float]) -> None:
        self.sessions, self.ends, self._delays = sessions, Timers(ends), delayed


class SessionEndpoint:
    """`/v1/session/`."""

    def __init__(self, store: Store, sessions: Sessions, catalog: Catalog, settings: Settings, new_id: Callable[[], str]) -> None:
        self._store, self._sessions, self._catalog, self._new_id = store, sessions, catalog, new_id
        self._settings, self._node, self._version = settings, settings.node, settings.version

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        read = partial(Route, ("GET",), topics=self.topics, index=True)
        write = partial(Route, ("PUT",))
        return {
            "/v1/session/create": write(write=self.create),
            "/v1/session/destroy/": write(write=self.destroy, deep=True),
            "/v1/session/renew/": write(write=self.renew, deep=True),
            "/v1/session/info/": read(self.info, deep=True),
            "/v1/session/node/": read(self.node, deep=True),
            "/v1/session/list": read(self.every),
        }

    def topics(self, _request: ServerRequest) -> tuple[Topic, ...]:
        """Return what a read depends on: the whole table."""
        return (("table", "sessions"),)

    def _index(self) -> int:
        return self._store.table("sessions") or 1

    def _path_name(self, request: ServerRequest, what: str = "session") -> str:
        request.only_default()
        if not request.rest:
            raise Refusal(400, f"Missing {what}")
        request.reach_servers()
        return request.rest

    def info(self, request: ServerRequest) -> ReadAnswer:
        """GET info: the session in a list; an empty list for an unknown one."""
        session = self._path_name(request)
        self._sessions.is_uuid(session)
        found = self._sessions.sessions.get(session)
        return ReadAnswer(self._index(), self._render(request, [found] if found else []))

    def every(self, request: ServerRequest) -> ReadAnswer:
        """GET list: every session, by id."""
        request.only_default()
        request.reach_servers()
        return ReadAnswer(self._index(), self._render(request, [session for _, session in sorted(self._sessions.sessions.items())]))

    def node(self, request: ServerRequest) -> ReadAnswer:
        """GET node: the sessions of a node."""
        node = self._path_name(request, "node name")
        found = [session for _, session in sorted(self._sessions.sessions.items()) if session.node.lower() == node.lower()]
        return ReadAnswer(self._index(), self._render(request, found))

    def _render(self, request: ServerRequest, sessions: list[Session]) -> list[dict[str, Any]]:
        """Return the sessions that the token may see."""
        return [session.render() for session in sessions if request.may("session", session.node, "read")]

    def create(self, request: ServerRequest, now: float) -> Any:
        """PUT create: return the id."""
        request.only_default()
        given = request.decode(SESSION) if request.body else {}
        request.reach_servers()
        request.require("session", given.get("Node", self._node), "write")
        behavior, ttl = given.get("Behavior") or "release", given.get("TTL") or ""
        if behavior not in ("release", "delete"):
            raise Refusal(500, f"Invalid Behavior setting '{behavior}'")
        if ttl:
            self._check_ttl(ttl)
        checks = given.get("NodeChecks", given.get("Checks", ["serfHealth"]))
        of_services = [one.get("ID", "") for one in given.get("ServiceChecks") or []]
        wrong = self._wrong(given.get("Node", self._node), [*(checks or []), *of_services])
        if wrong:
            raise Refusal(500, wrong if self._version < V1_X else f"apply failed: {wrong}")
        session = Session(
            self._new_id(),
            given.get("Name") or "",
            given.get("Node", self._node),
            self._lock_delay(given.get("LockDelay", _LOCK_DELAY)),
            behavior,
            ttl,
            checks,
            given.get("ServiceChecks"),
            self._store.apply(),
        )
        self._sessions.add(session, now)
        return {"ID": session.id}

    def _check_ttl(self, ttl: str) -> None:
        try:
            lasts = nanoseconds(ttl)
        except ValueError as error:
            raise Refusal(500, f"Session TTL '{ttl}' invalid: {error}") from None
        least = self._settings.session_ttl_min
        if lasts and not least <= lasts <= _LARGEST_TTL:
            raise Refusal(500, f"Invalid Session TTL '{lasts}', must be between [{as_go_writes(least / _SECOND)}=24h0m0s]")

    def _wrong(self, node: str, checks: list[str]) -> str:
        """Return why a session cannot depend on a node or its checks, "" if it can."""
        if self._catalog.node(node) is None:
            return "Missing node registration"
        for check in checks:
            row = self._catalog.checks.get((node.lower(), check.lower()))
            if row is None:
                return f"Missing check '{check}' registration"
            if row.value["Status"] == "critical":
                return f"Check '{check}' is in critical state"
        return ""

    def _lock_delay(self, given: str | int) -> int:
        if isinstance(given, str):
            return nanoseconds(given)
        return given * _SECOND if given < _SECONDS_BELOW else given

    def destroy(self, request: ServerRequest, now: float) -> Any:
        """PUT destroy: return true, also for an unknown session."""
        session = self._path_name(request)
        self._lookup(request, session)
        if session in self._sessions.sessions:
            self._store.apply()
            self._sessions.end(session, now)
        return True

    def _lookup(self, request: ServerRequest, session: str) -> None:
        """Refuse an invalid id, and a session that the token may not change."""
        try:
            self._sessions.is_uuid(session)
        except Refusal as refusal:
            if request.authorizer is not None:
                raise Refusal(500, f"Session lookup failed: {refusal.text}") from None
            raise
        found = self._sessions.sessions.get(session)
        if request.authorizer is not None and found is not None:
            request.require("session", found.node, "write")

    def renew(self, request: ServerRequest, now: float) -> Any:
        """PUT renew: return the session."""
        request.options()
        session = self._path_name(request)
        self._lookup(request, session)
        if session not in self._sessions.sessions:
            raise Refusal(404, f"Session id '{session}' not found")
        self._sessions.renew(session, now)
        return [self._sessions.sessions[session].render()]
