"""ACL roles (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/roles"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Role(Namespace[M]):
    """ACL roles (since Consul 1.5)."""
