"""Network areas of Consul Enterprise. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Area(TypedDict):
    """A relationship between the servers of two datacenters."""

    ID: str
    PeerDatacenter: str
    RetryJoin: list[str] | None  # addresses
    UseTLS: NotRequired[bool]  # since 1.0.0


class AreaJoinResponse(TypedDict):
    """The outcome of joining one address."""

    Address: str
    Joined: bool
    Error: str  # "" if it joined


class SerfMember(TypedDict):
    """A server in an area."""

    ID: str
    Name: str  # with its datacenter: "node-2.dc1"
    Addr: str
    Port: int
    Datacenter: str
    Role: str  # server
    Build: str
    Protocol: int
    Status: str  # alive | leaving | left | failed
    RTT: int  # nanoseconds
