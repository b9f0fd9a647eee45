"""Golden rows of `acl.binding_rule`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "acl.binding_rule.create",
        lambda api: api.acl.binding_rule.create("jwt", "service", "web"),
        "PUT",
        "/v1/acl/binding-rule",
        b'{"AuthMethod": "jwt", "BindType": "service", "BindName": "web"}',
    ),
    RequestRow(
        "acl.binding_rule.create",
        lambda api: api.acl.binding_rule.create(
            "jwt",
            "templated-policy",
            "builtin/service",
            selector="value.name==web",
            description="for web",
            bind_vars={"Name": "${value.name}"},
            datacenter="dc2",
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/binding-rule?dc=dc2&ns=team&partition=p1",
        b'{"AuthMethod": "jwt", "BindType": "templated-policy", "BindName": "builtin/service", "Selector": "value.name==web", "Description": "for web", "BindVars": {"Name": "${value.name}"}}',
    ),
    RequestRow(
        "acl.binding_rule.read",
        lambda api: api.acl.binding_rule.read(
            "b-1", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/binding-rule/b-1?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.binding_rule.update",
        lambda api: api.acl.binding_rule.update(
            "b-1",
            "jwt",
            "templated-policy",
            "builtin/service",
            selector="value.name==web",
            description="for web",
            bind_vars={"Name": "${value.name}"},
            datacenter="dc2",
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/binding-rule/b-1?dc=dc2&ns=team&partition=p1",
        b'{"AuthMethod": "jwt", "BindType": "templated-policy", "BindName": "builtin/service", "Selector": "value.name==web", "Description": "for web", "BindVars": {"Name": "${value.name}"}}',
    ),
    RequestRow(
        "acl.binding_rule.delete",
        lambda api: api.acl.binding_rule.delete("b-1", datacenter="dc2", namespace="team", partition="p1"),
        "DELETE",
        "/v1/acl/binding-rule/b-1?dc=dc2&ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.binding_rule.list",
        lambda api: api.acl.binding_rule.list(
            datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s", authmethod="jwt"
        ),
        "GET",
        "/v1/acl/binding-rules?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s&authmethod=jwt",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.binding_rule.create",
        lambda api: api.acl.binding_rule.create("m", "service", "web"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl22", "Description": "for web", "AuthMethod": "bound", "Selector": "value.name==web", "BindType": "service", "BindName": "${value.name}", "CreateIndex": 149, "ModifyIndex": 149}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl22",
            "Description": "for web",
            "AuthMethod": "bound",
            "Selector": "value.name==web",
            "BindType": "service",
            "BindName": "${value.name}",
            "CreateIndex": 149,
            "ModifyIndex": 149,
        },
    ),
    AnswerRow(
        "acl.binding_rule.create",
        lambda api: api.acl.binding_rule.create("m", "templated-policy", "builtin/service"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl23", "Description": "", "AuthMethod": "bound", "Selector": "", "BindType": "templated-policy", "BindName": "builtin/service", "BindVars": {"name": "${value.name}"}, "CreateIndex": 150, "ModifyIndex": 150}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl23",
            "Description": "",
            "AuthMethod": "bound",
            "Selector": "",
            "BindType": "templated-policy",
            "BindName": "builtin/service",
            "BindVars": {"name": "${value.name}"},
            "CreateIndex": 150,
            "ModifyIndex": 150,
        },
    ),
    AnswerRow(
        "acl.binding_rule.read",
        lambda api: api.acl.binding_rule.read("b"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl22", "Description": "for web", "AuthMethod": "bound", "Selector": "value.name==web", "BindType": "service", "BindName": "${value.name}", "CreateIndex": 149, "ModifyIndex": 149}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl22",
            "Description": "for web",
            "AuthMethod": "bound",
            "Selector": "value.name==web",
            "BindType": "service",
            "BindName": "${value.name}",
            "CreateIndex": 149,
            "ModifyIndex": 149,
        },
    ),
    AnswerRow(
        "acl.binding_rule.update",
        lambda api: api.acl.binding_rule.update("b", "m", "service", "web"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl22", "Description": "", "AuthMethod": "bound", "Selector": "", "BindType": "service", "BindName": "web", "CreateIndex": 149, "ModifyIndex": 151}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl22",
            "Description": "",
            "AuthMethod": "bound",
            "Selector": "",
            "BindType": "service",
            "BindName": "web",
            "CreateIndex": 149,
            "ModifyIndex": 151,
        },
    ),
    AnswerRow("acl.binding_rule.delete", lambda api: api.acl.binding_rule.delete("b"), 200, b"true", True),
    AnswerRow(
        "acl.binding_rule.list",
        lambda api: api.acl.binding_rule.list(),
        200,
        b'[{"ID": "00000000-0000-0000-0000-0000000acl22", "Description": "for web", "AuthMethod": "bound", "Selector": "value.name==web", "BindType": "service", "BindName": "${value.name}", "CreateIndex": 149, "ModifyIndex": 149}, {"ID": "00000000-0000-0000-0000-0000000acl23", "Description": "", "AuthMethod": "bound", "Selector": "", "BindType": "templated-policy", "BindName": "builtin/service", "BindVars": {"name": "${value.name}"}, "CreateIndex": 150, "ModifyIndex": 150}]',
        [
            {
                "ID": "00000000-0000-0000-0000-0000000acl22",
                "Description": "for web",
                "AuthMethod": "bound",
                "Selector": "value.name==web",
                "BindType": "service",
                "BindName": "${value.name}",
                "CreateIndex": 149,
                "ModifyIndex": 149,
            },
            {
                "ID": "00000000-0000-0000-0000-0000000acl23",
                "Description": "",
                "AuthMethod": "bound",
                "Selector": "",
                "BindType": "templated-policy",
                "BindName": "builtin/service",
                "BindVars": {"name": "${value.name}"},
                "CreateIndex": 150,
                "ModifyIndex": 150,
            },
        ],
    ),
]
