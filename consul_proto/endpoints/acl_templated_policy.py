"""Templated policies (since Consul 1.17). https://developer.hashicorp.com/consul/api-docs/acl/templated-policies"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import by_name, one
from consul_proto.endpoints.acl_answers import explain_missing_template
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, read_operation, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.types.acl_policy import ACLPolicy
    from consul_proto.types.acl_templated_policy import ACLTemplatedPolicyResponse
    from consul_proto.types.options import EnterpriseScope

_PATH = "/v1/acl/templated-policy"


def _segments(template_name: str) -> str:
    """Return a name such as "builtin/service" as a part of a path: the slash is a part of the name, and stays."""
    return "/".join(segment(part, "each part of the name of a templated policy") for part in template_name.split("/"))


class TemplatedPolicy(Namespace[M]):
    """Templated policies, such as "builtin/service": policies with a variable, for tokens and roles (since Consul 1.17)."""

    @operation
    def list(self, **options: Unpack[EnterpriseScope]) -> Operation[builtins.dict[str, ACLTemplatedPolicyResponse]]:
        """Return the templates by name. Needs acl:read. Raises Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/templated-policies#list-templated-policies
        """
        path = "/v1/acl/templated-policies"
        return read_operation("acl.templated_policy.list", path, by_name, options, defaults=LOCAL, blocks=None)

    @operation
    def read(self, template_name: str, **options: Unpack[EnterpriseScope]) -> Operation[ACLTemplatedPolicyResponse]:
        """Return a template, such as "builtin/service". Needs acl:read. Raises NotFound for an unknown name, Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/templated-policies#read-a-templated-policy-by-name
        """
        path, explain = f"{_PATH}/name/{_segments(template_name)}", explain_missing_template
        return read_operation("acl.templated_policy.read", path, one, options, defaults=LOCAL, blocks=None, explain=explain)

    @operation
    def preview(self, template_name: str, *, name: str | None = None, **options: Unpack[EnterpriseScope]) -> Operation[ACLPolicy]:
        """Return the policy that a template gives: `client.acl.templated_policy.preview("builtin/service", name="web")["Rules"]`.

        name: the variable of the template, if it has one. Nothing is created.

        Needs acl:read. Raises NotFound for an unknown template, ClientError for a name that does not fit, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/templated-policies#preview-a-templated-policy
        """
        path, body = f"{_PATH}/preview/{_segments(template_name)}", json_body({"Name": name})
        operation_name, explain = "acl.templated_policy.preview", explain_missing_template
        return write_operation(operation_name, path, one, options, body=body, method="POST", defaults=LOCAL, explain=explain)
