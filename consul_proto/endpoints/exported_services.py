"""Services that are exported to peers and partitions (since Consul 1.17.3). https://developer.hashicorp.com/consul/api-docs/exported-services"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class ExportedServices(Namespace[M]):
    """Services that are exported to peers and partitions (since Consul 1.17.3)."""
