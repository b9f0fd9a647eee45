"""Golden rows of `operator`: what each call sends, and what it makes of recorded answers (of Consul Enterprise: of its documentation)."""

from __future__ import annotations

import json
from typing import Any

from tests.proto.golden.row import AnswerRow, RequestRow

_ID = "8f246b77-f3e1-ff88-5b48-8ec93abf3e05"

#: 16 bytes, all of them 0.
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


_RAFT: dict[str, Any] = {
    "Servers": [
        {
            "ID": "2404e1a1-27cb-411c-9296-6762359610ab",
            "Node": "test-node",
            "Address": "127.0.0.1:41249",
            "Leader": True,
            "ProtocolVersion": "3",
            "Voter": True,
            "LastIndex": 1,
        }
    ],
    "Index": 0,
}

_AUTOPILOT = {
    "CleanupDeadServers": True,
    "LastContactThreshold": "200ms",
    "MaxTrailingLogs": 250,
    "MinQuorum": 0,
    "ServerStabilizationTime": "10s",
    "RedundancyZoneTag": "",
    "DisableUpgradeMigration": False,
    "UpgradeVersionTag": "",
    "CreateIndex": 9,
    "ModifyIndex": 9,
}

_HEALTH: dict[str, Any] = {
    "Healthy": False,
    "FailureTolerance": 0,
    "Servers": [
        {
            "ID": "2404e1a1-27cb-411c-9296-6762359610ab",
            "Name": "test-node",
            "Address": "127.0.0.1:41249",
            "SerfStatus": "alive",
            "Version": "1.22.5",
            "Leader": False,
            "LastContact": "0s",
            "LastTerm": 1,
            "LastIndex": 1,
            "Healthy": False,
            "Voter": True,
            "StableSince": "2026-11-28T08:26:49Z",
        }
    ],
}

_STATE: dict[str, Any] = {
    "Healthy": False,
    "FailureTolerance": 0,
    "OptimisticFailureTolerance": 0,
    "Servers": {
        "2404e1a1-27cb-411c-9296-6762359610ab": {
            "ID": "2404e1a1-27cb-411c-9296-6762359610ab",
            "Name": "test-node",
            "Address": "127.0.0.1:41249",
            "NodeStatus": "alive",
            "Version": "1.22.5",
            "LastContact": "0s",
            "LastTerm": 1,
            "LastIndex": 1,
            "Healthy": False,
            "StableSince": "2026-11-28T08:26:49.033309981Z",
            "ReadReplica": False,
            "Status": "voter",
            "Meta": None,
            "NodeType": "voter",
        }
    },
    "Leader": "",
    "Voters": ["2404e1a1-27cb-411c-9296-6762359610ab"],
}

_KEYS: list[dict[str, Any]] = [
    {"WAN": wan, "Datacenter": "dc1", "Segment": "", "Keys": {_KEY: 1}, "PrimaryKeys": {_KEY: 1}, "NumNodes": 1} for wan in (True, False)
]

_USAGE: dict[str, Any] = {
    "Usage": {
        "dc1": {
            "Services": 1,
            "ServiceInstances": 1,
            "ConnectServiceInstances": {
                "api-gateway": 0,
                "connect-native": 0,
                "connect-proxy": 0,
                "ingress-gateway": 0,
                "mesh-gateway": 0,
                "terminating-gateway": 0,
            },
            "BillableServiceInstances": 0,
            "Nodes": 1,
        }
    },
    "Index": 18,
    "LastContact": 0,
    "KnownLeader": True,
    "ConsistencyLevel": "leader",
    "NotModified": False,
    "Backend": 0,
    "ResultsFilteredByACLs": False,
}

_BUNDLE = b'{\n  "version": "2",\n  "mode": "manual",\n  "checksum": 17512992959032736032,\n  "snapshots": []\n}\n'

_LICENSE: dict[str, Any] = {
    "Valid": True,
    "License": {
        "license_id": "2afbf681-0d1a-0649-cb6c-333ec9f0989c",
        "customer_id": "0259271d-8ffc-e85e-0830-c0822c1f5f2b",
        "installation_id": "*",
        "issue_time": "2018-05-21T20:03:35.911567355Z",
        "start_time": "2018-05-21T04:00:00Z",
        "expiration_time": "2019-05-22T03:59:59.999Z",
        "product": "consul",
        "flags": {"package": "premium"},
        "features": ["Automated Backups", "Network Segments"],
        "temporary": False,
    },
    "Warnings": [],
}

_AREA = {"ID": _ID, "PeerDatacenter": "dc2", "RetryJoin": ["10.1.2.3", "10.1.2.4", "10.1.2.5"]}

_JOINED = [{"Address": address, "Joined": True, "Error": ""} for address in ("10.1.2.3", "10.1.2.4")]

_MEMBERS = [
    {
        "ID": "afc5d95c-1eee-4b46-b85b-0efe4c76dd48",
        "Name": "node-2.dc1",
        "Addr": "127.0.0.2",
        "Port": 8300,
        "Datacenter": "dc1",
        "Role": "server",
        "Build": "0.8.0",
        "Protocol": 2,
        "Status": "alive",
        "RTT": 256478,
    }
]

_HASH = "hmac_sha256:794c39dbc00d4714740199fe79982d02bbc5d303ab73149dfabc1244e3df3d4c"

_RAFT_REQUESTS = [
    RequestRow(
        "operator.raft.configuration",
        lambda api: api.operator.raft.configuration(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/operator/raft/configuration?dc=dc2&stale",
        None,
    ),
    RequestRow(
        "operator.raft.remove_peer",
        lambda api: api.operator.raft.remove_peer(id="s-1", datacenter="dc2"),
        "DELETE",
        "/v1/operator/raft/peer?id=s-1&dc=dc2",
        None,
    ),
    RequestRow(
        "operator.raft.remove_peer",
        lambda api: api.operator.raft.remove_peer(address="10.0.0.1:8300"),
        "DELETE",
        "/v1/operator/raft/peer?address=10.0.0.1:8300",
        None,
    ),
    RequestRow(
        "operator.raft.transfer_leader",
        lambda api: api.operator.raft.transfer_leader(id="s-1"),
        "POST",
        "/v1/operator/raft/transfer-leader?id=s-1",
        None,
    ),
    RequestRow(
        "operator.raft.transfer_leader", lambda api: api.operator.raft.transfer_leader(), "POST", "/v1/operator/raft/transfer-leader", None
    ),
]

_AUTOPILOT_REQUESTS = [
    RequestRow(
        "operator.autopilot.config_get",
        lambda api: api.operator.autopilot.config_get(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/operator/autopilot/configuration?dc=dc2&stale",
        None,
    ),
    RequestRow(
        "operator.autopilot.config_set",
        lambda api: api.operator.autopilot.config_set(
            cleanup_dead_servers=False,
            last_contact_threshold=0.5,
            max_trailing_logs=500,
            min_quorum=3,
            server_stabilization_time="20s",
            redundancy_zone_tag="zone",
            disable_upgrade_migration=True,
            upgrade_version_tag="build",
            cas=9,
            datacenter="dc2",
        ),
        "PUT",
        "/v1/operator/autopilot/configuration?cas=9&dc=dc2",
        (
            b'{"CleanupDeadServers": false, "LastContactThreshold": "500ms", "MaxTrailingLogs": 500, "MinQuorum": 3,'
            b' "ServerStabilizationTime": "20s", "RedundancyZoneTag": "zone", "DisableUpgradeMigration": true, "UpgradeVersionTag": "build"}'
        ),
    ),
    RequestRow(
        "operator.autopilot.config_set",
        lambda api: api.operator.autopilot.config_set(),
        "PUT",
        "/v1/operator/autopilot/configuration",
        b"{}",
    ),
    RequestRow(
        "operator.autopilot.health",
        lambda api: api.operator.autopilot.health(datacenter="dc2"),
        "GET",
        "/v1/operator/autopilot/health?dc=dc2",
        None,
    ),
    RequestRow(
        "operator.autopilot.state",
        lambda api: api.operator.autopilot.state(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/operator/autopilot/state?dc=dc2&stale",
        None,
    ),
]

_KEYRING_REQUESTS = [
    RequestRow(
        "operator.keyring.list",
        lambda api: api.operator.keyring.list(relay_factor=3, local_only=True),
        "GET",
        "/v1/operator/keyring?relay-factor=3&local-only=true",
        None,
    ),
    RequestRow(
        "operator.keyring.install",
        lambda api: api.operator.keyring.install(_KEY, relay_factor=1),
        "POST",
        "/v1/operator/keyring?relay-factor=1",
        _body({"Key": _KEY}),
    ),
    RequestRow(
        "operator.keyring.use",
        lambda api: api.operator.keyring.use(_KEY, relay_factor=1),
        "PUT",
        "/v1/operator/keyring?relay-factor=1",
        _body({"Key": _KEY}),
    ),
    RequestRow(
        "operator.keyring.remove",
        lambda api: api.operator.keyring.remove(_KEY, relay_factor=1),
        "DELETE",
        "/v1/operator/keyring?relay-factor=1",
        _body({"Key": _KEY}),
    ),
]

_AREA_REQUESTS = [
    RequestRow(
        "operator.area.create",
        lambda api: api.operator.area.create("dc2", retry_join=["10.1.2.3"], use_tls=False, datacenter="dc1"),
        "POST",
        "/v1/operator/area?dc=dc1",
        b'{"PeerDatacenter": "dc2", "RetryJoin": ["10.1.2.3"], "UseTLS": false}',
    ),
    RequestRow(
        "operator.area.list",
        lambda api: api.operator.area.list(datacenter="dc1", consistency="consistent", index=7, wait="10s", max_stale="1s"),
        "GET",
        "/v1/operator/area?dc=dc1&consistent&index=7&wait=10s&max_stale=1s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "operator.area.update",
        lambda api: api.operator.area.update(_ID, peer_datacenter="dc2", retry_join=[], use_tls=True, datacenter="dc1"),
        "PUT",
        f"/v1/operator/area/{_ID}?dc=dc1",
        b'{"PeerDatacenter": "dc2", "RetryJoin": [], "UseTLS": true}',
    ),
    RequestRow(
        "operator.area.update",
        lambda api: api.operator.area.update(_ID, use_tls=True),
        "PUT",
        f"/v1/operator/area/{_ID}",
        b'{"UseTLS": true}',
    ),
    RequestRow(
        "operator.area.read",
        lambda api: api.operator.area.read(_ID, datacenter="dc1", consistency="stale", index=7, wait="10s"),
        "GET",
        f"/v1/operator/area/{_ID}?dc=dc1&stale&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "operator.area.delete",
        lambda api: api.operator.area.delete(_ID, datacenter="dc1"),
        "DELETE",
        f"/v1/operator/area/{_ID}?dc=dc1",
        None,
    ),
    RequestRow(
        "operator.area.join",
        lambda api: api.operator.area.join(_ID, ["10.1.2.3", "10.1.2.4"], datacenter="dc1"),
        "PUT",
        f"/v1/operator/area/{_ID}/join?dc=dc1",
        b'["10.1.2.3", "10.1.2.4"]',
    ),
    RequestRow(
        "operator.area.members",
        lambda api: api.operator.area.members(_ID, datacenter="dc1"),
        "GET",
        f"/v1/operator/area/{_ID}/members?dc=dc1",
        None,
    ),
]

_OTHER_REQUESTS = [
    RequestRow(
        "operator.usage",
        lambda api: api.operator.usage(datacenter="dc2", consistency="stale", index=7, wait="10s", global_=True),
        "GET",
        "/v1/operator/usage?dc=dc2&stale&index=7&wait=10s&global",
        None,
        wait=10.625,
    ),
    RequestRow(
        "operator.utilization",
        lambda api: api.operator.utilization(
            message="for the audit", today_only=True, send_report=False, datacenter="dc2", namespace="n", partition="p"
        ),
        "GET",
        "/v1/operator/utilization?message=for%20the%20audit&today_only=true&send_report=false&dc=dc2&ns=n&partition=p",
        None,
    ),
    RequestRow(
        "operator.license.get",
        lambda api: api.operator.license.get(datacenter="dc2", consistency="stale"),
        "GET",
        "/v1/operator/license?dc=dc2&stale",
        None,
    ),
    RequestRow(
        "operator.license.get",
        lambda api: api.operator.license.signed(datacenter="dc2", consistency="consistent"),
        "GET",
        "/v1/operator/license?dc=dc2&consistent&signed",
        None,
    ),
    RequestRow(
        "operator.license.put",
        lambda api: api.operator.license.put("02MV4UU43B", datacenter="dc2"),
        "PUT",
        "/v1/operator/license?dc=dc2",
        b"02MV4UU43B",
    ),
    RequestRow(
        "operator.license.reset", lambda api: api.operator.license.reset(datacenter="dc2"), "DELETE", "/v1/operator/license?dc=dc2", None
    ),
    RequestRow(
        "operator.segment.list", lambda api: api.operator.segment.list(datacenter="dc2"), "GET", "/v1/operator/segment?dc=dc2", None
    ),
    RequestRow("operator.audit_hash", lambda api: api.operator.audit_hash("test"), "POST", "/v1/operator/audit-hash", b'{"Input": "test"}'),
]

REQUESTS = [*_RAFT_REQUESTS, *_AUTOPILOT_REQUESTS, *_KEYRING_REQUESTS, *_AREA_REQUESTS, *_OTHER_REQUESTS]

ANSWERS = [
    AnswerRow("operator.raft.configuration", lambda api: api.operator.raft.configuration(), 200, _body(_RAFT), _RAFT),
    AnswerRow("operator.raft.remove_peer", lambda api: api.operator.raft.remove_peer(id="s-1"), 200, b"", True),
    AnswerRow("operator.raft.transfer_leader", lambda api: api.operator.raft.transfer_leader(), 200, b'{"Success": true}', True),
    AnswerRow("operator.autopilot.config_get", lambda api: api.operator.autopilot.config_get(), 200, _body(_AUTOPILOT), _AUTOPILOT),
    AnswerRow("operator.autopilot.config_set", lambda api: api.operator.autopilot.config_set(), 200, b"true", True),
    AnswerRow("operator.autopilot.config_set", lambda api: api.operator.autopilot.config_set(cas=7), 200, b"false", False),
    AnswerRow("operator.autopilot.health", lambda api: api.operator.autopilot.health(), 200, _body(_HEALTH), _HEALTH),
    AnswerRow("operator.autopilot.health", lambda api: api.operator.autopilot.health(), 429, _body(_HEALTH), _HEALTH),
    AnswerRow("operator.autopilot.state", lambda api: api.operator.autopilot.state(), 200, _body(_STATE), _STATE),
    AnswerRow("operator.keyring.list", lambda api: api.operator.keyring.list(), 200, _body(_KEYS), _KEYS),
    AnswerRow("operator.keyring.install", lambda api: api.operator.keyring.install(_KEY), 200, b"", True),
    AnswerRow("operator.keyring.use", lambda api: api.operator.keyring.use(_KEY), 200, b"", True),
    AnswerRow("operator.keyring.remove", lambda api: api.operator.keyring.remove(_KEY), 200, b"", True),
    AnswerRow("operator.usage", lambda api: api.operator.usage(), 200, _body(_USAGE), _USAGE),
    AnswerRow("operator.utilization", lambda api: api.operator.utilization(), 200, _BUNDLE, _BUNDLE),
    AnswerRow("operator.license.get", lambda api: api.operator.license.get(), 200, _body(_LICENSE), _LICENSE),
    AnswerRow("operator.license.get", lambda api: api.operator.license.signed(), 200, b"02MV4UU43B\n", "02MV4UU43B"),
    AnswerRow("operator.license.put", lambda api: api.operator.license.put("02MV4UU43B"), 200, _body(_LICENSE), _LICENSE),
    AnswerRow("operator.license.reset", lambda api: api.operator.license.reset(), 200, _body(_LICENSE), _LICENSE),
    AnswerRow("operator.segment.list", lambda api: api.operator.segment.list(), 200, b'["", "alpha", "beta"]', ["", "alpha", "beta"]),
    AnswerRow("operator.area.create", lambda api: api.operator.area.create("dc2"), 200, _body({"ID": _ID}), _ID),
    AnswerRow("operator.area.list", lambda api: api.operator.area.list(), 200, _body([_AREA]), [_AREA]),
    AnswerRow("operator.area.update", lambda api: api.operator.area.update(_ID, use_tls=True), 200, _body({"ID": _ID}), _ID),
    AnswerRow("operator.area.read", lambda api: api.operator.area.read(_ID), 200, _body([_AREA]), _AREA),
    AnswerRow("operator.area.delete", lambda api: api.operator.area.delete(_ID), 200, b"", True),
    AnswerRow("operator.area.join", lambda api: api.operator.area.join(_ID, ["10.1.2.3"]), 200, _body(_JOINED), _JOINED),
    AnswerRow("operator.area.members", lambda api: api.operator.area.members(_ID), 200, _body(_MEMBERS), _MEMBERS),
    AnswerRow("operator.audit_hash", lambda api: api.operator.audit_hash("test"), 200, _body({"Hash": _HASH}), _HASH),
]
