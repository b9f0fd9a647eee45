"""Intentions: which service may connect to which (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/connect/intentions"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Intentions(Namespace[M]):
    """Intentions: which service may connect to which (since Consul 1.2)."""
