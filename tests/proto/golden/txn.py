"""Golden rows of `txn`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "txn",
        lambda api: api.kv.delete("k"),
        "PUT",
        "/v1/txn",
        b'[{"KV": {"Verb": "get", "Key": "k"}}, {"KV": {"Verb": "delete", "Key": "k"}}]',
    ),
    RequestRow(
        "txn",
        lambda api: api.txn.commit([{"KV": {"Verb": "get", "Key": "k"}}], datacenter="dc2", consistency="stale"),
        "PUT",
        "/v1/txn?dc=dc2&stale",
        b'[{"KV": {"Verb": "get", "Key": "k"}}]',
    ),
]

ANSWERS = [
    AnswerRow(
        "txn",
        lambda api: api.txn.commit([]),
        200,
        b'{"Results": [{"KV": {"LockIndex": 0, "Key": "txn/a", "Flags": 3, "Value": null, "CreateIndex": 69, "ModifyIndex": 69}}, {"KV": {"LockIndex": 0, "Key": "txn/a", "Flags": 3, "Value": "b25l", "CreateIndex": 69, "ModifyIndex": 69}}], "Errors": null}',
        [
            {"KV": {"LockIndex": 0, "Key": "txn/a", "Flags": 3, "Value": None, "CreateIndex": 69, "ModifyIndex": 69}},
            {"KV": {"LockIndex": 0, "Key": "txn/a", "Flags": 3, "Value": "b25l", "CreateIndex": 69, "ModifyIndex": 69}},
        ],
    ),
    AnswerRow(
        "txn",
        lambda api: api.kv.delete("k"),
        200,
        b'{"Results": [{"KV": {"LockIndex": 0, "Key": "txn/a", "Flags": 3, "Value": "b25l", "CreateIndex": 69, "ModifyIndex": 69}}], "Errors": null}',
        True,
    ),
    AnswerRow(
        "txn",
        lambda api: api.txn.commit([]),
        200,
        b'{"Results": [], "Errors": null, "Index": 1, "LastContact": 0, "KnownLeader": true, "ConsistencyLevel": "", "NotModified": false, "Backend": 0, "ResultsFilteredByACLs": false}',
        [],
    ),
]
