"""Nodes and the addresses on them. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, Required, TypedDict


class Locality(TypedDict, total=False):
    """Where a node or service runs."""

    Region: str  # since 1.16.0
    Zone: str  # since 1.16.0


class Node(TypedDict):
    """A node of the catalog."""

    ID: str
    Node: str
    Address: str
    Datacenter: str
    TaggedAddresses: dict[str, str] | None  # null for a node that was registered without
    Meta: dict[str, str] | None
    CreateIndex: int
    ModifyIndex: int
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    PeerName: NotRequired[str]  # since 1.13.0
    Locality: NotRequired[Locality]  # since 1.16.0


class ServiceAddress(TypedDict, total=False):
    """An address of a service, by tag."""

    Address: Required[str]
    Port: Required[int]
