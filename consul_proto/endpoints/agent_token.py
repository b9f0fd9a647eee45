"""The ACL tokens that the agent itself uses. https://developer.hashicorp.com/consul/api-docs/agent#update-acl-tokens"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import nothing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from consul_proto.types.agent import AgentTokenType


class AgentToken(Namespace[M]):
    """The ACL tokens that the agent itself uses."""

    @operation
    def update(self, token_type: AgentTokenType, token: str) -> Operation[bool]:
        """Set a token that the agent itself uses. Return True.

        token_type: what the token is for. "default": requests without a token. "agent": the agent's own requests.
            "agent_recovery": requests to the agent while no server can be reached ("agent_master" before 1.11, and accepted since).
            "replication": replication from the primary datacenter. "config_file_service_registration": services in the agent's
            configuration files (since 1.15). "dns": requests over DNS (since 1.17).
        token: the token's SecretID; "" removes it.

        The agent forgets it when it stops, unless acl.enable_token_persistence is on. Raises NotFound for an unknown type, ACLDisabled,
        Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent#update-acl-tokens
        """
        path = "/v1/agent/token/" + segment(token_type, "the type of a token")
        return write_operation("agent.token.update", path, nothing, {}, body=json_body({"Token": token}), defaults=())
