"""What once differed between the simulator and the real agents with ACLs on, each by its name, asked of both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, ONE, OTHER, Call, by, delete, get, kv, post, put, txn, with_rules
from tests.simulator.differential.comparison import Sides

ABSENT = "00000000-0000-0000-0000-00000000abcd"
_POLICIES = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
_ANONYMOUS = "00000000-0000-0000-0000-000000000002"
_INTENTION = {"SourceName": "a", "DestinationName": "b", "Action": "allow"}
_AUTHORIZE, _SPIFFE = "/v1/agent/connect/authorize", "spiffe://11111111-2222-3333-4444-555555555555.consul"
_EXACT = ("/v1/connect/intentions/exact", ("source", "a"), ("destination", "b"))


def _authorize(body: dict[str, str]) -> Call:
    return post(_AUTHORIZE, body)


_EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)
_READS_SERVICES = with_rules(0, 'service_prefix "" { policy = "read" }')
_SOME_RIGHTS = with_rules(
    1,
    """
    service "web" { policy = "write" }
    service "b" { policy = "read" intentions = "write" }
    key "{p}a" { policy = "read" }
    """,
)
_CATALOG_WEB = put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web"}})
_TOKENS = [*_READS_SERVICES, *_SOME_RIGHTS]

_WRITES_ALL = with_rules(0, 'service_prefix "" { policy = "write" } node_prefix "" { policy = "write" }')
_NO_TOKEN, _NO_RIGHTS = delete("/v1/acl/token/{t0}"), put("/v1/acl/token/{t0}", {})
_OWN_READS = [get(f"/v1/{path}") for path in ("catalog/node-services/test-node", "health/node/test-node")]
_REGISTER_WEB, _DEREGISTER_WEB = (
    put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h"}}),
    put("/v1/agent/service/deregister/web"),
)
_REGISTER_CHECK = put("/v1/agent/check/register", {"Name": "c1", "TTL": "1h"})

_TRANSLATE = "/v1/acl/rules/translate"
_OLD_RULES = (
    "",
    "# nothing",
    "nope",
    'key "a" {',
    'key "a" { policy = "read" } key "b" { policy = "nope" }\noperator = "read"',
    'service "web" {\n policy = "write"\n intentions = "deny"\n}\n# of keys\nkey "" { policy = "deny" } # tail\n\n# end\n',
    'node "" {}\nagent "a" {}\nevent_prefix "e" {\n # first\n\n policy = "read"\n\n # last\n}',
    'query "a" { policy = <<EOF\nread\nEOF\n}\nsession "${a}" { policy = "read"\n sentinel { code = "x" enforcementlevel = "y" } }',
    '{"key": {"a": {"policy": "read"}}, "service": {"b": {"policy": "read", "intentions": "read"}}, "operator": "read"}',
)
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELimCDY0afuDO4TP7JPPqDAybaLuE
rpBHlpi91FUgEKDe7/uvBrIdGdB1OZ1ytpvBRKZKXAs4ydlpSe/48I5PXw==
-----END PUBLIC KEY-----
"""
_BEARERS = (
    *("", "x", "a.b", "..", "a.b.c", "YWI.%%.e30", "YWJj.e30.e30", "NQ.e30.e30", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."),
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtZSJ9." + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c" * 2,
)
_OPERATOR = "/v1/operator"
_COUNTED = tuple(
    {"Node": node, "Address": "10.0.0.1", **({"Service": {"Port": 1, **service}} if service else {})}
    for node, service in (
        ("n1", {}),
        ("n1", {"Service": "web"}),
        ("n2", {"Service": "web"}),
        ("n1", {"Service": "Web", "ID": "w2"}),
        ("n1", {"Service": "web-proxy", "Kind": "connect-proxy", "Proxy": {"DestinationServiceName": "web"}}),
        ("n1", {"Service": "gate", "Kind": "mesh-gateway"}),
        ("n1", {"Service": "native", "Connect": {"Native": True}}),
        ("n1", {"Service": "consul", "ID": "c2"}),
    )
)
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

CASES = {
    "1.8 ends a service in the catalog with the token that registered it": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        *(_NO_TOKEN, _DEREGISTER_WEB, *_OWN_READS, _REGISTER_WEB, *_OWN_READS, _DEREGISTER_WEB, *_OWN_READS),
    ],
    "1.8 does not end a service whose token lost its rights": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        *(
            _NO_RIGHTS,
            _DEREGISTER_WEB,
            *_OWN_READS,
            put("/v1/agent/service/register", {"Name": "db"}),
            *_OWN_READS,
            _REGISTER_WEB,
            _DEREGISTER_WEB,
            *_OWN_READS,
        ),
    ],
    "a check's status reaches the catalog with the rights of the token that registered it": [
        *_WRITES_ALL,
        *by(_REGISTER_CHECK, ONE),
        *(_NO_TOKEN, put("/v1/agent/check/pass/c1"), *_OWN_READS, put("/v1/agent/check/deregister/c1"), *_OWN_READS),
        *(_REGISTER_CHECK, *_OWN_READS, put("/v1/agent/check/deregister/c1"), *_OWN_READS),
    ],
    "a check of another token goes by itself where its service may not go": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        put("/v1/agent/check/register", {"Name": "c2", "TTL": "1h", "ServiceID": "web"}),
        *(
            _NO_TOKEN,
            put("/v1/agent/check/pass/c2"),
            *_OWN_READS,
            _DEREGISTER_WEB,
            *_OWN_READS,
            _REGISTER_WEB,
            _DEREGISTER_WEB,
            *_OWN_READS,
        ),
    ],
    "an event by a token that is lost is an error of the server": [
        *by(put("/v1/event/fire/deploy"), LOST, NOBODY),
        *by(get("/v1/event/list"), LOST, NOBODY),
    ],
    "the agent looks at the token before it looks for a check or a service": [
        *(call for verb in ("deregister", "pass", "warn", "fail") for call in by(put(f"/v1/agent/check/{verb}/nothing"), LOST, NOBODY)),
        *by(put("/v1/agent/check/update/nothing", {"Status": "passing"}), LOST, NOBODY),
        *(call for path in ("service/nothing", "health/service/id/nothing") for call in by(get(f"/v1/agent/{path}"), LOST, NOBODY)),
    ],
    "1.8 says what a token lacks to write what the agent has": [
        *_TOKENS,
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h"}), ONE, NOBODY),
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h", "ServiceID": "nothing"}), ONE, LOST),
        put("/v1/agent/service/register", {"Name": "db"}),
        *by(put("/v1/agent/check/register", {"ID": "c2", "Name": "c2", "TTL": "1h", "ServiceID": "db"}), ONE, NOBODY),
        *by(put("/v1/agent/service/deregister/db"), ONE, NOBODY),
    ],
    "members that are left out are told of": [*_TOKENS, *by(get("/v1/agent/members"), ONE, NOBODY, LOST)],
    "a policy for no datacenter is listed as it was given": [
        put("/v1/acl/policy", {"Name": "pol0", "Datacenters": []}),
        put("/v1/acl/policy", {"Name": "pol1"}),
        get("/v1/acl/policies"),
    ],
    "a check of a service that is nowhere is refused": [
        put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Check": {"CheckID": "c", "Name": "c", "ServiceID": "web"}}),
    ],
    "the list of services shows those on nodes that the token may see, but in 1.8": [
        *_TOKENS,
        _CATALOG_WEB,
        *by(get("/v1/catalog/services"), *_EVERYBODY),
    ],
    "nobody and a lost token have no token of their own": [*_TOKENS, *by(get("/v1/acl/token/self"), *_EVERYBODY)],
    "a read transaction that is refused was not read": [
        *_TOKENS,
        *by(txn(kv("check-not-exists", "{p}a")), *_EVERYBODY),
        *by(txn(kv("get", "{p}a"), kv("check-not-exists", "{p}a")), *_EVERYBODY),
        *by(txn(kv("check-index", "{p}a"), kv("check-session", "{p}a")), *_EVERYBODY),
    ],
    "a read transaction says whether anything is left out": [
        *_TOKENS,
        *(put(f"/v1/kv/{{p}}{key}", b"v") for key in "ab"),
        *by(txn(kv("get-tree", "{p}")), *_EVERYBODY),
        *by(txn({"Node": {"Verb": "get", "Node": {"Node": "test-node"}}}), ONE, NOBODY),
    ],
    "a read transaction that failed has left nothing out": [
        *_TOKENS,
        put("/v1/kv/{p}b", b"v"),
        *by(txn(kv("get-tree", "{p}"), kv("get", "{p}zz")), *_EVERYBODY),
    ],
    "who may not manage ACLs learns nothing of ids": [
        *_TOKENS,
        *(
            call
            for what in ("policy", "role", "token", "binding-rule")
            for identity in ("x", ABSENT)
            for method in (get, delete)
            for call in by(method(f"/v1/acl/{what}/{identity}"), *_EVERYBODY)
        ),
        *by(get("/v1/acl/auth-method/x"), *_EVERYBODY),
    ],
    "a lost token that deletes is told that there is nothing to delete, since 1.9": [
        *(call for policy in _POLICIES for call in by(delete(f"/v1/acl/policy/{policy}"), LOST, NOBODY)),
        *by(delete(f"/v1/acl/token/{_ANONYMOUS}"), LOST, NOBODY),
    ],
    "what leads to a service that the token may not see is nothing, or refused": [
        *_TOKENS,
        *(
            call
            for path in ("health/ingress/web", "health/connect/web", "catalog/connect/web")
            for call in by(get(f"/v1/{path}"), *_EVERYBODY)
        ),
    ],
    "intentions are refused without a word of what is lacking": [
        *_TOKENS,
        *by(get("/v1/connect/intentions"), *_EVERYBODY),
        *by(Call("POST", "/v1/connect/intentions", (), json.dumps(_INTENTION).encode()), ONE, NOBODY, LOST),
        *by(put(f"/v1/connect/intentions/{ABSENT}", _INTENTION), *_EVERYBODY),
        *by(put("/v1/connect/intentions/x", {}), *_EVERYBODY),
        *by(delete(f"/v1/connect/intentions/{ABSENT}"), *_EVERYBODY),
        *by(put(_EXACT[0], {"Action": "allow"}, *_EXACT[1:]), ONE, NOBODY, LOST),
        *by(get("/v1/connect/intentions/check", *_EXACT[1:]), *_EVERYBODY),
        *by(get("/v1/connect/intentions/match", ("by", "source"), ("name", "b")), *_EVERYBODY),
    ],
    "the version is everybody's": by(get("/v1/agent/version"), *_EVERYBODY),
    "a node without coordinates is not found, and nothing is said of the servers": by(get("/v1/coordinate/node/n1"), NOBODY, LOST, None),
    "a config entry that is not there": [*_TOKENS, *by(get("/v1/config/service-defaults/web"), *_EVERYBODY)],
    "autopilot has written its configuration before the server writes of itself": [
        get("/v1/operator/autopilot/configuration"),
        get("/v1/catalog/nodes"),
        get("/v1/config/service-defaults"),
    ],
    "rules of before 1.4 are translated, newly written": [
        *(Call("POST", _TRANSLATE, body=rules.encode()) for rules in _OLD_RULES),
        *by(Call("POST", _TRANSLATE, body=b'key "'), NOBODY, LOST, None),
    ],
    "a token of today has no rules to translate": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}"}),
        *(call for identity in ("{t0}", "{t1}", "x", "") for call in by(get(f"{_TRANSLATE}/{identity}"), *_EVERYBODY)),
        *(get(path) for path in (_TRANSLATE, "/v1/acl/rules", "/v1/acl/rules/x")),
    ],
    "templated policies are the built-in ones, by their names": [
        *by(get(f"{_TEMPLATE[:-1]}ies"), NOBODY, LOST, None),
        *by(get(f"{_TEMPLATE}/name/builtin/nothing"), NOBODY, None),
        *(get(f"{_TEMPLATE}{path}") for path in ("", "/name/", "/name/builtin/service", "/name/builtin%2Fdns", "/preview/builtin/dns")),
    ],
    "a preview of a templated policy is the policy that comes of it": [
        *(post(f"{_TEMPLATE}/preview/builtin/{name}", {"Name": "x"}) for name in _TEMPLATES),
        *(post(f"{_TEMPLATE}/preview/builtin/{name}", None) for name in _TEMPLATES),
        *(post(f"{_TEMPLATE}/preview/builtin/service", body) for body in _BAD_VARIABLES),
        *by(Call("POST", f"{_TEMPLATE}/preview/builtin/dns", body=b"{"), NOBODY, None),
        Call("POST", f"{_TEMPLATE}/preview/"),
    ],
    "a token is given the templated policies that there are": [
        *(put("/v1/acl/token", {"TemplatedPolicies": [bad]}) for bad in _BAD_TEMPLATES),
        *(put("/v1/acl/role", {"Name": "role0", "TemplatedPolicies": [bad]}) for bad in _BAD_TEMPLATES),
        put("/v1/acl/role", {"Name": "role0", "TemplatedPolicies": [_API, {"TemplateName": "builtin/dns", "TemplateID": ABSENT}]}),
        put(
            "/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "TemplatedPolicies": [_API, _API, {**_API, "Datacenters": ["dc2"]}]}
        ),
        get("/v1/acl/token/{t0}", ("expanded", "true")),
        get("/v1/acl/roles"),
    ],
    "a token may do what its templated policies say, each as it is given first": [
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
    "a gateway with a name that makes its rules unreadable": [
        put("/v1/acl/token", {"SecretID": "{x0}", "AccessorID": "{t0}", "TemplatedPolicies": [_UNREADABLE]}),
        *by(get("/v1/catalog/services"), ONE),
        *by(put("/v1/kv/{p}a", b"v"), ONE),
        *by(get("/v1/acl/token/self"), ONE),
    ],
    "a connection is let in by the intention that counts": [
        *(
            post("/v1/connect/intentions", {"SourceName": source, "DestinationName": target, "Action": action}, names=f"Q{number}")
            for number, (source, target, action) in enumerate((("web", "db1", "allow"), ("web", "db2", "deny"), ("*", "db3", "allow")))
        ),
        *(_authorize({"Target": f"db{number}", "ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"}) for number in range(1, 5)),
        _authorize({"Target": "db4", "ClientCertURI": f"{_SPIFFE}/ns/other/dc/dc2/svc/we%20b?x=1"}),
    ],
    "what may be asked of a connection": [
        *(Call("POST", _AUTHORIZE, (), body) for body in (None, b"{", b"[]", b'{"Target": 5}', b'{"Nope": 1}')),
        *(_authorize(body) for body in ({}, {"Target": "db5"}, {"ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"})),
        *(_authorize({"Target": "db5", "ClientCertURI": uri}) for uri in ("x", ":", "http://x/svc", f"{_SPIFFE}/dc/dc1/svc/web")),
        *(_authorize({"Target": "db5", "ClientCertURI": _SPIFFE + path}) for path in ("", "/", "/agent/client/dc/dc1/id/x")),
        *by(_authorize({"Target": "db5", "ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"}), NOBODY, LOST),
        *by(_authorize({"Target": "db5", "ClientCertURI": "x"}), NOBODY, LOST),
        get("/v1/agent/connect/proxy/x"),
    ],
    "nobody comes in with a bearer token that no key is known of": [
        put("/v1/acl/auth-method", {"Name": "jwt", "Type": "jwt", "Config": {"JWTValidationPubKeys": [PUBLIC_KEY], "BoundIssuer": "me"}}),
        *(Call("POST", "/v1/acl/login", (), body) for body in (None, b"{", b"{}", b"[]", b'{"Nope": 1}', b'{"BearerToken": 5}')),
        *by(post("/v1/acl/login", {"AuthMethod": "nothing", "BearerToken": "x"}), NOBODY, LOST, None),
        *(post("/v1/acl/login", {"AuthMethod": "jwt", "BearerToken": token}) for token in _BEARERS),
        replace(post("/v1/acl/login", {"AuthMethod": "jwt", "BearerToken": "x"}), query=(("dc", "elsewhere"),)),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "only who came by a login logs out": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}"}),
        *by(Call("POST", "/v1/acl/logout"), ONE, NOBODY, LOST, None),
    ],
    "who may not watch the agent is told so": [
        *by(get("/v1/agent/monitor", ("loglevel", "nothing")), NOBODY, LOST, None),
        *by(get("/v1/agent/metrics/stream"), NOBODY, LOST),
    ],
    "a lone server cannot give its lead away": [
        *by(Call("POST", f"{_OPERATOR}/raft/transfer-leader"), NOBODY, LOST, None),
        *by(Call("POST", f"{_OPERATOR}/raft/transfer-leader", (("id", "x"),)), NOBODY, None),
        Call("PUT", f"{_OPERATOR}/raft/transfer-leader"),
    ],
    "autopilot's state is for operators": [
        *by(get(f"{_OPERATOR}/autopilot/state"), NOBODY, LOST, None),
        get(f"{_OPERATOR}/autopilot/state", ("dc", "elsewhere")),
    ],
    "what the servers keep is counted": [
        *by(get(f"{_OPERATOR}/usage"), NOBODY, LOST, None),
        *(call for body in _COUNTED for call in (put("/v1/catalog/register", body), get(f"{_OPERATOR}/usage"))),
        get(f"{_OPERATOR}/usage", ("stale", None), ("dc", "elsewhere")),
        get(f"{_OPERATOR}/utilization"),
    ],
    "there are no keys of gossip": [
        *by(get(f"{_OPERATOR}/keyring"), NOBODY, LOST, None),
        *(get(f"{_OPERATOR}/keyring", (name, value)) for name in ("relay-factor", "local-only") for value in ("1", "6", "x", "-1", "")),
        *(
            Call(method, f"{_OPERATOR}/keyring", query, body)
            for method in ("POST", "PUT", "DELETE")
            for query in ((), (("local-only", "true"),), (("relay-factor", "6"),))
            for body in (None, b"{", b"{}", b'{"Key": "x"}', b'{"Key": 5}')
        ),
        *by(Call("POST", f"{_OPERATOR}/keyring", body=b"{}"), NOBODY, LOST),
    ],
    "what Enterprise alone has is not there": [get(f"{_OPERATOR}/{name}") for name in ("license", "segment", "area", "area/x")],
    "a life of a token that no clock holds": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": 1e300}),
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": -1}),
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": "25h"}),
    ],
    "tokens are looked for by one thing at a time": [
        get("/v1/acl/tokens", *query)
        for query in (
            (("servicename", "a"), ("authmethod", "b")),
            (("policy", "a"), ("role", "b")),
            (("authmethod", "b"),),
            (("servicename", "a"),),
        )
    ],
    "the management token is one of before, too": [
        get("/v1/acl/list"),
        get("/v1/acl/tokens"),
        get("/v1/acl/info/{m}"),
        get("/v1/acl/token/self"),
    ],
    "an agent's tokens have the names of before, too": [
        put(f"/v1/agent/token/{name}", {"Token": "x"})
        for name in ("acl_replication_token", "replication", "acl_agent_master_token", "agent_master", "agent_recovery", "dns", "none")
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
