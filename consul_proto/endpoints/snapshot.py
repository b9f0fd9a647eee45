"""Snapshots of the servers' state. https://developer.hashicorp.com/consul/api-docs/snapshot"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Snapshot(Namespace[M]):
    """Snapshots of the servers' state."""
