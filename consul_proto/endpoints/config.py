"""Config entries: central configuration (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/config"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Config(Namespace[M]):
    """Config entries: central configuration (since Consul 1.5)."""
