"""Simulate one agent: route requests, park blocking queries, and let time pass."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from itertools import count
from typing import Any

from consul_proto.message import Request, Response
from consul_proto.simulator.agent.probes import Probe
from consul_proto.simulator.engine.answers import Answers, Feed, OpenResponse, Pairs, Parked, ReadAnswer, Refusal, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Read, Route, redirect
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.uuids import Ids, uuid_of
from consul_proto.simulator.engine.versions import V1_12, V1_X
from consul_proto.simulator.groups import Groups

#: A blocking query waits longer by up to this part of its wait, so that queries that came together do not return together.
_JITTER = 1 / 16

#: How many paths the route cache holds.
_ROUTE_CACHE = 1024


class Simulator:
    """Simulate a development agent of one server.

    jitter: returns a number from 0 to below 1 for each blocking query. This part of a sixteenth of its wait is added to the wait.

    `handle` answers a request or parks it. Times are in seconds, come from the caller, and never decrease.
    """

    def __init__(self, settings: Settings | None = None, *, jitter: Callable[[], float] = lambda: 0.0) -> None:
        settings = settings or Settings()
        #: An agent without an id gets a new one.
        self.settings = settings if settings.node_id else replace(settings, node_id=uuid_of(f"{settings.seed}:node"))
        self._jitter = jitter
        self._version = self.settings.version
        self._answers = Answers(self.settings)
        self._now = 0.0
        #: The deadlines of parked queries. Entries of queries that were answered are skipped.
        self._deadlines: list[tuple[float, int, Parked]] = []
        self._order = count()
        self._ids = Ids(settings.seed)
        self._groups = Groups(self.settings, self._ids, lambda: self._now, jitter, self._take, self._restore)
        self._store, self._local, self._telemetry = self._groups.store, self._groups.local, self._groups.telemetry
        #: Finds what a token may do; None while ACLs are off.
        self._resolve = self._groups.acls.resolve if self.settings.acls else None
        self._routes = self._groups.routes()
        self._find = lru_cache(_ROUTE_CACHE)(self._routes.find)

    def handle(self, request: Request, now: float) -> Response | Parked:
        """Answer a request, or park it.

        The answer of a parked request comes from a later `handle` or `advance`.
        """
        return self._handle(request, now, is_own=False)

    def _handle(self, request: Request, now: float, *, is_own: bool) -> Response | Parked:
        answer = self._route(request, now, is_own=is_own)
        if isinstance(answer, Response) and not isinstance(answer, OpenResponse):
            self._telemetry.note(request, answer)
        return answer

    def _route(self, request: Request, now: float, *, is_own: bool) -> Response | Parked:
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
        """Return the state as JSON, for another agent of the same name and version. Parked queries are not included."""
        groups = {name: saved.group.dump() for name, saved in self._groups.saved.items()}
        return {"of": self._of(), "now": self._now, "drawn": self._ids.count, "groups": groups}

    def load(self, state: dict[str, Any], now: float) -> None:
        """Load the state that `dump` returned; timers continue where they stood.

        Raises ValueError for the state of another agent.
        """
        if state["of"] != self._of():
            raise ValueError(f"the state was saved by {state['of']}, but this agent is {self._of()}; all of these must be the same")
        self._now = now
        self._ids.count = state["drawn"]
        for name, saved in self._groups.saved.items():
            if name in state["groups"]:
                saved.group.load(state["groups"][name], now - state["now"])
        self._local.introduce_itself()

    def _take(self) -> dict[str, Any]:
        """Return the state of the servers, without the agent's own."""
        groups = {name: saved.group.dump() for name, saved in self._groups.saved.items() if not saved.is_own}
        return {"now": self._now, "groups": groups}

    def _restore(self, state: Any, now: float) -> None:
        """Load the state of the servers, and read all parked queries again."""
        groups, shift = {**state["groups"]}, now - state["now"]
        for name, saved in self._groups.saved.items():
            if name in groups and not saved.is_own:
                saved.group.load(groups[name], shift)
        self._store.touch_all()

    def _of(self) -> str:
        settings = self.settings
        return f"{settings.node} in {settings.datacenter}, id {settings.node_id}, Consul {settings.version}"

    def configure(self, request: Request, now: float) -> Response:
        """Register a service or a check of the agent's own configuration.

        ACLs do not apply, and its checks may have scripts.
        """
        answer = self._handle(request, now, is_own=True)
        assert isinstance(answer, Response), "a write is answered at once"
        return answer

    def advance(self, now: float) -> None:
        """Let time pass until `now`: do everything that is due, in order."""
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
        """Return the time of the next event that needs no request; None: there is none."""
        while self._deadlines and self._deadlines[0][2].response is not None:
            heapq.heappop(self._deadlines)
        due = self._deadlines[0][0] if self._deadlines else None
        for group in self._groups.timed:
            time = group.next_deadline()
            due = time if due is None or (time is not None and time < due) else due
        return due

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        """Record the result of a probe: "passing", "warning" or "critical".

        Results for a check that was removed or replaced are ignored.
        """
        self.advance(now)
        if self.probes.get(probe.check_id) is probe:
            self._local.record_probe(probe, status, output, now)
            self._wake()

    @property
    def probes(self) -> dict[str, Probe]:
        """The probes that the host runs, by the id of the check."""
        return {check.id: check.probe for check in self._local.checks.values() if check.probe is not None}

    def forget(self, parked: Parked) -> None:
        """Forget a query whose caller has gone."""
        self._store.unpark(parked)
        parked.response = Response(499)

    def _answer(self, request: ServerRequest, route: Route, now: float) -> Response | Parked:
        if request.method == "GET" and route.read is not None:
            return self._read(request, route.read, route, now)
        assert route.write is not None, "a route reads or writes"
        answer = route.write(request, now)
        if isinstance(answer, Feed):
            return self._answers.open(answer)
        return self._answers.write(answer if isinstance(answer, WriteAnswer) else WriteAnswer(answer), _filter_headers(request))

    def _read(self, request: ServerRequest, read: Read, route: Route, now: float) -> Response | Parked:
        if route.first is not None:
            route.first(request)
        wait, minimum = route.options(request)
        try:
            answer = look(read, request)
        except Refusal as refusal:
            if route.index and refusal.status in (403, 500) and not refusal.headers:
                refusal.headers += self._answers.unread
            raise
        known = request.first("hash") if answer.content_hash else ""
        if not (minimum or known) or answer.is_news(minimum, known) or route.topics is None:
            return self._answers.read(answer)
        deadline = now + wait * (1 + self._jitter() * _JITTER)
        parked = Parked(partial(look, read, request), minimum, deadline, route.topics(request))
        parked.was_missing, parked.content_hash = answer.body is None, known
        self._store.park(parked)
        heapq.heappush(self._deadlines, (deadline, next(self._order), parked))
        return parked

    def _wake(self) -> None:
        """Read the queries again that depend on what changed."""
        for parked in self._store.queries_to_wake():
            try:
                answer = parked.read()
            except Refusal as refusal:
                self._end(parked, self._answers.refusal(refusal, "GET"))
                continue
            if answer.body is None and parked.was_missing and self._version >= V1_12:
                # Since 1.12, a write elsewhere does not answer a query for something that is still missing.
                parked.minimum = answer.index
            parked.was_missing = answer.body is None
            if parked.is_news(answer):
                self._end(parked, self._answers.read(answer))

    def _now_or_never(self, parked: Parked) -> Response:
        """Answer a query whose wait is over."""
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
    """Read with the rights that the token has at this moment."""
    request.begin()
    answer = read(request)
    answer.headers += _filter_headers(request)
    return answer


def _filter_headers(request: ServerRequest) -> Pairs:
    """Return the header that says that ACLs removed results; requests without a token do not get it."""
    is_told = request.is_filtered and request.token and request.method == "GET" and request.settings.version >= V1_X
    return (("X-Consul-Results-Filtered-By-ACLs", "true"),) if is_told else ()
