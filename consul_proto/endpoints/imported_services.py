"""Services that are imported from peers and partitions (since Consul 1.22.3). https://developer.hashicorp.com/consul/api-docs/imported-services"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class ImportedServices(Namespace[M]):
    """Services that are imported from peers and partitions (since Consul 1.22.3)."""
