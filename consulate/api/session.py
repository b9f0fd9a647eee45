"""`consulate.api.session.Session`, under its documented name."""

from consul_proto.endpoints import session as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class Session(Documented, endpoints.Session[Sync]):
    """Create, renew, read and destroy sessions."""
