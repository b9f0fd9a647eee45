"""Namespaces (Consul Enterprise, since 1.7). https://developer.hashicorp.com/consul/api-docs/namespaces"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Namespaces(Namespace[M]):
    """Namespaces (Consul Enterprise, since 1.7)."""
