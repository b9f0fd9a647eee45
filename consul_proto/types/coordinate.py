"""Network coordinates. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from consul_proto.durations import Duration
    from consul_proto.query import Consistency


class Coordinate(TypedDict):
    """A point in a space whose distances are round-trip times, in seconds."""

    Vec: list[float]
    Error: float  # the error of the estimate: a smaller one is better
    Adjustment: float  # seconds
    Height: float  # seconds


class CoordinateEntry(TypedDict):
    """The coordinate of a node."""

    Node: str
    Segment: str  # "" for the default; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Coord: Coordinate


class CoordinateDatacenterMap(TypedDict):
    """The servers of a datacenter in the WAN pool, and their coordinates."""

    Datacenter: str
    AreaID: str
    Coordinates: list[CoordinateEntry]


class CoordinateOptions(TypedDict, total=False):
    """How coordinates of nodes are read; see `ReadOptions`. Nodes have no namespace. segment: the network segment (Enterprise)."""

    datacenter: str
    partition: str
    consistency: Consistency
    index: int
    wait: Duration
    max_stale: Duration
    segment: str
