"""ACL roles (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/roles"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import boolean, each, one
from consul_proto.endpoints.acl_answers import explain_missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.acl_role import RoleListOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.types.acl_links import ACLLinks, ACLNodeIdentity, ACLServiceIdentity, ACLTemplatedPolicy
    from consul_proto.types.acl_role import ACLRole
    from consul_proto.types.options import EnterpriseScope, ReadOptions

_explain = explain_missing("role with this ID")


def _path(role_id: str) -> str:
    return "/v1/acl/role/" + segment(role_id, "a role ID")


def _body(
    name: str,
    description: str | None,
    policies: ACLLinks | None,
    service_identities: Sequence[ACLServiceIdentity] | None,
    node_identities: Sequence[ACLNodeIdentity] | None,
    templated_policies: Sequence[ACLTemplatedPolicy] | None,
) -> bytes:
    return json_body(
        {
            "Name": name,
            "Description": description,
            "Policies": policies,
            "ServiceIdentities": service_identities,
            "NodeIdentities": node_identities,
            "TemplatedPolicies": templated_policies,
        }
    )


class Role(Namespace[M]):
    """ACL roles: policies and identities under a name, which tokens link to (since Consul 1.5)."""

    @operation
    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        policies: ACLLinks | None = None,
        service_identities: Sequence[ACLServiceIdentity] | None = None,
        node_identities: Sequence[ACLNodeIdentity] | None = None,
        templated_policies: Sequence[ACLTemplatedPolicy] | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[ACLRole]:
        """Create a role and return it: `client.acl.role.create("web", policies=[{"Name": "web-read"}])`.

        name: letters, digits, "-" and "_" (at most 256). description: for people.
        policies: links, such as {"Name": "web-read"} or {"ID": "..."}. service_identities: such as {"ServiceName": "web"}.
        node_identities: such as {"NodeName": "n1", "Datacenter": "dc1"} (since 1.8.1).
        templated_policies: such as {"TemplateName": "builtin/service", "TemplateVariables": {"Name": "web"}} (since 1.17).

        Needs acl:write. Raises Forbidden, ServerError for a name that is taken or invalid, and for a link to an unknown policy.
        https://developer.hashicorp.com/consul/api-docs/acl/roles#create-a-role
        """
        body = _body(name, description, policies, service_identities, node_identities, templated_policies)
        return write_operation("acl.role.create", "/v1/acl/role", one, options, body=body, defaults=LOCAL)

    @operation
    def read(self, role_id: str, **options: Unpack[ReadOptions]) -> Operation[ACLRole]:
        """Return a role. Needs acl:read. Raises NotFound for an unknown ID, Forbidden, ServerError for an ID that is no UUID.

        https://developer.hashicorp.com/consul/api-docs/acl/roles#read-a-role
        """
        return read_operation("acl.role.read", _path(role_id), one, options, explain=_explain)

    @operation
    def read_by_name(self, role_name: str, **options: Unpack[ReadOptions]) -> Operation[ACLRole]:
        """Return the role with this name. Needs acl:read. Raises NotFound for an unknown name, Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/roles#read-a-role-by-name
        """
        path = "/v1/acl/role/name/" + segment(role_name, "a role name")
        return read_operation("acl.role.read_by_name", path, one, options, explain=explain_missing("role with this name"))

    @operation
    def update(
        self,
        role_id: str,
        name: str,
        *,
        description: str | None = None,
        policies: ACLLinks | None = None,
        service_identities: Sequence[ACLServiceIdentity] | None = None,
        node_identities: Sequence[ACLNodeIdentity] | None = None,
        templated_policies: Sequence[ACLTemplatedPolicy] | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[ACLRole]:
        """Replace a role and return it. What is left out becomes empty: also the links, so give all that it should keep.

        The parameters are those of `create`.

        Needs acl:write. Raises NotFound for an unknown ID, Forbidden, ServerError as `create` does.
        https://developer.hashicorp.com/consul/api-docs/acl/roles#update-a-role
        """
        body = _body(name, description, policies, service_identities, node_identities, templated_policies)
        return write_operation("acl.role.update", _path(role_id), one, options, body=body, defaults=LOCAL, explain=_explain)

    @operation
    def delete(self, role_id: str, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Delete a role and return True. Tokens lose the link to it.

        Needs acl:write. Raises NotFound for an unknown ID since Consul 1.15 (before, True), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/roles#delete-a-role
        """
        return write_operation("acl.role.delete", _path(role_id), boolean, options, method="DELETE", defaults=LOCAL)

    @operation
    def list(self, **options: Unpack[RoleListOptions]) -> Operation[builtins.list[ACLRole]]:
        """Return the roles. policy: only those that link to the policy with this ID. Needs acl:read. Raises Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/roles#list-roles
        """
        return read_operation("acl.role.list", "/v1/acl/roles", each, options)
