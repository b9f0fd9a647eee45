"""Options and results of snapshots. The members of each type have Consul's own names."""

from __future__ import annotations

from typing import Literal, TypedDict


class SnapshotOptions(TypedDict, total=False):
    """datacenter: whose servers are saved; without it, the agent's own. consistency: "stale" lets any server save what it has."""

    datacenter: str
    consistency: Literal["default", "stale"]


class SnapshotServer(TypedDict):
    """A server in the Raft configuration of a snapshot."""

    Suffrage: int  # 0 voter, 1 non-voter, 2 staging
    ID: str
    Address: str


class SnapshotConfiguration(TypedDict):
    """The Raft configuration of a snapshot."""

    Servers: list[SnapshotServer]


class SnapshotMeta(TypedDict):
    """What a snapshot says about itself: its `meta.json`."""

    Version: int  # of the format
    ID: str
    Index: int  # Raft index of the state
    Term: int
    Peers: str | None  # base64
    Configuration: SnapshotConfiguration
    ConfigurationIndex: int
    Size: int  # bytes of the state
