"""Golden rows of `coordinate`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

_COORD = {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}

REQUESTS = [
    RequestRow("coordinate.datacenters", lambda api: api.coordinate.datacenters(), "GET", "/v1/coordinate/datacenters", None),
]

ANSWERS = [
    AnswerRow(
        "coordinate.datacenters",
        lambda api: api.coordinate.datacenters(),
        200,
        b'[{"Datacenter": "dc1", "AreaID": "wan", "Coordinates": [{"Node": "n", "Segment": "", "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001}}]}]',
        [{"Datacenter": "dc1", "AreaID": "wan", "Coordinates": [{"Node": "n", "Segment": "", "Coord": _COORD}]}],
    ),
]
