"""Templated policies (since Consul 1.17). https://developer.hashicorp.com/consul/api-docs/acl/templated-policies"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class TemplatedPolicy(Namespace[M]):
    """Templated policies (since Consul 1.17)."""
