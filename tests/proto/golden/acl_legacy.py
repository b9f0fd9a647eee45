"""Golden rows of `acl.legacy`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("acl.legacy.create", lambda api: api.acl.create("n"), "PUT", "/v1/acl/create", b'{"Name": "n", "Type": "client"}'),
    RequestRow(
        "acl.legacy.create",
        lambda api: api.acl.create("n", "management", "rules"),
        "PUT",
        "/v1/acl/create",
        b'{"Name": "n", "Type": "management", "Rules": "rules"}',
    ),
    RequestRow(
        "acl.legacy.update",
        lambda api: api.acl.update("id-1", "n", "client", "rules"),
        "PUT",
        "/v1/acl/update",
        b'{"ID": "id-1", "Name": "n", "Type": "client", "Rules": "rules"}',
    ),
    RequestRow("acl.legacy.info", lambda api: api.acl.info("id-1", index=2), "GET", "/v1/acl/info/id-1?index=2", None, wait=318.75),
    RequestRow("acl.legacy.list", lambda api: api.acl.list(consistency="consistent"), "GET", "/v1/acl/list?consistent", None),
]

ANSWERS = [
    AnswerRow(
        "acl.legacy.create",
        lambda api: api.acl.create("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-00000000acl5"}',
        "00000000-0000-0000-0000-00000000acl5",
    ),
    AnswerRow("acl.legacy.update", lambda api: api.acl.update("i", "n"), 200, b'{"ID": "00000000-0000-0000-0000-00000000acl5"}', True),
    AnswerRow(
        "acl.legacy.info",
        lambda api: api.acl.info("i"),
        200,
        b'[{"ID": "00000000-0000-0000-0000-00000000acl5", "Name": "web app", "Type": "client", "Rules": "key \\"app/\\" { policy = \\"read\\" }", "CreateIndex": 116, "ModifyIndex": 117}]',
        {
            "ID": "00000000-0000-0000-0000-00000000acl5",
            "Name": "web app",
            "Type": "client",
            "Rules": 'key "app/" { policy = "read" }',
            "CreateIndex": 116,
            "ModifyIndex": 117,
        },
    ),
    AnswerRow(
        "acl.legacy.list",
        lambda api: api.acl.list(),
        200,
        b'[{"ID": "00000000-0000-0000-0000-00000000acl7", "Name": "web app", "Type": "client", "Rules": "key \\"app/\\" { policy = \\"read\\" }", "CreateIndex": 118, "ModifyIndex": 118}, {"ID": "00000000-0000-0000-0000-00000000acl5", "Name": "web app", "Type": "client", "Rules": "key \\"app/\\" { policy = \\"read\\" }", "CreateIndex": 116, "ModifyIndex": 117}, {"ID": "00000000-0000-0000-0000-00000000acl1", "Name": "Master Token", "Type": "management", "Rules": "", "CreateIndex": 5, "ModifyIndex": 5}]',
        [
            {
                "ID": "00000000-0000-0000-0000-00000000acl7",
                "Name": "web app",
                "Type": "client",
                "Rules": 'key "app/" { policy = "read" }',
                "CreateIndex": 118,
                "ModifyIndex": 118,
            },
            {
                "ID": "00000000-0000-0000-0000-00000000acl5",
                "Name": "web app",
                "Type": "client",
                "Rules": 'key "app/" { policy = "read" }',
                "CreateIndex": 116,
                "ModifyIndex": 117,
            },
            {
                "ID": "00000000-0000-0000-0000-00000000acl1",
                "Name": "Master Token",
                "Type": "management",
                "Rules": "",
                "CreateIndex": 5,
                "ModifyIndex": 5,
            },
        ],
    ),
]
