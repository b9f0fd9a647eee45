"""Golden rows of `acl.role`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("acl.role.create", lambda api: api.acl.role.create("web"), "PUT", "/v1/acl/role", b'{"Name": "web"}'),
    RequestRow(
        "acl.role.create",
        lambda api: api.acl.role.create(
            "web",
            description="for web",
            policies=[{"Name": "web-read"}],
            service_identities=[{"ServiceName": "web"}],
            node_identities=[{"NodeName": "n1", "Datacenter": "dc1"}],
            templated_policies=[{"TemplateName": "builtin/dns"}],
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/role?ns=team&partition=p1",
        b'{"Name": "web", "Description": "for web", "Policies": [{"Name": "web-read"}], "ServiceIdentities": [{"ServiceName": "web"}], "NodeIdentities": [{"NodeName": "n1", "Datacenter": "dc1"}], "TemplatedPolicies": [{"TemplateName": "builtin/dns"}]}',
    ),
    RequestRow(
        "acl.role.read",
        lambda api: api.acl.role.read(
            "r-1", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/role/r-1?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.role.read_by_name",
        lambda api: api.acl.role.read_by_name(
            "web", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/role/name/web?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.role.update",
        lambda api: api.acl.role.update(
            "r-1",
            "web",
            description="for web",
            policies=[{"Name": "web-read"}],
            service_identities=[{"ServiceName": "web"}],
            node_identities=[{"NodeName": "n1", "Datacenter": "dc1"}],
            templated_policies=[{"TemplateName": "builtin/dns"}],
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/role/r-1?ns=team&partition=p1",
        b'{"Name": "web", "Description": "for web", "Policies": [{"Name": "web-read"}], "ServiceIdentities": [{"ServiceName": "web"}], "NodeIdentities": [{"NodeName": "n1", "Datacenter": "dc1"}], "TemplatedPolicies": [{"TemplateName": "builtin/dns"}]}',
    ),
    RequestRow(
        "acl.role.delete",
        lambda api: api.acl.role.delete("r-1", namespace="team", partition="p1"),
        "DELETE",
        "/v1/acl/role/r-1?ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.role.list",
        lambda api: api.acl.role.list(
            datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s", policy="p-1"
        ),
        "GET",
        "/v1/acl/roles?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s&policy=p-1",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.role.create",
        lambda api: api.acl.role.create("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl21", "Name": "web", "Description": "for web", "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}], "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=", "CreateIndex": 142, "ModifyIndex": 142}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl21",
            "Name": "web",
            "Description": "for web",
            "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}],
            "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=",
            "CreateIndex": 142,
            "ModifyIndex": 142,
        },
    ),
    AnswerRow(
        "acl.role.read",
        lambda api: api.acl.role.read("r"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl21", "Name": "web", "Description": "for web", "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}], "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=", "CreateIndex": 142, "ModifyIndex": 142}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl21",
            "Name": "web",
            "Description": "for web",
            "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}],
            "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=",
            "CreateIndex": 142,
            "ModifyIndex": 142,
        },
    ),
    AnswerRow(
        "acl.role.read_by_name",
        lambda api: api.acl.role.read_by_name("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl21", "Name": "web", "Description": "for web", "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}], "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=", "CreateIndex": 142, "ModifyIndex": 142}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl21",
            "Name": "web",
            "Description": "for web",
            "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}],
            "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=",
            "CreateIndex": 142,
            "ModifyIndex": 142,
        },
    ),
    AnswerRow(
        "acl.role.update",
        lambda api: api.acl.role.update("r", "n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl21", "Name": "web", "Description": "", "ServiceIdentities": [{"ServiceName": "web"}], "NodeIdentities": [{"NodeName": "n1", "Datacenter": "dc1"}], "Hash": "cCQfQWtndq7NnQWDWrDuXEDbcZ4aCSYZ20s7cxCBuSM=", "CreateIndex": 142, "ModifyIndex": 143}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl21",
            "Name": "web",
            "Description": "",
            "ServiceIdentities": [{"ServiceName": "web"}],
            "NodeIdentities": [{"NodeName": "n1", "Datacenter": "dc1"}],
            "Hash": "cCQfQWtndq7NnQWDWrDuXEDbcZ4aCSYZ20s7cxCBuSM=",
            "CreateIndex": 142,
            "ModifyIndex": 143,
        },
    ),
    AnswerRow("acl.role.delete", lambda api: api.acl.role.delete("r"), 200, b"true", True),
    AnswerRow(
        "acl.role.list",
        lambda api: api.acl.role.list(),
        200,
        b'[{"ID": "00000000-0000-0000-0000-0000000acl21", "Name": "web", "Description": "for web", "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}], "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=", "CreateIndex": 142, "ModifyIndex": 142}]',
        [
            {
                "ID": "00000000-0000-0000-0000-0000000acl21",
                "Name": "web",
                "Description": "for web",
                "Policies": [{"ID": "00000000-0000-0000-0000-0000000acl13", "Name": "linked"}],
                "Hash": "EQOEZqHeJenDAeHe2Btm1Wp4oDBb92XZ+A3J/buXmeI=",
                "CreateIndex": 142,
                "ModifyIndex": 142,
            }
        ],
    ),
]
