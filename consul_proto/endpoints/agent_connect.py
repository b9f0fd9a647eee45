"""The agent's part of the service mesh: authorization and certificates (since Consul 1.2). https://developer.hashicorp.com/consul/api-docs/agent/connect"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class AgentConnect(Namespace[M]):
    """The agent's part of the service mesh: authorization and certificates (since Consul 1.2)."""
