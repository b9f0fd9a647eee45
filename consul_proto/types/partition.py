"""Admin partitions of Consul Enterprise. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from consul_proto.query import Consistency


class Partition(TypedDict):
    """An admin partition. Since 1.11.0."""

    Name: str
    Description: NotRequired[str]
    DeletedAt: NotRequired[str]  # RFC 3339; while its contents are being deleted
    DisableGossip: NotRequired[bool]  # since 1.18.1
    CreateIndex: int
    ModifyIndex: int


class PartitionReadOptions(TypedDict, total=False):
    """consistency: "consistent": the leader asks a quorum first."""

    consistency: Consistency
