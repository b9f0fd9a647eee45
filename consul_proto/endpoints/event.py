"""User events. https://developer.hashicorp.com/consul/api-docs/event"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, cast

from consul_proto.codec import encode
from consul_proto.decode import each, from_base64, member
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.codec import Value
    from consul_proto.message import Response
    from consul_proto.types.event import UserEvent
    from consul_proto.types.options import EventListOptions


def _events(response: Response) -> list[UserEvent]:
    return [cast("UserEvent", event | {"Payload": from_base64(event.get("Payload"))}) for event in each(response)]


class Event(Namespace[M]):
    """Fire a user event, and list the recent ones."""

    @operation
    def fire(
        self,
        name: str,
        payload: Value = None,
        datacenter: str | None = None,
        node: str | None = None,
        service: str | None = None,
        tag: str | None = None,
    ) -> Operation[str]:
        """Fire a user event and return its ID.

        name: the event's name; names that begin with "_" are reserved by Consul.
        payload: the data of the event, encoded like a KV value; at most 300 bytes since 1.22, fewer before.
        datacenter: where to fire it; None: in the agent's own datacenter.
        node, service, tag: regular expressions that select the receivers; `tag` needs `service`.

        Raises ValueError for a tag without a service, Forbidden, ServerError for a bad expression or a payload that is too large.
        https://developer.hashicorp.com/consul/api-docs/event#fire-event
        """
        if tag is not None and service is None:
            raise ValueError("an event with a tag needs a service as well: give service=, the service whose instances have the tag")
        return write_operation(
            "event.fire",
            "/v1/event/fire/" + segment(name, "an event name"),
            member("ID"),
            {"datacenter": datacenter, "node": node, "service": service, "tag": tag},
            body=encode(payload),
            defaults=("datacenter",),
        )

    @operation
    def list(self, name: str | None = None, **options: Unpack[EventListOptions]) -> Operation[builtins.list[UserEvent]]:
        """Return the latest events that this agent received (at most 256), oldest first. Payloads are bytes.

        name: only events with this name. Events spread by gossip: their order can differ between agents, and delivery is not guaranteed.

        https://developer.hashicorp.com/consul/api-docs/event#list-events
        """
        return read_operation("event.list", "/v1/event/list", _events, {"name": name, **options}, defaults=(), blocks="event")
