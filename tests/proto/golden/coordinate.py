"""Golden rows of `coordinate`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

_COORD = {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}

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
]
