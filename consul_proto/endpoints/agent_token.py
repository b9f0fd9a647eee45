"""The ACL tokens that the agent itself uses. https://developer.hashicorp.com/consul/api-docs/agent#update-acl-tokens"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class AgentToken(Namespace[M]):
    """The ACL tokens that the agent itself uses."""
