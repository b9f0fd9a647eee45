"""Namespaces of Consul Enterprise. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import DatacenterBlockingOptions

if TYPE_CHECKING:
    from consul_proto.types.acl_links import ACLLink, ACLLinks


class NamespaceACLConfig(TypedDict, total=False):
    """The policies and roles that each token of a namespace gets besides its own."""

    PolicyDefaults: list[ACLLink] | None
    RoleDefaults: list[ACLLink] | None


class NamespaceACLs(TypedDict, total=False):
    """The same in a request. A link has an ID or a name."""

    PolicyDefaults: ACLLinks
    RoleDefaults: ACLLinks


class Namespace(TypedDict):
    """A namespace. Since 1.7.0."""

    Name: str
    Description: NotRequired[str]
    ACLs: NotRequired[NamespaceACLConfig]
    Meta: NotRequired[dict[str, str]]
    DeletedAt: NotRequired[str]  # RFC 3339; while its contents are being deleted
    Partition: NotRequired[str]  # since 1.11.0
    CreateIndex: int
    ModifyIndex: int


class NamespaceReadOptions(DatacenterBlockingOptions, total=False):
    """partition: the admin partition (since 1.11)."""

    partition: str
