"""Random calls with ACLs: policies, tokens, and calls with them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.kv import choose, some
from tests.simulator.differential.strategies.rules import BROKEN, CAPITALS, ODD

#: Names for rules, by resource.
_NAMES = {
    "key": ("", "{p}", "{p}a", "{p}a/", "{p}a/b"),
    "node": ("", "n", "n1", "test-node"),
    "service": ("", "web", "db", "web-sidecar-proxy", "we"),
    "session": ("", "n1", "test-node"),
    "event": ("", "deploy"),
    "query": ("", "q", "q1"),
    "agent": ("", "test-node", "n1"),
}

_ACCESS = st.sampled_from([*("deny", "read", "read", "write", "write") * 3, "READ", "Write", "DENY"])


def _written(resource: str, name: str, access: str, form: str, intentions: str) -> tuple[str, str, dict[str, str]]:
    body = {"policy": access} | ({"intentions": intentions} if intentions and resource == "service" else {})
    return resource + form, name, body


_NAMED = st.sampled_from(sorted(_NAMES)).flatmap(
    lambda resource: st.builds(
        _written,
        st.just(resource),
        st.sampled_from(_NAMES[resource]),
        st.one_of(_ACCESS, st.just("list")) if resource == "key" else _ACCESS,
        st.sampled_from(["", "_prefix", "_prefix"]),
        st.sampled_from(["", "", "", "read", "write", "deny"]),
    )
)

_SINGLE = st.tuples(st.sampled_from(["acl", "operator", "keyring", "mesh"]), _ACCESS)


def _as_hcl(named: list[tuple[str, str, dict[str, str]]], single: list[tuple[str, str]]) -> str:
    blocks = [
        f'{resource} "{name}" {{ ' + " ".join(f'{key} = "{value}"' for key, value in body.items()) + " }" for resource, name, body in named
    ]
    return "\n".join([*blocks, *(f'{resource} = "{access}"' for resource, access in single)])


def _as_json(named: list[tuple[str, str, dict[str, str]]], single: list[tuple[str, str]]) -> str:
    rules: dict[str, Any] = dict(single)
    for resource, name, body in named:
        rules.setdefault(resource, {})[name] = body
    return json.dumps(rules)


_RULES = st.one_of(
    st.builds(
        lambda write, named, single: write(named, single),
        st.sampled_from([_as_hcl, _as_hcl, _as_json]),
        st.lists(_NAMED, max_size=4, unique_by=lambda rule: rule[:2]),
        st.lists(_SINGLE, max_size=1),
    ),
    st.sampled_from(
        [
            "",
            'key "a" { policy = "x" }',
            'key "a" {',
            'service "web" { policy = "list" }',
            'service "web" { policy = "read" intentions = "list" }',
            'acl = "list"',
            'key "{p}a" { policy = "write" }',
            'key_prefix "{p}" { policy = "list" } key "{p}a" { policy = "write" }',
            'key_prefix "" { policy = "list" } key_prefix "{p}" { policy = "deny" }',
        ]
    ),
    st.sampled_from([*ODD, *BROKEN, *CAPITALS]),
)


def _put(path: str, body: Any, names: str = "", token: str | None = None) -> Call:
    return Call("PUT", path, (), json.dumps(body).encode(), names, token)


_POLICIES = ("0", "1", "2")
_policy = st.sampled_from(_POLICIES)

_NEW_POLICY = st.builds(
    lambda number, rules, more: _put("/v1/acl/policy", {"Name": f"pol{number}", "Rules": rules, **more}, f"P{number}"),
    _policy,
    _RULES,
    some({"Description": st.just("d"), "Datacenters": st.sampled_from([["dc1"], ["elsewhere"], []])}),
)

_OTHER_POLICY = st.builds(
    lambda number, rules, named: _put(f"/v1/acl/policy/{{P{number}}}", {"Name": f"pol{named}", "Rules": rules}),
    _policy,
    _RULES,
    _policy,
)

_LINKS = st.lists(
    st.one_of(st.builds(lambda number: {"Name": f"pol{number}"}, _policy), st.builds(lambda n: {"ID": f"{{P{n}}}"}, _policy)), max_size=2
)

_GRANTS = some(
    {
        "Policies": _LINKS,
        "ServiceIdentities": st.lists(
            st.builds(
                lambda name, more: {"ServiceName": name, **more}, st.sampled_from(["web", "db"]), some({"Datacenters": st.just(["dc1"])})
            ),
            max_size=1,
        ),
        "NodeIdentities": st.just([{"NodeName": "n1", "Datacenter": "dc1"}]),
        "Description": st.just("d"),
    }
)

_NEW_ROLE = st.builds(
    lambda number, grants: _put("/v1/acl/role", {"Name": f"role{number}", **grants}, f"R{number}"), st.sampled_from("01"), _GRANTS
)

_OTHER_ROLE = st.builds(
    lambda number, grants: _put(f"/v1/acl/role/{{R{number}}}", {"Name": f"role{number}", **grants}), st.sampled_from("01"), _GRANTS
)

_ROLE_LINKS = st.lists(st.builds(lambda number: {"Name": f"role{number}"}, st.sampled_from("01")), max_size=1)

_TOKENS = ("0", "1")

_NEW_TOKEN = st.builds(
    lambda number, grants, more: _put("/v1/acl/token", {"AccessorID": f"{{t{number}}}", "SecretID": f"{{x{number}}}", **grants, **more}),
    st.sampled_from(_TOKENS),
    _GRANTS,
    some({"Roles": _ROLE_LINKS, "Local": st.booleans()}),
)

_OTHER_TOKEN = st.builds(
    lambda accessor, grants, roles: _put(f"/v1/acl/token/{accessor}", {**grants, **roles}),
    st.sampled_from(["{t0}", "{t0}", "{t1}", "00000000-0000-0000-0000-000000000002"]),
    _GRANTS,
    some({"Roles": _ROLE_LINKS}),
)

#: The tokens of calls: a token's secret, none, an unknown one, the management token.
_WHO = st.sampled_from(["{x0}", "{x0}", "{x0}", "{x0}", "{x1}", "{x1}", "", "", "{x9}", None])

_ACL_READS = st.sampled_from(
    [
        *("policies", "roles", "tokens", "token/self", "policy/{P0}", "policy/{P9}", "policy/x", "policy/", "policy/name/pol0"),
        *("policy/name/pol9", "role/{R0}", "role/{R9}", "role/name/role0", "role/name/role9", "token/{t0}", "token/{t1}", "token/{t9}"),
        *("token/00000000-0000-0000-0000-000000000002", "replication", "binding-rules", "auth-methods"),
        *("policy/00000000-0000-0000-0000-000000000001", "policy/00000000-0000-0000-0000-000000000002"),
    ]
)

_ACL = choose(
    st.builds(lambda path: Call("GET", f"/v1/acl/{path}"), _ACL_READS),
    st.builds(
        lambda path: Call("DELETE", f"/v1/acl/{path}"),
        st.sampled_from(
            [
                *("policy/{P0}", "policy/{P1}", "role/{R0}", "token/{t0}", "token/{t1}", "token/{t9}", "policy/", "token/", "role/"),
                *("policy/00000000-0000-0000-0000-000000000001", "token/00000000-0000-0000-0000-000000000002"),
            ]
        ),
    ),
    _NEW_POLICY,
    _OTHER_POLICY,
    _NEW_ROLE,
    _OTHER_ROLE,
    _NEW_TOKEN,
    _OTHER_TOKEN,
)

_KEY = st.sampled_from(["{p}", "{p}a", "{p}a/", "{p}a/b", "{p}b", "other"])

_KV = choose(
    st.builds(
        lambda key, query: Call("GET", f"/v1/kv/{key}", query),
        _KEY,
        st.sampled_from([(), (), (("recurse", None),), (("keys", None),), (("keys", None), ("separator", "/")), (("raw", None),)]),
    ),
    st.builds(
        lambda key, query: Call("PUT", f"/v1/kv/{key}", query, b"v"),
        _KEY,
        st.sampled_from([(), (), (("acquire", "{s0}"),), (("cas", "0"),)]),
    ),
    st.builds(
        lambda key, query: Call("DELETE", f"/v1/kv/{key}", query), _KEY, st.sampled_from([(), (("recurse", None),), (("recurse", None),)])
    ),
)

_STEP = st.one_of(
    st.builds(
        lambda verb, key: {"KV": {"Verb": verb, "Key": key, "Value": "dg=="}},
        st.sampled_from(
            ["set", "get", "get-or-empty", "get-tree", "delete", "delete-tree", "delete-tree", "check-not-exists", "check-index"]
        ),
        _KEY,
    ),
    st.builds(
        lambda verb, node: {"Node": {"Verb": verb, "Node": {"Node": node, "Address": "10.0.0.1"}}},
        st.sampled_from(["set", "get", "delete"]),
        st.sampled_from(["n1", "n2"]),
    ),
    st.builds(
        lambda verb, service: {"Service": {"Verb": verb, "Node": "n1", "Service": {"Service": service, "ID": service}}},
        st.sampled_from(["set", "get", "delete"]),
        st.sampled_from(["web", "db"]),
    ),
    st.builds(
        lambda verb, service: {"Check": {"Verb": verb, "Check": {"Node": "n1", "CheckID": "c", "Name": "c", "ServiceID": service}}},
        st.sampled_from(["set", "get", "delete"]),
        st.sampled_from(["", "web"]),
    ),
)

_TXN = st.builds(lambda steps: _put("/v1/txn", steps), st.lists(_STEP, min_size=1, max_size=3))

_CATALOG_WRITES = choose(
    st.builds(
        lambda node, more: _put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", **more}),
        st.sampled_from(["n1", "n2"]),
        some(
            {
                "Service": st.sampled_from([{"Service": "web"}, {"Service": "db", "ID": "web"}, {"Service": "db"}]),
                "Check": st.sampled_from([{"CheckID": "c", "Name": "c"}, {"CheckID": "s", "Name": "s", "ServiceID": "web"}]),
            }
        ),
    ),
    st.builds(
        lambda node, more: _put("/v1/catalog/deregister", {"Node": node, **more}),
        st.sampled_from(["n1", "n2", "n9"]),
        st.sampled_from([{}, {"ServiceID": "web"}, {"ServiceID": "nothing"}, {"CheckID": "c"}, {"CheckID": "s"}, {"CheckID": "nothing"}]),
    ),
)

_READS = st.builds(
    lambda path: Call("GET", f"/v1/{path}"),
    st.sampled_from(
        [
            *("catalog/nodes", "catalog/services", "catalog/datacenters", "catalog/node/n1", "catalog/node-services/n1"),
            *("catalog/service/web", "catalog/service/db", "catalog/node/test-node", "health/node/n1", "health/node/test-node"),
            *("health/service/web", "health/checks/web", "health/state/any", "health/state/critical", "health/service/db"),
            *("session/list", "session/node/test-node", "session/node/n1", "session/info/{s0}", "event/list", "query", "query/{Q0}"),
            *("query/{Q0}/execute", "query/q1/execute", "query/{Q0}/explain", "coordinate/nodes"),
            *("operator/raft/configuration", "operator/autopilot/configuration", "operator/autopilot/health"),
            *("agent/services", "agent/checks", "agent/members", "agent/service/web", "agent/self", "agent/health/service/name/web"),
            *("agent/health/service/id/web", "status/leader", "status/peers", "config/service-defaults", "config/service-defaults/web"),
            *("config/proxy-defaults/global", "connect/intentions", "snapshot"),
        ]
    ),
)

_SESSION = choose(
    st.builds(lambda body: _put("/v1/session/create", body, "s0"), st.sampled_from([{"LockDelay": "0s"}, {"Node": "n1", "Checks": []}])),
    st.sampled_from([Call("PUT", "/v1/session/destroy/{s0}"), Call("PUT", "/v1/session/renew/{s0}")]),
)

_QUERY = st.one_of(
    st.builds(
        lambda name, token: _put("/v1/query", {"Name": name, "Service": {"Service": "web"}, **token}, "Q0"),
        st.sampled_from(["q1", "", "other"]),
        st.sampled_from([{}, {}, {"Token": "{x1}"}]),
    ),
    st.builds(lambda name: _put("/v1/query/{Q0}", {"Name": name, "Service": {"Service": "web"}}), st.sampled_from(["q1", "q2"])),
    st.just(Call("DELETE", "/v1/query/{Q0}")),
)

_AGENT = st.one_of(
    st.builds(
        lambda service, more: _put("/v1/agent/service/register", {"Name": service, **more}),
        st.sampled_from(["web", "db"]),
        # Without a sidecar: a real agent adds what config entries say about its proxy.
        some({"ID": st.sampled_from(["web", "db"]), "Weights": st.just({"Passing": 0})}),
    ),
    st.builds(
        lambda more: _put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h", **more}),
        st.sampled_from([{}, {}, {"ServiceID": "web"}, {"ServiceID": "db"}, {"TTL": "-1s"}]),
    ),
    st.builds(
        lambda path: Call("PUT", f"/v1/agent/{path}"),
        st.sampled_from(
            [
                *("service/deregister/web", "service/deregister/nothing", "check/deregister/c1", "check/pass/c1", "check/warn/nothing"),
                *("force-leave/nothing", "maintenance", "service/maintenance/web"),
            ]
        ),
    ),
)

_CONFIG = st.one_of(
    st.builds(
        lambda name: _put("/v1/config", {"Kind": "service-defaults", "Name": name, "Protocol": "http"}), st.sampled_from(["web", "db"])
    ),
    st.just(_put("/v1/config", {"Kind": "proxy-defaults", "Name": "global", "Config": {"a": "b"}})),
    st.just(_put("/v1/config", {"Kind": "mesh"})),
    st.builds(
        lambda method, path: Call(method, f"/v1/config/{path}"),
        st.sampled_from(["GET", "DELETE"]),
        st.sampled_from(["service-defaults/web", "proxy-defaults/global", "mesh/mesh"]),
    ),
)

_SERVICES = st.sampled_from(["web", "db", "*"])

_INTENTION = st.one_of(
    st.builds(
        lambda source, destination: Call(
            "PUT", "/v1/connect/intentions/exact", (("source", source), ("destination", destination)), b'{"Action": "allow"}'
        ),
        _SERVICES,
        _SERVICES,
    ),
    st.builds(
        lambda by, name: Call("GET", "/v1/connect/intentions/match", (("by", by), ("name", name))),
        st.sampled_from(["source", "destination"]),
        _SERVICES,
    ),
    st.builds(
        lambda source, destination: Call("GET", "/v1/connect/intentions/check", (("source", source), ("destination", destination))),
        _SERVICES,
        _SERVICES,
    ),
    st.just(Call("GET", "/v1/connect/intentions")),
)

_OTHER = st.one_of(
    st.sampled_from([Call("PUT", "/v1/event/fire/deploy"), Call("PUT", "/v1/event/fire/other")]),
    st.just(_put("/v1/operator/autopilot/configuration", {"CleanupDeadServers": True})),
    st.just(_put("/v1/coordinate/update", {"Node": "n1", "Coord": {"Vec": [0.0] * 8, "Error": 1.5, "Height": 0.00001}})),
)


def _by(call: Call, who: str | None, how: str) -> Call:
    """Return a call with a token, in the header or in the query."""
    if who and how == "query" and call.method == "GET":
        return replace(call, token="", query=(*call.query, ("token", who)))
    return replace(call, token=who)


_ENFORCED = choose(_KV, _KV, _TXN, _CATALOG_WRITES, _READS, _READS, _READS, _SESSION, _QUERY, _AGENT, _CONFIG, _INTENTION, _OTHER, _ACL)

_ASKED = st.builds(_by, _ENFORCED, _WHO, st.sampled_from(["header", "header", "header", "query"]))

_ASKS = st.one_of(_ASKED, _ASKED, _ASKED, _ACL, _ENFORCED)

_BEGIN = st.tuples(_NEW_POLICY, _NEW_POLICY, _NEW_ROLE, _NEW_TOKEN, _NEW_TOKEN)


def examples(most: int) -> st.SearchStrategy[list[Call]]:
    """Return a strategy for policies and tokens, then up to so many calls."""
    return st.builds(lambda begin, calls: [*begin, *calls], _BEGIN, st.lists(_ASKS, min_size=10, max_size=most))
