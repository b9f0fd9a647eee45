"""Golden rows of `namespace` and `partition`: what each call sends, and what it makes of the documentation's answers."""

from __future__ import annotations

import json
from typing import Any

from tests.proto.golden.row import AnswerRow, RequestRow

_TEAM: dict[str, Any] = {
    "Name": "team-1",
    "Description": "Namespace for Team 1",
    "ACLs": {
        "PolicyDefaults": [{"ID": "77117cf6-d976-79b0-d63b-5a36ac69c8f1", "Name": "service-read"}],
        "RoleDefaults": [{"ID": "69748856-ae69-d620-3ec4-07844b3c6be7", "Name": "service-discovery"}],
    },
    "Meta": {"foo": "bar"},
    "CreateIndex": 55,
    "ModifyIndex": 55,
}

_DEFAULT = {"Name": "default", "Description": "Builtin Default Namespace", "CreateIndex": 6, "ModifyIndex": 6}

_WEST = {"Name": "na-west", "Description": "Partition for North America West", "CreateIndex": 55, "ModifyIndex": 55}


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


_NAMESPACE_REQUESTS = [
    RequestRow(
        "namespace.create",
        lambda api: api.namespace.create(
            "team-1",
            description="Namespace for Team 1",
            acls={"PolicyDefaults": [{"ID": "77117cf6"}, {"Name": "node-read"}], "RoleDefaults": [{"Name": "ns-team-2-read"}]},
            meta={"foo": "bar"},
            partition="p",
        ),
        "PUT",
        "/v1/namespace?partition=p",
        (
            b'{"Name": "team-1", "Description": "Namespace for Team 1", "ACLs": {"PolicyDefaults": [{"ID": "77117cf6"}, {"Name": "node-read"}],'
            b' "RoleDefaults": [{"Name": "ns-team-2-read"}]}, "Meta": {"foo": "bar"}}'
        ),
    ),
    RequestRow("namespace.create", lambda api: api.namespace.create("team-1"), "PUT", "/v1/namespace", b'{"Name": "team-1"}'),
    RequestRow(
        "namespace.read",
        lambda api: api.namespace.read("team-1", datacenter="dc2", consistency="stale", index=7, wait="10s", partition="p"),
        "GET",
        "/v1/namespace/team-1?dc=dc2&stale&index=7&wait=10s&partition=p",
        None,
        wait=10.625,
    ),
    RequestRow(
        "namespace.update",
        lambda api: api.namespace.update("team-1", description="", acls={"RoleDefaults": []}, meta={}, partition="p"),
        "PUT",
        "/v1/namespace/team-1?partition=p",
        b'{"Description": "", "ACLs": {"RoleDefaults": []}, "Meta": {}}',
    ),
    RequestRow(
        "namespace.delete", lambda api: api.namespace.delete("team-1", partition="p"), "DELETE", "/v1/namespace/team-1?partition=p", None
    ),
    RequestRow(
        "namespace.list",
        lambda api: api.namespace.list(datacenter="dc2", consistency="consistent", index=7, wait="10s", partition="p"),
        "GET",
        "/v1/namespaces?dc=dc2&consistent&index=7&wait=10s&partition=p",
        None,
        wait=10.625,
    ),
]

_PARTITION_REQUESTS = [
    RequestRow(
        "partition.create",
        lambda api: api.partition.create("na-west", description="Partition for North America West", disable_gossip=True),
        "PUT",
        "/v1/partition",
        b'{"Name": "na-west", "Description": "Partition for North America West", "DisableGossip": true}',
    ),
    RequestRow("partition.create", lambda api: api.partition.create("na-west"), "PUT", "/v1/partition", b'{"Name": "na-west"}'),
    RequestRow(
        "partition.read",
        lambda api: api.partition.read("na-west", consistency="consistent"),
        "GET",
        "/v1/partition/na-west?consistent",
        None,
    ),
    RequestRow(
        "partition.update",
        lambda api: api.partition.update("na-west", description="", disable_gossip=False),
        "PUT",
        "/v1/partition/na-west",
        b'{"Description": "", "DisableGossip": false}',
    ),
    RequestRow("partition.delete", lambda api: api.partition.delete("na-west"), "DELETE", "/v1/partition/na-west", None),
    RequestRow("partition.list", lambda api: api.partition.list(consistency="consistent"), "GET", "/v1/partitions?consistent", None),
]

REQUESTS = [*_NAMESPACE_REQUESTS, *_PARTITION_REQUESTS]

ANSWERS = [
    AnswerRow("namespace.create", lambda api: api.namespace.create("team-1"), 200, _body(_TEAM), _TEAM),
    AnswerRow("namespace.read", lambda api: api.namespace.read("team-1"), 200, _body(_TEAM), _TEAM),
    AnswerRow("namespace.update", lambda api: api.namespace.update("team-1"), 200, _body(_TEAM), _TEAM),
    AnswerRow("namespace.delete", lambda api: api.namespace.delete("team-1"), 200, b"", True),
    AnswerRow(
        "namespace.delete",
        lambda api: api.namespace.delete("team-1"),
        200,
        _body({**_TEAM, "DeletedAt": "2019-12-02T23:00:00Z"}),
        True,
    ),
    AnswerRow("namespace.list", lambda api: api.namespace.list(), 200, _body([_DEFAULT, _TEAM]), [_DEFAULT, _TEAM]),
    AnswerRow("partition.create", lambda api: api.partition.create("na-west"), 200, _body(_WEST), _WEST),
    AnswerRow("partition.read", lambda api: api.partition.read("na-west"), 200, _body(_WEST), _WEST),
    AnswerRow("partition.update", lambda api: api.partition.update("na-west"), 200, _body(_WEST), _WEST),
    AnswerRow("partition.delete", lambda api: api.partition.delete("na-west"), 200, b"", True),
    AnswerRow("partition.list", lambda api: api.partition.list(), 200, _body([_WEST]), [_WEST]),
]
