"""Sessions. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class ServiceCheck(TypedDict):
    """A check of a service that a session depends on."""

    ID: str
    Namespace: NotRequired[str]  # Enterprise


class SessionEntry(TypedDict):
    """A session; its LockDelay is in nanoseconds."""

    CreateIndex: int
    ID: str
    Name: str
    Node: str
    LockDelay: int  # numbers below 1000 are read as seconds; values above 60s count as 60s
    Behavior: str  # release (default) | delete
    TTL: str  # 10s .. 86400s, "" for none
    Namespace: NotRequired[str]  # Enterprise
    Checks: NotRequired[list[str]]  # request field; absent from answers when NodeChecks holds the list
    NodeChecks: NotRequired[list[str]]  # default ["serfHealth"]
    ServiceChecks: NotRequired[list[ServiceCheck] | None]
    ModifyIndex: int
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
