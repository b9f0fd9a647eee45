"""The license of Consul Enterprise. https://developer.hashicorp.com/consul/api-docs/operator/license"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class License(Namespace[M]):
    """The license of Consul Enterprise."""
