"""Golden rows of `acl.policy`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("acl.policy.create", lambda api: api.acl.policy.create("web-read"), "PUT", "/v1/acl/policy", b'{"Name": "web-read"}'),
    RequestRow(
        "acl.policy.create",
        lambda api: api.acl.policy.create(
            "web-read",
            description="for web",
            rules='service "web" { policy = "read" }',
            datacenters=["dc1"],
            namespace="team",
            partition="p1",
        ),
        "PUT",
        "/v1/acl/policy?ns=team&partition=p1",
        b'{"Name": "web-read", "Description": "for web", "Rules": "service \\"web\\" { policy = \\"read\\" }", "Datacenters": ["dc1"]}',
    ),
    RequestRow(
        "acl.policy.read",
        lambda api: api.acl.policy.read(
            "p-1", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/policy/p-1?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.policy.read_by_name",
        lambda api: api.acl.policy.read_by_name(
            "a/b", datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"
        ),
        "GET",
        "/v1/acl/policy/name/a%2Fb?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "acl.policy.update",
        lambda api: api.acl.policy.update("p-1", "web-read", description="", rules="", datacenters=[], namespace="team", partition="p1"),
        "PUT",
        "/v1/acl/policy/p-1?ns=team&partition=p1",
        b'{"Name": "web-read", "Description": "", "Rules": "", "Datacenters": []}',
    ),
    RequestRow(
        "acl.policy.delete",
        lambda api: api.acl.policy.delete("p-1", namespace="team", partition="p1"),
        "DELETE",
        "/v1/acl/policy/p-1?ns=team&partition=p1",
        None,
    ),
    RequestRow(
        "acl.policy.list",
        lambda api: api.acl.policy.list(datacenter="dc2", namespace="team", partition="p1", consistency="consistent", index=7, wait="10s"),
        "GET",
        "/v1/acl/policies?dc=dc2&ns=team&partition=p1&consistent&index=7&wait=10s",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "acl.policy.create",
        lambda api: api.acl.policy.create("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl10", "Name": "app", "Description": "for app", "Rules": "key_prefix \\"app/\\" { policy = \\"read\\" }", "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=", "CreateIndex": 132, "ModifyIndex": 132}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl10",
            "Name": "app",
            "Description": "for app",
            "Rules": 'key_prefix "app/" { policy = "read" }',
            "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=",
            "CreateIndex": 132,
            "ModifyIndex": 132,
        },
    ),
    AnswerRow(
        "acl.policy.read",
        lambda api: api.acl.policy.read("p"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl10", "Name": "app", "Description": "for app", "Rules": "key_prefix \\"app/\\" { policy = \\"read\\" }", "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=", "CreateIndex": 132, "ModifyIndex": 132}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl10",
            "Name": "app",
            "Description": "for app",
            "Rules": 'key_prefix "app/" { policy = "read" }',
            "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=",
            "CreateIndex": 132,
            "ModifyIndex": 132,
        },
    ),
    AnswerRow(
        "acl.policy.read_by_name",
        lambda api: api.acl.policy.read_by_name("n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl10", "Name": "app", "Description": "for app", "Rules": "key_prefix \\"app/\\" { policy = \\"read\\" }", "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=", "CreateIndex": 132, "ModifyIndex": 132}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl10",
            "Name": "app",
            "Description": "for app",
            "Rules": 'key_prefix "app/" { policy = "read" }',
            "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=",
            "CreateIndex": 132,
            "ModifyIndex": 132,
        },
    ),
    AnswerRow(
        "acl.policy.update",
        lambda api: api.acl.policy.update("p", "n"),
        200,
        b'{"ID": "00000000-0000-0000-0000-0000000acl10", "Name": "app", "Description": "", "Rules": "key_prefix \\"app/\\" { policy = \\"read\\" }", "Datacenters": ["dc1"], "Hash": "4TB58Fs9dR0kwetKbfB+gVjharsTtbwAQ8OMP+GBLjA=", "CreateIndex": 132, "ModifyIndex": 133}',
        {
            "ID": "00000000-0000-0000-0000-0000000acl10",
            "Name": "app",
            "Description": "",
            "Rules": 'key_prefix "app/" { policy = "read" }',
            "Datacenters": ["dc1"],
            "Hash": "4TB58Fs9dR0kwetKbfB+gVjharsTtbwAQ8OMP+GBLjA=",
            "CreateIndex": 132,
            "ModifyIndex": 133,
        },
    ),
    AnswerRow("acl.policy.delete", lambda api: api.acl.policy.delete("p"), 200, b"true", True),
    AnswerRow(
        "acl.policy.list",
        lambda api: api.acl.policy.list(),
        200,
        b'[{"ID": "00000000-0000-0000-0000-0000000acl10", "Name": "app", "Description": "for app", "Datacenters": null, "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=", "CreateIndex": 132, "ModifyIndex": 132}, {"ID": "00000000-0000-0000-0000-000000000002", "Name": "builtin/global-read-only", "Description": "A built-in policy that grants read-only access to all Consul features", "Datacenters": null, "Hash": "4jtyawyzzig+Ys5HfPI91O3UHLHiXtPlNG7aHEmlesk=", "CreateIndex": 4, "ModifyIndex": 4}, {"ID": "00000000-0000-0000-0000-000000000001", "Name": "global-management", "Description": "A built-in policy that grants read and write access to all Consul features", "Datacenters": null, "Hash": "+TzVGrd3uSVx3Bl8FV5O0BsKc1idAee6ZpEw9WDfaW8=", "CreateIndex": 5, "ModifyIndex": 5}]',
        [
            {
                "ID": "00000000-0000-0000-0000-0000000acl10",
                "Name": "app",
                "Description": "for app",
                "Datacenters": None,
                "Hash": "1stBMHKzeTXAqlvqe64Egw6cjjAdlUsm8QrtjGPsOa4=",
                "CreateIndex": 132,
                "ModifyIndex": 132,
            },
            {
                "ID": "00000000-0000-0000-0000-000000000002",
                "Name": "builtin/global-read-only",
                "Description": "A built-in policy that grants read-only access to all Consul features",
                "Datacenters": None,
                "Hash": "4jtyawyzzig+Ys5HfPI91O3UHLHiXtPlNG7aHEmlesk=",
                "CreateIndex": 4,
                "ModifyIndex": 4,
            },
            {
                "ID": "00000000-0000-0000-0000-000000000001",
                "Name": "global-management",
                "Description": "A built-in policy that grants read and write access to all Consul features",
                "Datacenters": None,
                "Hash": "+TzVGrd3uSVx3Bl8FV5O0BsKc1idAee6ZpEw9WDfaW8=",
                "CreateIndex": 5,
                "ModifyIndex": 5,
            },
        ],
    ),
]
