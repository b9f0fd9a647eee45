"""Golden rows of `coordinate`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from consul_proto.types.coordinate import Coordinate
from tests.proto.golden.row import AnswerRow, RequestRow

_COORD = {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}

_POINT: Coordinate = {"Vec": [0.5], "Error": 1.5, "Adjustment": 0, "Height": 0}

REQUESTS = [
    RequestRow("coordinate.datacenters", lambda api: api.coordinate.datacenters(), "GET", "/v1/coordinate/datacenters", None),
    RequestRow(
        "coordinate.nodes",
        lambda api: api.coordinate.nodes(datacenter="dc2", index=7, wait="10s", segment="s"),
        "GET",
        "/v1/coordinate/nodes?dc=dc2&index=7&wait=10s&segment=s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "coordinate.node",
        lambda api: api.coordinate.node("n 1", datacenter="dc2", consistency="stale", index=7, wait="10s", segment="s", partition="p"),
        "GET",
        "/v1/coordinate/node/n%201?dc=dc2&stale&index=7&wait=10s&segment=s&partition=p",
        None,
        wait=10.625,
    ),
    RequestRow(
        "coordinate.update",
        lambda api: api.coordinate.update("n", _POINT),
        "PUT",
        "/v1/coordinate/update",
        b'{"Node": "n", "Coord": {"Vec": [0.5], "Error": 1.5, "Adjustment": 0, "Height": 0}}',
    ),
    RequestRow(
        "coordinate.update",
        lambda api: api.coordinate.update("n", _POINT, segment="s", datacenter="dc2", namespace="team", partition="p"),
        "PUT",
        "/v1/coordinate/update?dc=dc2&ns=team&partition=p",
        b'{"Node": "n", "Segment": "s", "Coord": {"Vec": [0.5], "Error": 1.5, "Adjustment": 0, "Height": 0}}',
    ),
]

ANSWERS = [
    AnswerRow(
        "coordinate.datacenters",
        lambda api: api.coordinate.datacenters(),
        200,
        b'[{"Datacenter": "dc1", "AreaID": "wan", "Coordinates": [{"Node": "n", "Segment": "", "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}}]}]',
        [{"Datacenter": "dc1", "AreaID": "wan", "Coordinates": [{"Node": "n", "Segment": "", "Coord": _COORD}]}],
    ),
    AnswerRow(
        "coordinate.nodes",
        lambda api: api.coordinate.nodes(),
        200,
        b'[{"Node": "n", "Segment": "", "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}}]',
        [{"Node": "n", "Segment": "", "Coord": _COORD}],
    ),
    AnswerRow(
        "coordinate.node",
        lambda api: api.coordinate.node("n"),
        200,
        b'[{"Node": "n", "Segment": "", "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}}]',
        [{"Node": "n", "Segment": "", "Coord": _COORD}],
    ),
    AnswerRow("coordinate.update", lambda api: api.coordinate.update("n", _POINT), 200, b"", True),
]
