"""Golden rows of `txn`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

import json

from tests.proto.golden.row import AnswerRow, RequestRow


def _read(key: str, written: bytes) -> RequestRow:
    return RequestRow("txn", lambda api: api.kv.get(key), "PUT", "/v1/txn", b'[{"KV": {"Verb": "get", "Key": "%s"}}]' % written)


REQUESTS = [
    RequestRow(
        "txn",
        lambda api: api.kv.delete("k"),
        "PUT",
        "/v1/txn",
        b'[{"KV": {"Verb": "get", "Key": "k"}}, {"KV": {"Verb": "delete", "Key": "k"}}]',
    ),
    *(
        RequestRow("txn", call, "PUT", "/v1/txn?stale&max_stale=1s", b'[{"KV": {"Verb": "get", "Key": "a//b"}}]')
        for call in (
            lambda api: api.kv.get("a//b", consistency="stale", max_stale=1),
            lambda api: api.kv.read("a//b", consistency="stale", max_stale=1, wait=7),
            lambda api: api.kv.get_as("a//b", str, consistency="stale", max_stale=1),
            lambda api: api.kv.contains("a//b", consistency="stale", max_stale=1),
            lambda api: api.kv.get_record("a//b", consistency="stale", max_stale=1),
        )
    ),
    *(
        RequestRow("txn", call, "PUT", "/v1/txn", b'[{"KV": {"Verb": "get-tree", "Key": "./"}}]')
        for call in (
            lambda api: api.kv.get_records("./"),
            lambda api: api.kv.keys("./", separator="/"),
            lambda api: api.kv.count("./"),
            lambda api: api.kv.items("./"),
            lambda api: api.kv.values("./"),
            lambda api: api.kv.records("./"),
            lambda api: api.kv.find("./"),
        )
    ),
    *(
        _read(key, written)
        for key, written in (
            (".", b"."),
            ("/lead", b"/lead"),
            (" a", b" a"),
            ("a\nb", b"a\\nb"),
            ("\U0001fae8", b"\\ud83e\\udee8"),
        )
    ),
    RequestRow("txn", lambda api: api.kv.delete("a//", recurse=True), "PUT", "/v1/txn", b'[{"KV": {"Verb": "delete-tree", "Key": "a//"}}]'),
    RequestRow("txn", lambda api: api.kv.delete(".", cas=7), "PUT", "/v1/txn", b'[{"KV": {"Verb": "delete-cas", "Key": ".", "Index": 7}}]'),
    RequestRow(
        "txn",
        lambda api: api.txn.commit([{"KV": {"Verb": "get", "Key": "k"}}], datacenter="dc2", consistency="stale"),
        "PUT",
        "/v1/txn?dc=dc2&stale",
        b'[{"KV": {"Verb": "get", "Key": "k"}}]',
    ),
]

_ENTRY = {"LockIndex": 0, "Key": "a//b", "Flags": 3, "Value": "MTIzNA==", "CreateIndex": 69, "ModifyIndex": 70}
_FOUND = json.dumps({"Results": [{"KV": _ENTRY}], "Errors": None}).encode()
_MISSING = b'{"Results": null, "Errors": [{"OpIndex": 0, "What": "key \\"a//b\\" doesn\'t exist"}]}'
_STALE = b'{"Results": null, "Errors": [{"OpIndex": 0, "What": "failed to delete key \\"a//b\\", index is stale"}]}'
_DONE = b'{"Results": [], "Errors": null}'

ANSWERS = [
    AnswerRow("txn", lambda api: api.kv.get("a//b"), 200, _FOUND, 1234),
    AnswerRow("txn", lambda api: api.kv.get("a//b", "none"), 409, _MISSING, "none"),
    AnswerRow("txn", lambda api: api.kv.read("a//b", raw=True), 200, _FOUND, b"1234"),
    AnswerRow("txn", lambda api: api.kv.get_as("a//b", str), 200, _FOUND, "1234"),
    AnswerRow("txn", lambda api: api.kv.get_as("a//b", str, ""), 409, _MISSING, ""),
    AnswerRow("txn", lambda api: api.kv.contains("a//b"), 200, _FOUND, True),
    AnswerRow("txn", lambda api: api.kv.contains("a//b"), 409, _MISSING, False),
    AnswerRow("txn", lambda api: api.kv.get_record("a//b"), 200, _FOUND, {**_ENTRY, "Value": 1234}),
    AnswerRow("txn", lambda api: api.kv.keys("a//"), 200, _FOUND, ["a//b"]),
    AnswerRow("txn", lambda api: api.kv.keys("a//", separator="b"), 200, _FOUND, ["a//b"]),
    AnswerRow("txn", lambda api: api.kv.keys("//", separator="/"), 200, _FOUND.replace(b"a//b", b"//b/c"), ["//b/"]),
    AnswerRow("txn", lambda api: api.kv.count("a//"), 200, _FOUND, 1),
    AnswerRow("txn", lambda api: api.kv.items("a//"), 200, _FOUND, {"a//b": 1234}),
    AnswerRow("txn", lambda api: api.kv.items("a//"), 200, _DONE, {}),
    AnswerRow("txn", lambda api: api.kv.delete("a//b", recurse=True), 200, _DONE, True),
    AnswerRow("txn", lambda api: api.kv.delete("a//b", cas=7), 200, _DONE, True),
    AnswerRow("txn", lambda api: api.kv.delete("a//b", cas=7), 409, _STALE, False),
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
