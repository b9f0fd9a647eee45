"""`consulate.api.acl.ACL`, under its documented name."""

from consul_proto.endpoints import acl as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class ACL(Documented, endpoints.ACL[Sync]):
    """Create, read, change and destroy legacy ACL tokens. This needs a management token."""
