"""Cluster peering (since Consul 1.13). https://developer.hashicorp.com/consul/api-docs/peering"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Peering(Namespace[M]):
    """Cluster peering (since Consul 1.13)."""
