"""`consulate.api.health.Health`, under its documented name."""

from consul_proto.endpoints import health as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class Health(Documented, endpoints.Health[Sync]):
    """Read checks, and service instances with their checks."""
