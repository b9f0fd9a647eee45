"""The servers of the Raft cluster. https://developer.hashicorp.com/consul/api-docs/operator/raft"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Raft(Namespace[M]):
    """The servers of the Raft cluster."""
