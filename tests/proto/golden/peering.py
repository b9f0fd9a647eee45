"""Golden rows of `peering`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

import json
from typing import Any

from tests.proto.golden.row import AnswerRow, RequestRow

_PEERING: dict[str, Any] = {
    "ID": "9bfb29d7-163b-b98c-3f78-cdfc6b3c4240",
    "Name": "two",
    "State": "ACTIVE",
    "PeerID": "4be354fa-0cad-6f32-b992-f68ab0060ad4",
    "PeerServerName": "server.dc2.peering.93e22019-fa21-430f-d5ec-50d8560cbf09.consul",
    "PeerServerAddresses": ["127.0.0.1:36179"],
    "StreamStatus": {
        "ImportedServices": None,
        "ExportedServices": None,
        "LastHeartbeat": None,
        "LastReceive": "2026-11-28T08:36:42.280544686Z",
        "LastSend": "2026-11-28T08:36:42.277581305Z",
    },
    "CreateIndex": 18,
    "ModifyIndex": 20,
    "Remote": {"Partition": "", "Datacenter": "dc2"},
}

REQUESTS = [
    RequestRow(
        "peering.generate_token",
        lambda api: api.peering.generate_token(
            "cluster-02", meta={"env": "production"}, server_external_addresses=["10.0.0.1:8503"], partition="p"
        ),
        "POST",
        "/v1/peering/token?partition=p",
        b'{"PeerName": "cluster-02", "Meta": {"env": "production"}, "ServerExternalAddresses": ["10.0.0.1:8503"]}',
    ),
    RequestRow(
        "peering.generate_token",
        lambda api: api.peering.generate_token("cluster-02"),
        "POST",
        "/v1/peering/token",
        b'{"PeerName": "cluster-02"}',
    ),
    RequestRow(
        "peering.establish",
        lambda api: api.peering.establish("cluster-01", "eyJDQSI6bnVsbH0=", meta={"env": "production"}, partition="p"),
        "POST",
        "/v1/peering/establish?partition=p",
        b'{"PeerName": "cluster-01", "PeeringToken": "eyJDQSI6bnVsbH0=", "Meta": {"env": "production"}}',
    ),
    RequestRow(
        "peering.read",
        lambda api: api.peering.read("cluster-01", consistency="consistent", index=7, wait="10s", partition="p"),
        "GET",
        "/v1/peering/cluster-01?consistent&index=7&wait=10s&partition=p",
        None,
        wait=10.625,
    ),
    RequestRow(
        "peering.delete", lambda api: api.peering.delete("cluster-01", partition="p"), "DELETE", "/v1/peering/cluster-01?partition=p", None
    ),
    RequestRow(
        "peering.list",
        lambda api: api.peering.list(consistency="consistent", index=7, wait="10s", partition="p"),
        "GET",
        "/v1/peerings?consistent&index=7&wait=10s&partition=p",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "peering.generate_token",
        lambda api: api.peering.generate_token("cluster-02"),
        200,
        b'{"PeeringToken": "eyJDQSI6bnVsbH0="}',
        "eyJDQSI6bnVsbH0=",
    ),
    AnswerRow("peering.establish", lambda api: api.peering.establish("cluster-01", "eyJDQSI6bnVsbH0="), 200, b"{}", True),
    AnswerRow("peering.read", lambda api: api.peering.read("two"), 200, json.dumps(_PEERING).encode(), _PEERING),
    AnswerRow("peering.delete", lambda api: api.peering.delete("two"), 200, b"", True),
    AnswerRow("peering.list", lambda api: api.peering.list(), 200, json.dumps([_PEERING]).encode(), [_PEERING]),
]
