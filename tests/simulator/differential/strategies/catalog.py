"""Random calls for the catalog and health. There are few nodes, services and checks, so that calls affect each other."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.kv import choose, some

_NODES = ("n1", "n2", "N1", "test-node")
_SERVICES = ("web", "db", "Web", "web-2")
_CHECKS = ("c1", "c2", "C1")
_IDENTITIES = ("", "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01", "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02")

_node = st.sampled_from(_NODES[:3])
_service_id = st.sampled_from(_SERVICES)
_check_id = st.sampled_from(_CHECKS)


_TAGGED = st.sampled_from([{}, {"lan": "10.0.0.1"}, {"wan": "198.51.100.1", "lan": "10.0.0.1"}])

_SERVICE = st.builds(
    lambda name, more: {"Service": name, **more},
    _service_id,
    some(
        {
            "ID": st.sampled_from(["w1", "w2", "W1", "web"]),
            "Tags": st.sampled_from([None, [], ["a"], ["b", "a"]]),
            "Port": st.sampled_from([0, 80]),
            "Address": st.sampled_from(["", "10.0.0.7"]),
            "Meta": st.sampled_from([None, {}, {"k": "v"}]),
            "Weights": st.sampled_from([{"Passing": 3, "Warning": 2}, {"Passing": 1, "Warning": 1}]),
            "EnableTagOverride": st.booleans(),
            "TaggedAddresses": st.sampled_from([{"lan": {"Address": "10.0.0.7", "Port": 80}}]),
            "Kind": st.just(""),
            "Connect": st.just({"Native": True}),
            "Proxy": st.just({}),
        }
    ),
)

_PORT: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *({"Name": "http", "Port": 80, "Default": True}, {"Name": "http", "Port": 80, "Default": True}, {"Name": "b", "Port": 81}),
        *({"Name": "b", "Port": 0}, {"Port": 82}, {"Name": "c", "Port": 83, "Default": True}, {}),
    ]
)

#: The `Ports` of a service.
NAMED_PORTS = st.lists(_PORT, max_size=3)


def _with_ports(ports: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Service": "web", "Ports": ports}


_PROXY = st.builds(
    lambda name, of: {"Service": name, "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": of}},
    st.sampled_from(["web-proxy", "db-proxy"]),
    _service_id,
)

_CHECK = st.builds(
    lambda identity, more: {"CheckID": identity, "Name": identity, **more},
    _check_id,
    some(
        {
            "Status": st.sampled_from(["passing", "warning", "critical", ""]),
            "ServiceID": st.sampled_from(["web", "w1", "db", "nothing", ""]),
            "Output": st.sampled_from(["", "fine"]),
            "Notes": st.sampled_from(["", "note"]),
            "Type": st.sampled_from(["", "ttl", "http"]),
            "Node": st.sampled_from(["n1", "n2"]),
            "Definition": st.sampled_from([{}, {"HTTP": "http://127.0.0.1/", "Interval": "10s"}, {"TCP": "127.0.0.1:1"}]),
        }
    ),
)

_REGISTER = st.builds(
    lambda node, address, more: Call("PUT", "/v1/catalog/register", (), json.dumps({"Node": node, **address, **more}).encode()),
    _node,
    st.sampled_from([{"Address": "10.0.0.1"}, {"Address": "10.0.0.2"}, {"SkipNodeUpdate": True}, {}]),
    some(
        {
            "ID": st.sampled_from(_IDENTITIES),
            "Service": st.one_of(
                _SERVICE, _SERVICE, _SERVICE, _PROXY, NAMED_PORTS.map(_with_ports), st.sampled_from([{}, {"Tags": ["a"]}])
            ),
            "Check": _CHECK,
            "Checks": st.lists(_CHECK, max_size=2),
            "TaggedAddresses": _TAGGED,
            "NodeMeta": st.sampled_from([{}, {"rack": "a"}, {"rack": "b"}]),
        }
    ),
)

_DEREGISTER = st.builds(
    lambda node, more: Call("PUT", "/v1/catalog/deregister", (), json.dumps({"Node": node, **more}).encode()),
    _node,
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"ServiceID": st.sampled_from(["web", "w1", "w2", "db", "nothing"])}),
        st.fixed_dictionaries({"CheckID": _check_id}),
    ),
)

_PATHS = [
    *("catalog/nodes", "catalog/services", "health/state/any", "health/state/critical", "health/state/none"),
    *(f"catalog/node/{node}" for node in _NODES),
    *(f"catalog/node-services/{node}" for node in _NODES),
    *(f"health/node/{node}" for node in _NODES),
    *(f"{group}/{service}" for group in ("catalog/service", "health/checks") for service in _SERVICES),
    # An agent's stream takes names that differ only in case for different ones.
    *(f"health/service/{service}" for service in _SERVICES if service != "Web"),
    *("catalog/connect/web", "health/connect/web", "catalog/service/consul", "health/service/consul"),
    *("catalog/service/", "catalog/connect/", "catalog/node/", "catalog/node-services/", "health/node/", "health/checks/"),
    *("health/state/", "health/service/", "health/connect/"),
]

_QUERIES: list[tuple[tuple[str, str | None], ...]] = [
    *[()] * 6,
    (("stale", None),),
    (("consistent", None),),
    (("cached", None), ("consistent", None)),
    (("stale", None), ("consistent", None)),
    (("dc", "elsewhere"),),
    (("ns", "x"),),
    (("tag", "a"),),
    (("tag", "A"), ("tag", "b")),
    (("passing", None),),
    (("passing", "0"),),
    (("passing", "perhaps"),),
    (("node-meta", "rack:a"),),
    (("node-meta", "rack:b"), ("node-meta", "rack:a")),
    (("index", "1"), ("wait", "50ms")),
    (("max_stale", "abc"),),
    (("max_stale", "1s"),),
    (("max_stale", "0s"), ("consistent", None)),
    (("max_stale", "5m"), ("consistent", None)),
]

_READ = st.builds(lambda path, query: Call("GET", "/v1/" + path, query), st.sampled_from(_PATHS), st.sampled_from(_QUERIES))

_VERBS = st.sampled_from(["set", "set", "cas", "get", "delete", "delete-cas", "zap"])
_INDEX = st.sampled_from([{}, {"ModifyIndex": 0}, {"ModifyIndex": 1}])


def _step(kind: str, verb: str, node: str, of: dict[str, Any], index: dict[str, int]) -> dict[str, Any]:
    if kind == "Service":
        return {kind: {"Verb": verb, "Node": node, kind: {**of, **index}}}
    return {kind: {"Verb": verb, kind: {"Node": node, **of, **index}}}


_CHECK_STEP = _CHECK.map(lambda check: {name: value for name, value in check.items() if name != "Node"})

_STEP = st.one_of(
    st.builds(_step, st.just("Node"), _VERBS, _node, st.sampled_from([{}, {"Address": "10.0.0.3"}, {"Meta": {"rack": "a"}}]), _INDEX),
    st.builds(_step, st.just("Service"), _VERBS, _node, st.one_of(_SERVICE, st.just({"ID": "w1"}), st.just({})), _INDEX),
    st.builds(_step, st.just("Check"), _VERBS, _node, _CHECK_STEP, _INDEX),
    st.builds(_step, st.just("Check"), st.sampled_from(["get", "delete"]), _node, st.just({}), _INDEX),
    st.just({"KV": {"Verb": "check-not-exists", "Key": "nothing"}}),
    st.just({"KV": {"Verb": "get", "Key": "nothing"}}),
    st.just({}),
)

_TXN = st.builds(lambda steps: Call("PUT", "/v1/txn", (), json.dumps(steps).encode()), st.lists(_STEP, min_size=1, max_size=4))

_SESSION = choose(
    st.builds(
        lambda node, more: Call("PUT", "/v1/session/create", (), json.dumps({"Node": node, "LockDelay": "0s", **more}).encode()),
        _node,
        st.sampled_from([{}, {"Checks": []}, {"NodeChecks": ["c1"]}, {"NodeChecks": [], "ServiceChecks": [{"ID": "c2"}]}]),
    ),
    st.just(Call("GET", "/v1/session/list")),
    st.builds(lambda node: Call("GET", f"/v1/session/node/{node}"), _node),
)

#: Mostly calls that change something.
WRITES = choose(_REGISTER, _REGISTER, _DEREGISTER, _TXN)

CALLS = choose(_REGISTER, _REGISTER, _DEREGISTER, _READ, _READ, _TXN, _SESSION)
