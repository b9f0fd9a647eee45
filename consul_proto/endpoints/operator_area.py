"""Network areas (Consul Enterprise). https://developer.hashicorp.com/consul/api-docs/operator/area"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Area(Namespace[M]):
    """Network areas (Consul Enterprise)."""
