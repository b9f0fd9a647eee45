"""`consulate.api.status.Status`, under its documented name."""

from consul_proto.endpoints import status as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class Status(Documented, endpoints.Status[Sync]):
    """Low-level information about the cluster's consensus."""
