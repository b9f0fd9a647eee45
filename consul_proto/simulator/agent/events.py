"""User events.

https://developer.hashicorp.com/consul/api-docs/event
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_22
from consul_proto.simulator.go.regexp import expression

#: How many events an agent remembers (agent.userEventHandler).
_MOST_EVENTS = 256

#: Bytes of the largest event, since 1.22. Before, gossip refused more than 512 with its envelope.
_LARGEST = 300


class Events:
    """`/v1/event/`.

    services: the agent's own services, by id.
    """

    def __init__(
        self, store: Store, settings: Settings, new_id: Callable[[], str], services: Callable[[], Mapping[str, Mapping[str, Any]]]
    ) -> None:
        self._store, self._settings, self._new_id, self._services = store, settings, new_id, services
        self._events: list[dict[str, Any]] = []
        self._time = 0

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/event/fire/": Route(("PUT",), write=self.fire, deep=True),
            "/v1/event/list": Route(("GET",), self.every, topics=self.topics, options=ServerRequest.waiting),
        }

    def dump(self) -> Any:
        """Return all events as JSON."""
        return {"events": self._events, "time": self._time}

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self._events, self._time = list(state["events"]), state["time"]

    def topics(self, _request: ServerRequest) -> tuple[Topic, ...]:
        """Return what a read depends on: all events."""
        return (("table", "events"),)

    def every(self, request: ServerRequest) -> ReadAnswer:
        """GET list: the events that the agent remembers, oldest first. The index is made from the id of the last one."""
        name = request.first("name")
        request.know_token()
        found = [event for event in self._events if (not name or event["Name"] == name) and request.may("event", event["Name"], "read")]
        return ReadAnswer(_index(found[-1]["ID"]) if found else 0, found, local=True, is_hash=True)

    def _know_token(self, request: ServerRequest) -> None:
        try:
            request.know_token()
        except Refusal as refusal:
            raise Refusal(500, refusal.text) from None

    def fire(self, request: ServerRequest, _now: float) -> Any:
        """PUT fire: return the event."""
        if not request.rest:
            raise Refusal(400, "Missing name")
        if self._settings.version >= V1_22 and len(request.body) > _LARGEST:
            raise Refusal(
                413,
                f"Event payload too large, received {len(request.body)} bytes, max size: {_LARGEST} bytes. "
                "User events should be kept small for efficient gossip propagation",
            )
        if request.first("tag") and not request.first("service"):
            raise Refusal(500, "Cannot provide tag filter without service filter")
        filters = {what: request.first(what) for what in ("node", "service", "tag")}
        for what, wanted in filters.items():
            try:
                expression(wanted)
            except ValueError as error:
                raise Refusal(500, f"Invalid {what} filter: {error}") from None
        request.reach_datacenter()
        self._know_token(request)
        request.require("event", request.rest, "write")
        fired = {
            "ID": self._new_id(),
            "Name": request.rest,
            "Payload": b64encode(request.body).decode("ascii") if request.body else None,
            "NodeFilter": filters["node"],
            "ServiceFilter": filters["service"],
            "TagFilter": filters["tag"],
            "Version": 1,
            "LTime": 0,
        }
        self._time += 1
        if self._concerns(**filters):
            self._events = [*self._events, fired | {"LTime": self._time + 1}][-_MOST_EVENTS:]
            self._store.change("events")
        return fired

    def _concerns(self, node: str, service: str, tag: str) -> bool:
        """Return whether an event is for this agent: one of its services, found by id, must have the tag."""
        if not _finds(node, (self._settings.node,)):
            return False
        found = [own for key, own in self._services().items() if _finds(service, (key,))]
        return not service or any(not tag or _finds(tag, own.get("Tags") or ()) for own in found)


def _finds(wanted: str, names: Iterable[str]) -> bool:
    found = expression(wanted)
    return any(found.search(name) for name in names)


def _index(event_id: str) -> int:
    """Return the exclusive or of both halves of an id, as hexadecimal numbers."""
    digits = event_id.replace("-", "")
    return int(digits[:16], 16) ^ int(digits[16:], 16)
