"""Federation states: the mesh gateways of each datacenter (since Consul 1.8)."""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class FederationState(Namespace[M]):
    """Federation states: the mesh gateways of each datacenter (since Consul 1.8)."""
