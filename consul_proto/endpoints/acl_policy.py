"""ACL policies (since Consul 1.4). https://developer.hashicorp.com/consul/api-docs/acl/policies"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Policy(Namespace[M]):
    """ACL policies (since Consul 1.4)."""
