"""Compiled discovery chains (since Consul 1.6). https://developer.hashicorp.com/consul/api-docs/discovery-chain"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class DiscoveryChain(Namespace[M]):
    """Compiled discovery chains (since Consul 1.6)."""
