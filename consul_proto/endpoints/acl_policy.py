"""ACL policies (since Consul 1.4). https://developer.hashicorp.com/consul/api-docs/acl/policies"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import boolean, each, one
from consul_proto.endpoints.acl_answers import explain_missing, explain_missing_or_forbidden
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, read_operation, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.types.acl_policy import ACLPolicy, ACLPolicyListEntry
    from consul_proto.types.options import EnterpriseScope, ReadOptions


def _path(policy_id: str) -> str:
    return "/v1/acl/policy/" + segment(policy_id, "a policy ID")


class Policy(Namespace[M]):
    """ACL policies: sets of rules, which tokens and roles link to (since Consul 1.4)."""

    @operation
    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        rules: str | None = None,
        datacenters: Sequence[str] | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[ACLPolicy]:
        """Create a policy and return it: `client.acl.policy.create("web-read", rules='service "web" { policy = "read" }')`.

        name: letters, digits, "-" and "_" (at most 128). description: for people. rules: HCL or JSON text.
        datacenters: where the policy is valid; None: everywhere.

        Needs acl:write. Raises Forbidden, ServerError for a name that is taken or invalid, and for rules that Consul cannot read.
        https://developer.hashicorp.com/consul/api-docs/acl/policies#create-a-policy
        """
        body = json_body({"Name": name, "Description": description, "Rules": rules, "Datacenters": datacenters})
        return write_operation("acl.policy.create", "/v1/acl/policy", one, options, body=body, defaults=LOCAL)

    @operation
    def read(self, policy_id: str, **options: Unpack[ReadOptions]) -> Operation[ACLPolicy]:
        """Return a policy with its rules.

        Needs acl:read. Raises NotFound for an unknown ID; before 1.15, Consul answers as to an unknown token, and this raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/policies#read-a-policy
        """
        explain = explain_missing_or_forbidden("policy with this ID")
        return read_operation("acl.policy.read", _path(policy_id), one, options, explain=explain)

    @operation
    def read_by_name(self, policy_name: str, **options: Unpack[ReadOptions]) -> Operation[ACLPolicy]:
        """Return the policy with this name. Since 1.7.3.

        Needs acl:read. Raises NotFound for an unknown name; before 1.15, Consul answers as to an unknown token, and this raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/policies#read-a-policy-by-name
        """
        path = "/v1/acl/policy/name/" + segment(policy_name, "a policy name")
        explain = explain_missing_or_forbidden("policy with this name")
        return read_operation("acl.policy.read_by_name", path, one, options, explain=explain)

    @operation
    def update(
        self,
        policy_id: str,
        name: str,
        *,
        description: str | None = None,
        rules: str | None = None,
        datacenters: Sequence[str] | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[ACLPolicy]:
        """Replace a policy and return it. What is left out becomes empty, also the rules.

        The parameters are those of `create`. Of the policy global-management, only the name can change.

        Needs acl:write. Raises NotFound for an unknown ID, Forbidden, ServerError as `create` does.
        https://developer.hashicorp.com/consul/api-docs/acl/policies#update-a-policy
        """
        body = json_body({"Name": name, "Description": description, "Rules": rules, "Datacenters": datacenters})
        explain = explain_missing("policy with this ID")
        return write_operation("acl.policy.update", _path(policy_id), one, options, body=body, defaults=LOCAL, explain=explain)

    @operation
    def delete(self, policy_id: str, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Delete a policy and return True. Tokens and roles lose the link to it.

        Needs acl:write. Raises NotFound for an unknown ID since Consul 1.15 (before, True), Forbidden, ServerError for a built-in policy.
        https://developer.hashicorp.com/consul/api-docs/acl/policies#delete-a-policy
        """
        return write_operation("acl.policy.delete", _path(policy_id), boolean, options, method="DELETE", defaults=LOCAL)

    @operation
    def list(self, **options: Unpack[ReadOptions]) -> Operation[builtins.list[ACLPolicyListEntry]]:
        """Return the policies, without their rules. Needs acl:read. Raises Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/policies#list-policies
        """
        return read_operation("acl.policy.list", "/v1/acl/policies", each, options)
