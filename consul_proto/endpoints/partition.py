"""Admin partitions (Consul Enterprise, since 1.11). https://developer.hashicorp.com/consul/api-docs/admin-partitions"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Partitions(Namespace[M]):
    """Admin partitions (Consul Enterprise, since 1.11)."""
