"""User events.

https://developer.hashicorp.com/consul/api-docs/event
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_22, V1_X
from consul_proto.simulator.go.regexp import expression

#: How many events an agent remembers (agent.userEventHandler).
_MOST_EVENTS = 256

#: Bytes of the largest payload, since 1.22; and of the largest message of gossip (serf.Config.UserEventSizeLimit).
_LARGEST, _LARGEST_MESSAGE = 300, 512

#: The names of the members of an event in gossip; those that are empty are left out.
_CODES = {"ID": "ID", "Name": "n", "Payload": "p", "NodeFilter": "nf", "ServiceFilter": "sf", "TagFilter": "tf"}

#: Bytes of the version in an event.
_VERSION = 3

#: What gossip puts before the name of an event.
_PREFIX = len("consul:event:")


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
                "User events should be kept small for efficient gossip propagation.",
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
        if too_large := _size_fault(fired, len(request.body), self._time + 2):
            raise Refusal(500, self._no_broadcast(too_large))
        self._time += 1
        if self._concerns(**filters):
            self._events = [*self._events, fired | {"LTime": self._time + 1}][-_MOST_EVENTS:]
            self._store.change("events")
        return fired

    def _no_broadcast(self, why: str) -> str:
        if self._settings.version < V1_X:
            return multierror([f'error broadcasting event to segment "": {why}'])
        return f"error broadcasting event: {why}"

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


def _size_fault(event: dict[str, Any], payload: int, time: int) -> str:
    """Return the refusal of an event that is too large for gossip, "" for none. payload: bytes. time: the event's in gossip."""
    name = _PREFIX + len(event["Name"].encode())
    texts = {member: len(value.encode()) for member, value in event.items() if member in _CODES and member != "Payload" and value}
    heads = {member: _head(size) for member, size in texts.items()} | ({"Payload": max(_head(payload), 2)} if payload else {})
    inner = 1 + sum(1 + len(_CODES[member]) + head for member, head in heads.items()) + sum(texts.values()) + payload + _VERSION
    if name + inner > _LARGEST_MESSAGE:
        return f"user event exceeds configured limit of {_LARGEST_MESSAGE} bytes before encoding"
    members = sum(1 + len(member) for member in ("LTime", "Name", "Payload", "CC"))
    encoded = 2 + members + _number(time) + _old_head(name) + name + _old_head(inner) + inner + 1
    return f"encoded user event exceeds configured limit of {_LARGEST_MESSAGE} bytes after encoding" if encoded > _LARGEST_MESSAGE else ""


def _head(size: int) -> int:
    """Return how many bytes MessagePack puts before a text; before bytes at least 2."""
    return 1 if size < 32 else 2 if size < 256 else 3


def _old_head(size: int) -> int:
    """Return how many bytes the first form of MessagePack puts before a text or bytes."""
    return 1 if size < 32 else 3


def _number(value: int) -> int:
    """Return how many bytes a small number has in MessagePack."""
    return 1 if value < 128 else 2 if value < 256 else 3
