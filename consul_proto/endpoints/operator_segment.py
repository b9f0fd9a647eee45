"""Network segments (Consul Enterprise). https://developer.hashicorp.com/consul/api-docs/operator/segment"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Segment(Namespace[M]):
    """Network segments (Consul Enterprise)."""
