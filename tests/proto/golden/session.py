"""Golden rows of `session`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow


def _with_ttl(ttl: str | int, written: bytes) -> RequestRow:
    return RequestRow("session.create", lambda api: api.session.create(ttl=ttl), "PUT", "/v1/session/create", b'{"TTL": "%s"}' % written)


REQUESTS = [
    RequestRow("session.create", lambda api: api.session.create(), "PUT", "/v1/session/create", b"{}"),
    RequestRow(
        "session.create",
        lambda api: api.session.create(
            "n", "delete", "n1", "5s", 15, ["serfHealth"], node_checks=["a"], service_checks=[{"ID": "b"}], datacenter="dc2"
        ),
        "PUT",
        "/v1/session/create?dc=dc2",
        b'{"Name": "n", "Behavior": "delete", "Node": "n1", "LockDelay": "5s", "TTL": "15s", "Checks": ["serfHealth"], "NodeChecks": ["a"], "ServiceChecks": [{"ID": "b"}]}',
    ),
    *(_with_ttl(ttl, written) for ttl, written in (("3s", b"3s"), ("0s", b"0s"), (0, b"0s"), ("24h", b"24h"))),
    RequestRow("session.destroy", lambda api: api.session.destroy("s-1", datacenter="dc2"), "PUT", "/v1/session/destroy/s-1?dc=dc2", None),
    RequestRow(
        "session.info",
        lambda api: api.session.info("s-1", index=4, wait="5s"),
        "GET",
        "/v1/session/info/s-1?index=4&wait=5s",
        None,
        wait=5.3125,
    ),
    RequestRow("session.list", lambda api: api.session.list(consistency="stale"), "GET", "/v1/session/list?stale", None),
    RequestRow("session.node", lambda api: api.session.node("n1"), "GET", "/v1/session/node/n1", None),
    RequestRow("session.renew", lambda api: api.session.renew("s-1"), "PUT", "/v1/session/renew/s-1", None),
]

ANSWERS = [
    AnswerRow(
        "session.create",
        lambda api: api.session.create(),
        200,
        b'{"ID": "14c20fc9-82d2-0eda-054a-c2fa9e7f11eb"}',
        "14c20fc9-82d2-0eda-054a-c2fa9e7f11eb",
    ),
    AnswerRow("session.destroy", lambda api: api.session.destroy("s"), 200, b"true", True),
    AnswerRow(
        "session.info",
        lambda api: api.session.info("s"),
        200,
        b'[{"ID": "cb937307-72e2-aef5-61af-b12211b17ea6", "Name": "job", "Node": "test-node", "LockDelay": 1000000000, "Behavior": "delete", "TTL": "30s", "NodeChecks": ["serfHealth"], "ServiceChecks": null, "CreateIndex": 79, "ModifyIndex": 79}]',
        {
            "ID": "cb937307-72e2-aef5-61af-b12211b17ea6",
            "Name": "job",
            "Node": "test-node",
            "LockDelay": 1000000000,
            "Behavior": "delete",
            "TTL": "30s",
            "NodeChecks": ["serfHealth"],
            "ServiceChecks": None,
            "CreateIndex": 79,
            "ModifyIndex": 79,
        },
    ),
    AnswerRow(
        "session.list",
        lambda api: api.session.list(),
        200,
        b'[{"ID": "05ed6a82-e65d-ab5a-0e36-b12d2e928153", "Name": "", "Node": "test-node", "LockDelay": 15000000000, "Behavior": "release", "TTL": "", "NodeChecks": ["serfHealth"], "ServiceChecks": null, "CreateIndex": 70, "ModifyIndex": 70}, {"ID": "bcc890de-99ed-2300-b828-7dfc5a9ed036", "Name": "", "Node": "test-node", "LockDelay": 15000000000, "Behavior": "release", "TTL": "", "NodeChecks": [], "ServiceChecks": null, "CreateIndex": 72, "ModifyIndex": 72}, {"ID": "e3293749-1a27-cdc7-4a3d-416429611370", "Name": "", "Node": "test-node", "LockDelay": 15000000000, "Behavior": "release", "TTL": "", "NodeChecks": ["serfHealth"], "ServiceChecks": null, "CreateIndex": 77, "ModifyIndex": 77}, {"ID": "fd3fa01c-b3a5-20ac-75f7-58d58dfd9591", "Name": "job", "Node": "test-node", "LockDelay": 1000000000, "Behavior": "delete", "TTL": "30s", "NodeChecks": ["serfHealth"], "ServiceChecks": null, "CreateIndex": 71, "ModifyIndex": 71}]',
        [
            {
                "ID": "05ed6a82-e65d-ab5a-0e36-b12d2e928153",
                "Name": "",
                "Node": "test-node",
                "LockDelay": 15000000000,
                "Behavior": "release",
                "TTL": "",
                "NodeChecks": ["serfHealth"],
                "ServiceChecks": None,
                "CreateIndex": 70,
                "ModifyIndex": 70,
            },
            {
                "ID": "bcc890de-99ed-2300-b828-7dfc5a9ed036",
                "Name": "",
                "Node": "test-node",
                "LockDelay": 15000000000,
                "Behavior": "release",
                "TTL": "",
                "NodeChecks": [],
                "ServiceChecks": None,
                "CreateIndex": 72,
                "ModifyIndex": 72,
            },
            {
                "ID": "e3293749-1a27-cdc7-4a3d-416429611370",
                "Name": "",
                "Node": "test-node",
                "LockDelay": 15000000000,
                "Behavior": "release",
                "TTL": "",
                "NodeChecks": ["serfHealth"],
                "ServiceChecks": None,
                "CreateIndex": 77,
                "ModifyIndex": 77,
            },
            {
                "ID": "fd3fa01c-b3a5-20ac-75f7-58d58dfd9591",
                "Name": "job",
                "Node": "test-node",
                "LockDelay": 1000000000,
                "Behavior": "delete",
                "TTL": "30s",
                "NodeChecks": ["serfHealth"],
                "ServiceChecks": None,
                "CreateIndex": 71,
                "ModifyIndex": 71,
            },
        ],
    ),
    AnswerRow("session.node", lambda api: api.session.node("n"), 200, b"[]", []),
    AnswerRow(
        "session.renew",
        lambda api: api.session.renew("s"),
        200,
        b'[{"ID": "cb937307-72e2-aef5-61af-b12211b17ea6", "Name": "job", "Node": "test-node", "LockDelay": 1000000000, "Behavior": "delete", "TTL": "30s", "NodeChecks": ["serfHealth"], "ServiceChecks": null, "CreateIndex": 79, "ModifyIndex": 79}]',
        {
            "ID": "cb937307-72e2-aef5-61af-b12211b17ea6",
            "Name": "job",
            "Node": "test-node",
            "LockDelay": 1000000000,
            "Behavior": "delete",
            "TTL": "30s",
            "NodeChecks": ["serfHealth"],
            "ServiceChecks": None,
            "CreateIndex": 79,
            "ModifyIndex": 79,
        },
    ),
]
