"""Autopilot, which watches and removes servers. https://developer.hashicorp.com/consul/api-docs/operator/autopilot"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Autopilot(Namespace[M]):
    """Autopilot, which watches and removes servers."""
