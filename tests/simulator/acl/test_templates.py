"""Templated policies.

https://developer.hashicorp.com/consul/api-docs/acl/templated-policies
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import ABSENT, LOST, NOBODY, ONE, Call, by, each_case, get, post, put
from tests.simulator.differential.comparison import Sides

_TEMPLATE = "/v1/acl/templated-policy"
_TEMPLATES = ("api-gateway", "dns", "node", "nomad-client", "nomad-server", "service", "workload-identity")
_API: dict[str, Any] = {"TemplateName": "builtin/service", "TemplateVariables": {"Name": "api"}}
_DNS_ELSEWHERE = {"TemplateName": "builtin/dns", "Datacenters": ["dc2"]}
_UNREADABLE = {"TemplateName": "builtin/api-gateway", "TemplateVariables": {"Name": 'a"b'}}
_BAD_TEMPLATES: tuple[dict[str, Any], ...] = (
    {},
    {"TemplateName": "builtin/nothing"},
    {"TemplateName": "builtin/service"},
    {"TemplateName": "builtin/service", "TemplateVariables": {}},
    {"TemplateName": "builtin/node", "TemplateVariables": {"Name": "A"}},
    {"TemplateName": "builtin/api-gateway", "TemplateVariables": {"Name": ""}},
    {"TemplateName": "builtin/service", "TemplateVariables": {"Name": 5}},
    {"TemplateName": 5},
    {"Nope": 5},
)
_BAD_VARIABLES: tuple[Any, ...] = ({"Name": "A B"}, {"Name": 5}, {"Nope": "x"}, [])
_MAY = post(
    "/v1/internal/acl/authorize",
    [
        {"Resource": resource, "Access": access, "Segment": name}
        for resource, access in (("service", "write"), ("service", "read"), ("node", "write"), ("node", "read"))
        for name in ("api", "api-sidecar-proxy", "db")
    ]
    + [
        {"Resource": resource, "Access": access}
        for resource in ("query", "acl", "mesh", "key", "agent", "operator")
        for access in ("read", "write")
    ],
)


ACL_CASES = {
    "templated policies are the built-in ones, by name": [
        *by(get(f"{_TEMPLATE[:-1]}ies"), NOBODY, LOST, None),
        *by(get(f"{_TEMPLATE}/name/builtin/nothing"), NOBODY, None),
        *(get(f"{_TEMPLATE}{path}") for path in ("", "/name/", "/name/builtin/service", "/name/builtin%2Fdns", "/preview/builtin/dns")),
    ],
    "the preview of a templated policy": [
        *(post(f"{_TEMPLATE}/preview/builtin/{name}", {"Name": "x"}) for name in _TEMPLATES),
        *(post(f"{_TEMPLATE}/preview/builtin/{name}", None) for name in _TEMPLATES),
        *(post(f"{_TEMPLATE}/preview/builtin/service", body) for body in _BAD_VARIABLES),
        *by(Call("POST", f"{_TEMPLATE}/preview/builtin/dns", body=b"{"), NOBODY, None),
        Call("POST", f"{_TEMPLATE}/preview/"),
    ],
    "a token or a role with unknown templates or invalid names": [
        *(put("/v1/acl/token", {"TemplatedPolicies": [bad]}) for bad in _BAD_TEMPLATES),
        *(put("/v1/acl/role", {"Name": "role0", "TemplatedPolicies": [bad]}) for bad in _BAD_TEMPLATES),
        put("/v1/acl/role", {"Name": "role0", "TemplatedPolicies": [_API, {"TemplateName": "builtin/dns", "TemplateID": ABSENT}]}),
        put(
            "/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "TemplatedPolicies": [_API, _API, {**_API, "Datacenters": ["dc2"]}]}
        ),
        get("/v1/acl/token/{t0}", ("expanded", "true")),
        get("/v1/acl/roles"),
    ],
    "a token has the rights of its templated policies; the first of each counts": [
        put("/v1/acl/role", {"Name": "role0", "TemplatedPolicies": [{"TemplateName": "builtin/nomad-client"}]}),
        put(
            "/v1/acl/token",
            {"AccessorID": "{t0}", "SecretID": "{x0}", "Roles": [{"Name": "role0"}], "TemplatedPolicies": [_DNS_ELSEWHERE, _API]},
        ),
        *by(_MAY, ONE),
        put("/v1/acl/token/{t0}", {"Roles": [{"Name": "role0"}], "TemplatedPolicies": [{**_DNS_ELSEWHERE, "Datacenters": ["dc1"]}]}),
        *by(_MAY, ONE),
        put("/v1/acl/token/{t0}", {"TemplatedPolicies": [{**_API, "TemplateName": "builtin/node"}]}),
        *by(_MAY, ONE),
        put("/v1/acl/token/{t0}", {"TemplatedPolicies": [{**_API, "TemplateName": "builtin/api-gateway"}]}),
        *by(_MAY, ONE),
        put("/v1/acl/token/{t0}", {"TemplatedPolicies": [{"TemplateName": "builtin/nomad-server"}]}),
        *by(_MAY, ONE),
    ],
    "a gateway whose name makes the rules invalid": [
        put("/v1/acl/token", {"SecretID": "{x0}", "AccessorID": "{t0}", "TemplatedPolicies": [_UNREADABLE]}),
        *by(get("/v1/catalog/services"), ONE),
        *by(put("/v1/kv/{p}a", b"v"), ONE),
        *by(get("/v1/acl/token/self"), ONE),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
