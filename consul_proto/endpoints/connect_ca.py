"""The certificate authority of the service mesh (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/connect/ca"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class CA(Namespace[M]):
    """The certificate authority of the service mesh (since Consul 1.2)."""
