"""Binding rules, which say what a login gets (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/binding-rules"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import boolean, each, one
from consul_proto.endpoints.acl_answers import explain_missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.acl_binding_rule import BindingRuleListOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.types.acl_binding_rule import ACLBindingRule, BindType
    from consul_proto.types.acl_links import ACLTemplatedPolicyVariables
    from consul_proto.types.options import ReadOptions, Scope

_explain = explain_missing("binding rule with this ID")


def _path(rule_id: str) -> str:
    return "/v1/acl/binding-rule/" + segment(rule_id, "the ID of a binding rule")


class BindingRule(Namespace[M]):
    """Binding rules, which say what a login gets (since Consul 1.5)."""

    @operation
    def create(
        self,
        auth_method: str,
        bind_type: BindType,
        bind_name: str,
        *,
        selector: str | None = None,
        description: str | None = None,
        bind_vars: ACLTemplatedPolicyVariables | None = None,
        **options: Unpack[Scope],
    ) -> Operation[ACLBindingRule]:
        """Create a binding rule and return it: `client.acl.binding_rule.create("minikube", "service", "${serviceaccount.name}")`.

        auth_method: its logins are looked at. bind_type, bind_name: what the token of a login gets: the service identity, the role, the
        node identity (since 1.8.1), the templated policy (since 1.17) or the policy (since 1.18) with this name. The name may contain
        attributes of the login, as "${value.name}". A role or policy that does not exist is left out.
        selector: an expression, such as 'serviceaccount.namespace == "default"'; the rule applies to logins for which it holds.
        bind_vars: the variables of a templated policy.

        Needs acl:write. Raises Forbidden, ServerError for an unknown auth method, an invalid selector or name.
        https://developer.hashicorp.com/consul/api-docs/acl/binding-rules#create-a-binding-rule
        """
        bound = {"AuthMethod": auth_method, "BindType": bind_type, "BindName": bind_name}
        body = json_body({**bound, "Selector": selector, "Description": description, "BindVars": bind_vars})
        return write_operation("acl.binding_rule.create", "/v1/acl/binding-rule", one, options, body=body)

    @operation
    def read(self, rule_id: str, **options: Unpack[ReadOptions]) -> Operation[ACLBindingRule]:
        """Return a binding rule. Needs acl:read. Raises NotFound for an unknown ID, Forbidden, ServerError for an ID that is no UUID.

        https://developer.hashicorp.com/consul/api-docs/acl/binding-rules#read-a-binding-rule
        """
        return read_operation("acl.binding_rule.read", _path(rule_id), one, options, explain=_explain)

    @operation
    def update(
        self,
        rule_id: str,
        auth_method: str,
        bind_type: BindType,
        bind_name: str,
        *,
        selector: str | None = None,
        description: str | None = None,
        bind_vars: ACLTemplatedPolicyVariables | None = None,
        **options: Unpack[Scope],
    ) -> Operation[ACLBindingRule]:
        """Replace a binding rule and return it. What is left out becomes empty, also the selector: then it applies to every login.

        The parameters are those of `create`. The auth method cannot change. Tokens of earlier logins stay as they are.

        Needs acl:write. Raises NotFound for an unknown ID, Forbidden, ServerError as `create` does.
        https://developer.hashicorp.com/consul/api-docs/acl/binding-rules#update-a-binding-rule
        """
        bound = {"AuthMethod": auth_method, "BindType": bind_type, "BindName": bind_name}
        body = json_body({**bound, "Selector": selector, "Description": description, "BindVars": bind_vars})
        return write_operation("acl.binding_rule.update", _path(rule_id), one, options, body=body, explain=_explain)

    @operation
    def delete(self, rule_id: str, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete a binding rule and return True. Tokens of earlier logins stay as they are.

        Needs acl:write. Raises NotFound for an unknown ID since Consul 1.15 (before, True), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/binding-rules#delete-a-binding-rule
        """
        return write_operation("acl.binding_rule.delete", _path(rule_id), boolean, options, method="DELETE")

    @operation
    def list(self, **options: Unpack[BindingRuleListOptions]) -> Operation[builtins.list[ACLBindingRule]]:
        """Return the binding rules. authmethod: only those of this auth method. Needs acl:read. Raises Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/binding-rules#list-binding-rules
        """
        return read_operation("acl.binding_rule.list", "/v1/acl/binding-rules", each, options)
