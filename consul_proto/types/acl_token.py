"""ACL tokens. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consul_proto.durations import Duration
    from consul_proto.query import Consistency
    from consul_proto.types.acl_links import ACLLink, ACLLinks, ACLNodeIdentity, ACLServiceIdentity, ACLTemplatedPolicy
    from consul_proto.types.acl_policy import ACLPolicy
    from consul_proto.types.acl_role import ACLRole


class ACLToken(TypedDict):
    """A token. Lists that are empty are missing."""

    CreateIndex: int
    ModifyIndex: int
    AccessorID: str  # the public ID
    SecretID: str  # the token itself; "<hidden>" without acl:write
    Description: str
    Policies: NotRequired[list[ACLLink]]
    Roles: NotRequired[list[ACLLink]]  # since 1.5.0
    ServiceIdentities: NotRequired[list[ACLServiceIdentity]]  # since 1.5.0
    NodeIdentities: NotRequired[list[ACLNodeIdentity]]  # since 1.8.1
    TemplatedPolicies: NotRequired[list[ACLTemplatedPolicy]]  # since 1.17.0
    Local: bool  # valid in one datacenter only
    AuthMethod: NotRequired[str]  # since 1.5.0; of a token from a login
    ExpirationTTL: NotRequired[str]  # only in requests: a Go duration, which gives the ExpirationTime; since 1.5.0
    ExpirationTime: NotRequired[str]  # RFC 3339; since 1.5.0
    CreateTime: str  # RFC 3339
    Hash: str  # base64; it changes with the rights and the description
    Rules: NotRequired[str]  # before 1.11: of a token that the legacy ACL system made
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    AuthMethodNamespace: NotRequired[str]  # since 1.11.0; Enterprise


class ACLTokenExpanded(ACLToken):
    """A token; with `expanded=True` also all that its rights come from, and the agent's default policy (since 1.12)."""

    ExpandedPolicies: NotRequired[list[ACLPolicy] | None]
    ExpandedRoles: NotRequired[list[ACLRole] | None]
    NamespaceDefaultPolicyIDs: NotRequired[list[str] | None]  # Enterprise
    NamespaceDefaultRoleIDs: NotRequired[list[str] | None]  # Enterprise
    AgentACLDefaultPolicy: NotRequired[str]  # allow | deny
    AgentACLDownPolicy: NotRequired[str]  # allow | deny | extend-cache | async-cache
    ResolvedByAgent: NotRequired[str]  # the node name of the agent that answered


class ACLTokenListEntry(TypedDict):
    """A token in a list."""

    CreateIndex: int
    ModifyIndex: int
    AccessorID: str
    SecretID: NotRequired[str]  # since 1.10.1; "<hidden>" without acl:write
    Description: str
    Policies: NotRequired[list[ACLLink]]
    Roles: NotRequired[list[ACLLink]]  # since 1.5.0
    ServiceIdentities: NotRequired[list[ACLServiceIdentity]]  # since 1.5.0
    NodeIdentities: NotRequired[list[ACLNodeIdentity]]  # since 1.8.1
    TemplatedPolicies: NotRequired[list[ACLTemplatedPolicy]]  # since 1.17.0
    Local: bool
    AuthMethod: NotRequired[str]  # since 1.5.0
    ExpirationTime: NotRequired[str]  # RFC 3339; since 1.5.0
    CreateTime: str  # RFC 3339
    Hash: str  # base64
    Legacy: NotRequired[bool]  # before 1.11: made by the legacy ACL system
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    AuthMethodNamespace: NotRequired[str]  # since 1.11.0; Enterprise


class TokenReadOptions(ReadOptions, total=False):
    """expanded: answer with the policies and roles of the token, and with the agent's default policy (since 1.12)."""

    expanded: bool


class TokenSelfOptions(TypedDict, total=False):
    """How the token of the call itself is read; see `ReadOptions`. It has no namespace option, since a token has one of its own."""

    datacenter: str
    consistency: Consistency
    index: int
    wait: Duration


class TokenListOptions(ReadOptions, total=False):
    """Which tokens are listed. Consul takes only one of policy, role, servicename and authmethod at a time.

    policy, role: the ID of a policy or role that the tokens link to. servicename: of a service identity (since 1.14.10).
    authmethod: the auth method that made the tokens. authmethod_ns: its namespace (Enterprise).
    """

    policy: str
    role: str
    servicename: str
    authmethod: str
    authmethod_ns: str


class TokenChangeOptions(TypedDict, total=False):
    """What a token is; see `acl.token.create`. An option that is left out becomes empty.

    expiration_ttl: a Go duration, seconds or a timedelta. expiration_time: RFC 3339.
    """

    secret_id: str
    description: str
    policies: ACLLinks
    roles: ACLLinks
    service_identities: Sequence[ACLServiceIdentity]
    node_identities: Sequence[ACLNodeIdentity]
    templated_policies: Sequence[ACLTemplatedPolicy]
    local: bool
    auth_method: str
    expiration_ttl: Duration
    expiration_time: str
    namespace: str
    partition: str


class TokenCreateOptions(TokenChangeOptions, total=False):
    """accessor_id: a UUID of your choice."""

    accessor_id: str
