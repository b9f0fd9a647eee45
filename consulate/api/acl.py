"""`consulate.api.acl.ACL`, under its documented name."""

from consul_proto.endpoints import acl as endpoints
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class ACL(Documented, endpoints.ACL[Sync]):
    """The documented calls for ACL tokens, and the groups of the ACL system."""
