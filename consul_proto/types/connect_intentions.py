"""Intentions. The members have Consul's own names. Times are RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from consul_proto.types.options import CacheOptions, DatacenterOption, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consul_proto.types.intention_permissions import IntentionJWTRequirement, IntentionPermission


class Intention(TypedDict):
    """Whether a service may connect to another one: either an `Action`, or `Permissions` for single requests."""

    ID: NotRequired[str]  # only of an intention that `create` made
    Description: NotRequired[str]
    SourceNS: str  # "default" in the Community Edition
    SourceName: str  # "*" for every service
    DestinationNS: str  # "default" in the Community Edition
    DestinationName: str  # "*" for every service
    SourcePartition: NotRequired[str]  # since 1.11.0; Enterprise
    DestinationPartition: NotRequired[str]  # since 1.11.0; Enterprise
    SourcePeer: NotRequired[str]  # since 1.13.0
    SourceSamenessGroup: NotRequired[str]  # since 1.16.0; Enterprise
    SourceType: str  # consul
    Action: NotRequired[Literal["allow", "deny"]]  # not if there are Permissions
    Permissions: NotRequired[list[IntentionPermission]]  # since 1.9.0
    DefaultAddr: NotRequired[str]  # until 1.8
    DefaultPort: NotRequired[int]  # until 1.8
    Meta: NotRequired[dict[str, str]]
    Precedence: int  # the intention with the highest one decides
    CreatedAt: NotRequired[str]  # like UpdatedAt and Hash since 1.9: only of an intention that `create` made
    UpdatedAt: NotRequired[str]
    Hash: NotRequired[str]  # base64
    CreateIndex: int
    ModifyIndex: int
    JWT: NotRequired[IntentionJWTRequirement]  # since 1.16.0


class IntentionMembers(DatacenterOption, total=False):
    """Further members of an intention, and the scope of the call.

    description: a text for people. meta: metadata. source_type: "consul", the only one.
    source_ns, destination_ns, source_partition, destination_partition: Consul Enterprise.
    source_peer, source_sameness_group: where the source is (since 1.13 and 1.16). permissions, jwt: Consul takes them in `upsert` only.
    default_addr, default_port: without effect, and gone since 1.9.
    namespace: of the call; Consul Enterprise, the Community Edition answers 400.
    """

    description: str
    meta: Mapping[str, str]
    source_type: str
    source_ns: str
    destination_ns: str
    source_partition: str
    destination_partition: str
    source_peer: str
    source_sameness_group: str
    permissions: Sequence[IntentionPermission]
    jwt: IntentionJWTRequirement
    default_addr: str
    default_port: int
    namespace: str


class IntentionMatchOptions(ReadOptions, CacheOptions, total=False):
    """How matching intentions are read; see `ReadOptions` and `CacheOptions`."""
