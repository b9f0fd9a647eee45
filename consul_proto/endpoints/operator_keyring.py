"""The keys that encrypt gossip. https://developer.hashicorp.com/consul/api-docs/operator/keyring"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Keyring(Namespace[M]):
    """The keys that encrypt gossip."""
