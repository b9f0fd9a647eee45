"""The agent: finds who answers a request, lets blocking queries wait, and lets time pass."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from itertools import count
from typing import Any

from consul_proto.message import Request, Response
from consul_proto.simulator.agent.probes import Probe
from consul_proto.simulator.engine.answers import Answers, Pairs, Parked, ReadAnswer, Refusal, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Read, Route, redirect
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.uuids import Ids, uuid_of
from consul_proto.simulator.engine.versions import V1_12, V1_X
from consul_proto.simulator.groups import Groups

#: The part of its wait that a query waits longer at most, so that those which came at once do not return at once.
_JITTER = 1 / 16

#: Paths of which it is remembered where they lead.
_ROUTE_CACHE = 1024


class Simulator:
    """A development agent of one server.

    jitter: a number from 0 to below 1 for each blocking query, how much of a sixteenth of its wait it waits longer.

    `handle` answers a request, or parks it; time is what the caller says it is, in seconds, and never goes back.
    """

    def __init__(self, settings: Settings | None = None, *, jitter: Callable[[], float] = lambda: 0.0) -> None:
        settings = settings or Settings()
        #: An agent without an id draws one.
        self.settings = settings if settings.node_id else replace(settings, node_id=uuid_of(f"{settings.seed}:node"))
        self._jitter = jitter
        self._version = self.settings.version
        self._answers = Answers(self.settings)
        self._now = 0.0
        #: The deadlines of parked queries. Those of queries that were answered are passed over.
        self._deadlines: list[tuple[float, int, Parked]] = []
        self._order = count()
        self._ids = Ids(settings.seed)
        self._groups = Groups(self.settings, self._ids, lambda: self._now, jitter, self._take, self._restore)
        self._store, self._local = self._groups.store, self._groups.local
        #: What a token may do; None: ACLs are off, and nobody asks.
        self._resolve = self._groups.acls.resolve if self.settings.acls else None
        self._routes = self._groups.routes()
        self._find = lru_cache(_ROUTE_CACHE)(self._routes.find)

    def handle(self, request: Request, now: float) -> Response | Parked:
        """Answer a request at a time, or park it: its answer comes from a later `handle` or `advance`."""
        return self._handle(request, now, is_own=False)

    def _handle(self, request: Request, now: float, *, is_own: bool) -> Response | Parked:
        self.advance(now)
        try:
            where = self._find(request.path, request.method)
            if not isinstance(where, tuple):
                return Response(400) if where is None else redirect(request, where, self._version)
            rest, route = where
            return self._answer(ServerRequest(request, rest, self.settings, None if is_own else self._resolve, is_own=is_own), route, now)
        except Refusal as refusal:
            return self._answers.refusal(refusal, request.method)
        finally:
            self._wake()

    def dump(self) -> dict[str, Any]:
        """The state, as JSON: what another agent of the same name and version can go on with. Queries that wait are no part of it."""
        groups = {name: saved.group.dump() for name, saved in self._groups.saved.items()}
        return {"of": self._of(), "now": self._now, "drawn": self._ids.count, "groups": groups}

    def load(self, state: dict[str, Any], now: float) -> None:
        """Go on with what `dump` gave. Times go on where they stood. Raises ValueError for the state of another agent."""
        if state["of"] != self._of():
            raise ValueError(f"it is that of {state['of']}, and this is {self._of()}")
        self._now = now
        self._ids.count = state["drawn"]
        for name, saved in self._groups.saved.items():
            if name in state["groups"]:
                saved.group.load(state["groups"][name], now - state["now"])
        self._local.introduce_itself()

    def _take(self) -> dict[str, Any]:
        """What the servers keep, and not the agent itself."""
        groups = {name: saved.group.dump() for name, saved in self._groups.saved.items() if not saved.is_own}
        return {"now": self._now, "groups": groups}

    def _restore(self, state: Any, now: float) -> None:
        """Go on with what the servers kept; whoever waits looks again."""
        groups, shift = {**state["groups"]}, now - state["now"]
        for name, saved in self._groups.saved.items():
            if name in groups and not saved.is_own:
                saved.group.load(groups[name], shift)
        self._store.touch_all()

    def _of(self) -> str:
        settings = self.settings
        return f"{settings.node} in {settings.datacenter}, id {settings.node_id}, Consul {settings.version}"

    def configure(self, request: Request, now: float) -> Response:
        """Register a service or a check of the agent's own configuration, which no ACL stops, and which may have scripts of its own."""
        answer = self._handle(request, now, is_own=True)
        assert isinstance(answer, Response), "a write is answered at once"
        return answer

    def advance(self, now: float) -> None:
        """Let time pass: what was due until then happens, in its order."""
        while (due := self.next_deadline()) is not None and due <= now:
            self._now = max(self._now, due)
            for group in self._groups.timed:
                group.advance(due)
                self._wake()
            while self._deadlines and self._deadlines[0][0] <= due:
                parked = heapq.heappop(self._deadlines)[2]
                if parked.response is None:
                    self._end(parked, self._now_or_never(parked))
        self._now = max(self._now, now)

    def next_deadline(self) -> float | None:
        """When something happens by itself next; None: never."""
        while self._deadlines and self._deadlines[0][2].response is not None:
            heapq.heappop(self._deadlines)
        due = self._deadlines[0][0] if self._deadlines else None
        for group in self._groups.timed:
            time = group.next_deadline()
            due = time if due is None or (time is not None and time < due) else due
        return due

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        """Note what a probe found: "passing", "warning" or "critical". That of a check which is gone, or was replaced, says nothing."""
        self.advance(now)
        if self.probes.get(probe.check_id) is probe:
            self._local.record_probe(probe, status, output, now)
            self._wake()

    @property
    def probes(self) -> dict[str, Probe]:
        """What the host does for the checks that ask something, by the check's id."""
        return {check.id: check.probe for check in self._local.checks.values() if check.probe is not None}

    def forget(self, parked: Parked) -> None:
        """Forget a query that nobody waits for any more."""
        self._store.unpark(parked)
        parked.response = Response(499)

    def _answer(self, request: ServerRequest, route: Route, now: float) -> Response | Parked:
        if request.method == "GET" and route.read is not None:
            return self._read(request, route.read, route, now)
        assert route.write is not None, "a route reads or writes"
        wrote = route.write(request, now)
        return self._answers.write(wrote if isinstance(wrote, WriteAnswer) else WriteAnswer(wrote), _filter_headers(request))

    def _read(self, request: ServerRequest, read: Read, route: Route, now: float) -> Response | Parked:
        if route.first is not None:
            route.first(request)
        wait, minimum = route.options(request)
        try:
            found = look(read, request)
        except Refusal as refusal:
            if route.index and refusal.status in (403, 500) and not refusal.headers:
                refusal.headers += self._answers.unread
            raise
        known = request.first("hash") if found.content_hash else ""
        if not (minimum or known) or found.is_news(minimum, known) or route.topics is None:
            return self._answers.read(found)
        deadline = now + wait * (1 + self._jitter() * _JITTER)
        parked = Parked(partial(look, read, request), minimum, deadline, route.topics(request))
        parked.was_missing, parked.content_hash = found.body is None, known
        self._store.park(parked)
        heapq.heappush(self._deadlines, (deadline, next(self._order), parked))
        return parked

    def _wake(self) -> None:
        """Look again at the queries that what was done concerns."""
        for parked in self._store.queries_to_wake():
            try:
                found = parked.read()
            except Refusal as refusal:
                self._end(parked, self._answers.refusal(refusal, "GET"))
                continue
            if found.body is None and parked.was_missing and self._version >= V1_12:
                # Since 1.12: what is not there still is no news, whatever else was written.
                parked.minimum = found.index
            parked.was_missing = found.body is None
            if parked.is_news(found):
                self._end(parked, self._answers.read(found))

    def _now_or_never(self, parked: Parked) -> Response:
        """The answer of a query whose wait is over."""
        try:
            return self._answers.read(parked.read())
        except Refusal as refusal:
            return self._answers.refusal(refusal, "GET")

    def _end(self, parked: Parked, response: Response) -> None:
        self._store.unpark(parked)
        parked.response = response
        if parked.wake is not None:
            parked.wake()


def look(read: Read, request: ServerRequest) -> ReadAnswer:
    """Read, with the eyes of the token that asks, which must be one."""
    request.begin()
    found = read(request)
    found.headers += _filter_headers(request)
    return found


def _filter_headers(request: ServerRequest) -> Pairs:
    """What an answer says that leaves out what the token may not see: who comes without a token is not told that there is more."""
    is_told = request.is_filtered and request.token and request.method == "GET" and request.settings.version >= V1_X
    return (("X-Consul-Results-Filtered-By-ACLs", "true"),) if is_told else ()
