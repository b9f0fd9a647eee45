"""Golden rows of `acl.legacy`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("acl.legacy.create", lambda api: api.acl.legacy.create(), "PUT", "/v1/acl/create", b"{}"),
    RequestRow(
        "acl.legacy.create", lambda api: api.acl.legacy.create("n", acl_id="i"), "PUT", "/v1/acl/create", b'{"ID": "i", "Name": "n"}'
    ),
    RequestRow(
        "acl.legacy.create",
        lambda api: api.acl.legacy.create("n", "management", "rules"),
        "PUT",
        "/v1/acl/create",
        b'{"Name": "n", "Type": "management", "Rules": "rules"}',
    ),
    RequestRow(
        "acl.legacy.update",
        lambda api: api.acl.legacy.update("id-1", "n", "client", "rules"),
        "PUT",
        "/v1/acl/update",
        b'{"ID": "id-1", "Name": "n", "Type": "client", "Rules": "rules"}',
    ),
    RequestRow("acl.legacy.info", lambda api: api.acl.legacy.info("id-1", index=2), "GET", "/v1/acl/info/id-1?index=2", None, wait=318.75),
    RequestRow("acl.legacy.list", lambda api: api.acl.legacy.list(consistency="consistent"), "GET", "/v1/acl/list?consistent", None),
    RequestRow("acl.legacy.clone", lambda api: api.acl.legacy.clone("id-1"), "PUT", "/v1/acl/clone/id-1", None),
    RequestRow("acl.legacy.destroy", lambda api: api.acl.legacy.destroy("id-1"), "PUT", "/v1/acl/destroy/id-1", None),
    RequestRow(
        "acl.legacy.rules_translate",
        lambda api: api.acl.legacy.rules_translate('key "" { policy = "read" }'),
        "POST",
        "/v1/acl/rules/translate",
        b'key "" { policy = "read" }',
    ),
    RequestRow(
        "acl.legacy.rules_translate_token",
        lambda api: api.acl.legacy.rules_translate_token("accessor-1"),
        "GET",
        "/v1/acl/rules/translate/accessor-1",
        None,
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.legacy.create",
        lambda api: api.acl.legacy.create("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-00000000acl5"}',
        "00000000-0000-0000-0000-00000000acl5",
    ),
    AnswerRow(
        "acl.legacy.update", lambda api: api.acl.legacy.update("i", "n"), 200, b'{"ID": "00000000-0000-0000-0000-00000000acl5"}', True
    ),
    AnswerRow(
        "acl.legacy.info",
        lambda api: api.acl.legacy.info("i"),
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
        lambda api: api.acl.legacy.list(),
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
    AnswerRow(
        "acl.legacy.clone",
        lambda api: api.acl.legacy.clone("i"),
        200,
        b'{"ID": "00000000-0000-0000-0000-00000000acl7"}',
        "00000000-0000-0000-0000-00000000acl7",
    ),
    AnswerRow("acl.legacy.destroy", lambda api: api.acl.legacy.destroy("i"), 200, b"true", True),
    AnswerRow(
        "acl.legacy.rules_translate",
        lambda api: api.acl.legacy.rules_translate("rules"),
        200,
        b'key_prefix "app/" {\n  policy = "read"\n}',
        'key_prefix "app/" {\n  policy = "read"\n}',
    ),
    AnswerRow(
        "acl.legacy.rules_translate_token",
        lambda api: api.acl.legacy.rules_translate_token("i"),
        200,
        b'key_prefix "app/" {\n  policy = "read"\n}',
        'key_prefix "app/" {\n  policy = "read"\n}',
    ),
]
