"""The parameters that endpoints share, on each endpoint, beside real agents; also each method, and similar paths.

Some endpoints ignore a parameter, some check it first, and some later. This is documented nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.versions import SIMULATED, V1_9
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides

_ABSENT = "00000000-0000-0000-0000-00000000abcd"

#: The rest of a path that can be continued, if "web" is not valid there.
_REST = {
    "/v1/acl/rules/translate/": "00000000-0000-0000-0000-000000000002",
    "/v1/acl/templated-policy/name/": "builtin/service",
    "/v1/acl/templated-policy/preview/": "builtin/service",
    "/v1/agent/check/deregister/": "c",
    "/v1/agent/check/fail/": "c",
    "/v1/agent/check/pass/": "c",
    "/v1/agent/check/update/": "c",
    "/v1/agent/check/warn/": "c",
    "/v1/agent/force-leave/": "nobody",
    "/v1/agent/join/": "127.0.0.1:1",
    "/v1/agent/token/": "default",
    "/v1/catalog/node-services/": "{node}",
    "/v1/catalog/node/": "{node}",
    "/v1/config/": "service-defaults/web",
    "/v1/connect/intentions/": _ABSENT,
    "/v1/coordinate/node/": "{node}",
    "/v1/health/node/": "{node}",
    "/v1/health/state/": "any",
    "/v1/session/destroy/": _ABSENT,
    "/v1/session/info/": _ABSENT,
    "/v1/session/node/": "{node}",
    "/v1/session/renew/": _ABSENT,
}

#: The bodies. Where an id would be made, the body is incomplete.
_BODIES: dict[str, Any] = {
    "/v1/acl/create": {"Type": "neither"},
    "/v1/acl/update": {"ID": "q", "Type": "neither"},
    "/v1/acl/policy": {},
    "/v1/acl/role": {},
    "/v1/acl/token": {"AccessorID": "short"},
    "/v1/acl/binding-rule": {},
    "/v1/acl/auth-method": {},
    "/v1/acl/login": {},
    "/v1/acl/templated-policy/preview/": {"Name": "web"},
    "/v1/agent/check/register": {"Name": "c", "TTL": "10m"},
    "/v1/agent/check/update/": {"Status": "passing"},
    "/v1/agent/connect/authorize": {"Target": "web", "ClientCertURI": "spiffe://x/ns/default/dc/dc1/svc/a", "ClientCertSerial": "1"},
    "/v1/agent/service/register": {"Name": "web"},
    "/v1/agent/token/": {"Token": ""},
    "/v1/catalog/deregister": {"Node": "n"},
    "/v1/catalog/register": {"Node": "n", "Address": "10.0.0.1"},
    "/v1/config": {"Kind": "service-defaults", "Name": "web"},
    "/v1/connect/intentions": {"SourceName": "a"},
    "/v1/connect/intentions/": {"SourceName": "a", "DestinationName": "b", "Action": "allow"},
    "/v1/connect/intentions/exact": {"Action": "allow"},
    "/v1/coordinate/update": {"Node": "n", "Coord": {"Vec": [0.0] * 8, "Error": 1.0, "Adjustment": 0.0, "Height": 0.0}},
    "/v1/internal/acl/authorize": [{"Resource": "key", "Segment": "a", "Access": "read"}],
    "/v1/operator/autopilot/configuration": {"MinQuorum": "x"},
    "/v1/query": {"Name": "web"},
    "/v1/query/": {"Name": "web", "Service": {"Service": "web"}},
    "/v1/session/create": {"Node": "nobody"},
    "/v1/txn": [{"KV": {"Verb": "check-not-exists", "Key": "absent"}}],
}

#: Parameters that an endpoint requires.
_QUERIES: dict[str, tuple[tuple[str, str], ...]] = {
    "/v1/agent/maintenance": (("enable", "false"),),
    "/v1/agent/service/maintenance/": (("enable", "false"),),
    "/v1/connect/intentions/check": (("source", "a"), ("destination", "b")),
    "/v1/connect/intentions/exact": (("source", "a"), ("destination", "b")),
    "/v1/connect/intentions/match": (("by", "source"), ("name", "a")),
    "/v1/operator/raft/peer": (("address", "127.0.0.1:1"),),
}

#: Calls that would end the shared agent, never end, or describe the machine.
_LEFT_OUT = {
    *("/v1/acl/bootstrap", "/v1/agent/leave", "/v1/agent/monitor", "/v1/agent/metrics", "/v1/agent/metrics/stream", "/v1/agent/host"),
    *("/v1/agent/reload", "/v1/operator/raft/transfer-leader"),
}
#: A restore without a snapshot.
_NO_WRITES = {"/v1/snapshot"}

#: Further rests of paths, with bodies.
_MORE = (
    Call("GET", "/v1/query/web/execute"),
    Call("GET", "/v1/query/web/explain"),
    Call("PUT", "/v1/query/web/execute"),
    Call("PUT", f"/v1/acl/token/{_ABSENT}/clone", body=b"{}"),
    Call("GET", "/v1/health/service/web", (("passing", "x"),)),
    Call("GET", "/v1/health/service/web", (("passing", None),)),
    Call("GET", "/v1/health/connect/web", (("passing", "x"),)),
    Call("PUT", "/v1/config", (("cas", "x"),), b'{"Kind": "service-defaults", "Name": "web"}'),
    Call("GET", "/v1/config/nokind"),
    Call("DELETE", "/v1/config/nokind/web"),
    *(Call("PUT", f"/v1/acl/{kind}/", body=b"{}") for kind in ("policy", "role", "binding-rule", "auth-method")),
    Call("PUT", "/v1/acl/token/", body=b'{"AccessorID": "short"}'),
    Call("PUT", "/v1/event/fire/e", (("node", "("),)),
    Call("PUT", "/v1/connect/intentions/exact", (("source", "a"), ("destination", "b")), b'{"Action": "neither"}'),
)

_NS, _AP, _WAIT = ("ns", "team"), ("partition", "team"), (("index", "1"), ("wait", "x"))
_BOTH = (("stale", None), ("consistent", None))
_IN_NS, _IN_AP = ("X-Consul-Namespace", "team"), ("X-Consul-Partition", "team")

_SHARED: tuple[tuple[tuple[str, str | None], ...], ...] = (
    (),
    *(((name, value),) for name in ("ns", "partition", "sg", "sameness-group") for value in ("team", "default", "", None)),
    *(((name, "team"),) for name in ("namespace", "ap", "peer")),
    *((_NS, _AP), (_AP, _NS), (("ns", ""), _AP), (("peer", "p"), ("sg", "s"), _NS)),
    *(_WAIT, (*_WAIT, _NS), (*_WAIT, _AP), (("index", "x"),), (("index", "x"), *_WAIT), (("index", "-1"),), (("wait", "-1s"),)),
    *(_BOTH, (*_BOTH, _NS), (*_BOTH, *_WAIT), (*_BOTH, _AP), (("cached", None), ("consistent", None)), (*_BOTH, ("cached", None))),
    *((("dc", "nowhere"),), (("dc", "nowhere"), _NS), (("dc", "nowhere"), _AP), (("dc", ""),), (("dc", "dc1"),)),
    *((("filter", "a=="),), (("filter", "a=="), _NS), (("filter", "a=="), ("dc", "nowhere"))),
)

_HEADERS = ((_IN_NS,), (_IN_AP,), (_IN_NS, _IN_AP), (("X-Consul-Namespace", ""),), (("X-Consul-Partition", ""),))


def _calls(simulator: Simulator, node: str) -> Iterator[tuple[Call, str]]:
    """Return a call of each endpoint with each of its methods, and the path of its route."""
    for path, route in sorted(simulator._routes._routes.items()):
        for method in route.methods if path not in _LEFT_OUT else ():
            if path in _NO_WRITES and method != "GET":
                continue
            whole = path + (_REST.get(path, "web").replace("{node}", node) if path.endswith("/") else "")
            body = b"x" if path == "/v1/kv/" else json.dumps(_BODIES[path]).encode() if path in _BODIES else None
            yield Call(method, whole, _QUERIES.get(path, ()), body if method in ("PUT", "POST") else None), path
    for call in _MORE:
        if simulator.settings.version >= V1_9 or not call.path.endswith("/exact"):
            yield call, call.path


def _with_shared(call: Call, route: str) -> Iterator[Call]:
    """Return the call with each shared parameter, also with faults of its own."""
    for query in _SHARED:
        yield replace(call, query=(*call.query, *query))
    for headers in _HEADERS:
        yield replace(call, headers=headers)
    yield replace(call, headers=(_IN_NS,), query=(*call.query, _NS))
    yield replace(call, headers=(_IN_NS,), query=(*call.query, _AP))
    yield replace(call, headers=(_IN_AP,), query=(*call.query, _NS))
    for query in ((), (_NS,), (_AP,), (("dc", "nowhere"),), _WAIT):
        if call.query:
            yield replace(call, query=query)
        if call.body is not None:
            yield replace(call, body=b"{", query=(*call.query, *query))
            if route != "/v1/acl/create":  # it would make a token, and tokens are sorted by their secrets
                yield replace(call, body=None, query=(*call.query, *query))
        yield replace(call, path=route, query=(*call.query, *query))


def _differences(sides: Sides, *, tokens: tuple[str | None, ...]) -> list[str]:
    """Return the differences, once for each endpoint and parameter."""
    sides.clear()
    prepared = (
        Call("PUT", "/v1/agent/service/register", (), b'{"Name": "web"}'),
        Call("PUT", "/v1/agent/check/register", (), b'{"Name": "c", "TTL": "10m"}'),
        Call("PUT", "/v1/kv/web", (), b"x"),
    )
    found = []
    for call, route in _calls(sides.simulator, sides.node):
        for prepare in prepared:
            found += sides.differences(prepare)
        for token in tokens:
            for one in _with_shared(replace(call, token=token), route):
                found += [difference for difference in sides.differences(one) if not _is_known(one, difference)]
    return found


def _is_known(call: Call, difference: str) -> bool:
    """Return whether a difference has nothing to do with shared parameters."""
    if call.path == "/v1/agent/connect/ca/roots":
        return "x-cache" in difference  # a real agent may have cached them for itself
    # The answer is a refusal with the list behind it, with or without blanks.
    return call.path == "/v1/catalog/datacenters" and ("consistent", None) in call.query


def test_shared_parameters(sides: Sides) -> None:
    found = _differences(sides, tokens=(None,))
    assert not found, "\n".join((str(len(found)), *found))


def test_shared_parameters_with_acls(acl_sides: Sides) -> None:
    found = _differences(acl_sides, tokens=(None, "", _ABSENT))
    assert not found, "\n".join((str(len(found)), *found))


def _nearly(path: str, route: str) -> Iterator[str]:
    """Return the path, and similar ones."""
    yield from (path, f"{path}/", f"{path}/x", route, route.rstrip("/"), path.upper())
    yield from (path.replace("/v1/", "/v1//"), path.replace("/v1/", "/v1/./"), path.replace("/v1/", "/v1/x/../"))


def _is_odd(call: Call, difference: str) -> bool:
    """Return whether a difference does not matter: joining an invalid address, and the methods that the handler of queries lists."""
    if call.path.startswith("/v1/agent/join/"):
        return call.method == "PUT"
    if call.path.startswith("/v1/query/"):
        return "allow: " in difference or call.method == "OPTIONS" or call.path == "/v1/query/execute"
    return _is_known(call, difference)


def test_methods_and_paths(sides: Sides) -> None:
    sides.clear()
    found = []
    for call, route in {route: (call, route) for call, route in _calls(sides.simulator, sides.node)}.values():
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "OTHER"):
            for path in dict.fromkeys(_nearly(call.path, route)):
                one = Call(method, path, call.query)
                found += [difference for difference in sides.differences(one) if not _is_odd(one, difference)]
    assert not found, "\n".join((str(len(found)), *found))


def test_every_path_exists() -> None:
    """A path that was removed or renamed would silently be left out."""
    there = {path for version in SIMULATED for path in Simulator(Settings(version=version))._routes._routes}
    assert {*_REST, *_BODIES, *_QUERIES, *_LEFT_OUT, *_NO_WRITES} - there == set()
