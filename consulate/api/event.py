"""`consulate.api.event.Event`, under its documented name."""

from consul_proto.endpoints import event as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class Event(Documented, endpoints.Event[Sync]):
    """Fire a user event, and list the recent ones."""
