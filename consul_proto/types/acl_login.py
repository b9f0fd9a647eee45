"""Bootstrapping, replication and login by OpenID Connect. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.acl_token import ACLToken

if TYPE_CHECKING:
    from consul_proto.query import Consistency


class ACLBootstrapResponse(ACLToken):
    """The first token of a cluster, which may do everything."""

    ID: str  # the same as SecretID, for old clients


class ACLReplicationStatus(TypedDict):
    """Whether the servers of this datacenter copy the ACL system of the primary one, and how far they are."""

    Enabled: bool
    Running: bool
    SourceDatacenter: str
    ReplicationType: str  # policies | roles | tokens; before 1.11 also legacy; "" if not enabled
    ReplicatedIndex: int  # of policies
    ReplicatedRoleIndex: int
    ReplicatedTokenIndex: int
    LastSuccess: str  # RFC 3339; 0001-01-01T00:00:00Z: never
    LastError: str  # RFC 3339
    LastErrorMessage: NotRequired[str]  # since 1.11.0


class ACLOIDCAuthURLResponse(TypedDict):
    """Where a person logs in. Enterprise."""

    AuthURL: str


class ReplicationOptions(TypedDict, total=False):
    """datacenter: the datacenter that is asked. consistency: how it is answered."""

    datacenter: str
    consistency: Consistency
