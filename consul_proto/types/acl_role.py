"""ACL roles. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import ReadOptions

if TYPE_CHECKING:
    from consul_proto.types.acl_links import ACLLink, ACLNodeIdentity, ACLServiceIdentity, ACLTemplatedPolicy


class ACLRole(TypedDict):
    """A role: policies and identities under a name. Lists that are empty are missing. Since 1.5."""

    ID: str
    Name: str
    Description: str
    Policies: NotRequired[list[ACLLink]]
    ServiceIdentities: NotRequired[list[ACLServiceIdentity]]
    NodeIdentities: NotRequired[list[ACLNodeIdentity]]  # since 1.8.1
    TemplatedPolicies: NotRequired[list[ACLTemplatedPolicy]]  # since 1.17.0
    Hash: str  # base64
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class RoleListOptions(ReadOptions, total=False):
    """policy: only roles that link to the policy with this ID."""

    policy: str
