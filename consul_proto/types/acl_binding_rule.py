"""Binding rules. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypeAlias, TypedDict

from consul_proto.types.options import ReadOptions

if TYPE_CHECKING:
    from consul_proto.types.acl_links import ACLTemplatedPolicyVariables

#: node since 1.8.1, templated-policy since 1.17, policy since 1.18.
BindType: TypeAlias = Literal["service", "role", "node", "templated-policy", "policy"]


class ACLBindingRule(TypedDict):
    """What a login through an auth method gets. Since 1.5."""

    ID: str
    Description: str
    AuthMethod: str
    Selector: str  # an expression over the attributes of the login; "": any
    BindType: BindType
    BindName: str  # may contain attributes of the login: "${value.name}"
    BindVars: NotRequired[ACLTemplatedPolicyVariables]  # with the BindType templated-policy; since 1.17.0
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class BindingRuleListOptions(ReadOptions, total=False):
    """authmethod: only the rules of this auth method."""

    authmethod: str
