"""ACL tokens (since Consul 1.4). https://developer.hashicorp.com/consul/api-docs/acl/tokens"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Token(Namespace[M]):
    """ACL tokens (since Consul 1.4)."""
