"""ACL policies. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class ACLPolicy(TypedDict):
    """A policy: a set of rules under a name."""

    ID: str
    Name: str
    Description: str
    Rules: str  # HCL or JSON text
    Datacenters: NotRequired[list[str]]  # where it is valid; missing: in all
    Hash: str  # base64
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class ACLPolicyListEntry(TypedDict):
    """A policy in a list, without its rules."""

    ID: str
    Name: str
    Description: str
    Datacenters: list[str] | None  # where it is valid; None: in all
    Hash: str  # base64
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
