"""The mistakes in config entries that are usual, asked of the simulator and of the real agents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.config.calls import entry, gone
from tests.simulator.differential.calls import Call, get, put
from tests.simulator.differential.comparison import Sides

_DEFAULTS, _ROUTER, _SPLITTER, _RESOLVER = (f"service-{kind}" for kind in ("defaults", "router", "splitter", "resolver"))


def matching(**match: Any) -> Call:
    return entry(_ROUTER, "routed", Routes=[{"Match": {"HTTP": match}}])


def split(*splits: tuple[Any, str, str], of: str = "web") -> Call:
    return entry(_SPLITTER, of, Splits=[{"Weight": weight, "Service": to, "ServiceSubset": subset} for weight, to, subset in splits])


_PROTOCOLS = [entry(_DEFAULTS, name, Protocol="http") for name in ("web", "api", "routed")] + [entry(_DEFAULTS, "db", Protocol="tcp")]
_KINDS = (_DEFAULTS, _ROUTER, _SPLITTER, _RESOLVER, "ingress-gateway", "terminating-gateway")
_GONE = [gone(kind, name) for kind in (_ROUTER, _SPLITTER, _RESOLVER, _DEFAULTS) for name in ("web", "api", "routed", "db")]

#: What a filter may name of an entry, and what it may not; and what is asked of each.
_SELECTORS = (
    *("Kind", "Name", "Protocol", "Mode", "MutualTLSMode", "ExternalSNI", "BalanceInboundConnections", "MaxInboundConnections"),
    *("LocalConnectTimeoutMs", "LocalRequestTimeoutMs", "TransparentProxy", "TransparentProxy.OutboundListenerPort"),
    *("TransparentProxy.DialedDirectly", "MeshGateway", "MeshGateway.Mode", "Expose", "Expose.Checks", "Expose.Paths"),
    *("Expose.Paths.Path", "EnvoyExtensions", "EnvoyExtensions.Name", "EnvoyExtensions.Required", "Meta", "Meta.k", "Hash"),
    *("CreateIndex", "Namespace", "Nothing"),
)
_WANTED = ('== "web"', '!= "http"', "== 3", "== -3", "is empty", "is not empty", 'contains "k"', 'matches "^w"')

CASES = {
    "an entry has a name, and no members of its own making": [
        *(entry(kind) for kind in _KINDS),
        *(entry(kind, "web", **{member: 1}) for kind in _KINDS for member in ("Nope", "no_pe", "Namespace", "Partition", "Hash")),
        *(entry(_DEFAULTS, "db", **{member: None}) for member in ("Mode", "MaxInboundConnections", "ExternalSNI", "Meta")),
        entry("proxy-defaults", "other"),
        entry("nothing", "web"),
        *(entry(kind, "gate") for kind in _KINDS[-2:]),
        *(gone(kind, name) for kind in _KINDS[-2:] for name in ("gate", "web")),
        *_GONE,
    ],
    "a protocol is one that there is, since 1.9": [
        *(entry(_DEFAULTS, "db", Protocol=protocol) for protocol in ("nothing", "HTTP", "grpc", "")),
        entry(_DEFAULTS, "*", Protocol="http"),
        gone(_DEFAULTS, "*"),
        *_GONE,
    ],
    "weights add up to 100, of different destinations": [
        *_PROTOCOLS,
        entry(_SPLITTER, "web"),
        split((50, "", ""), (49, "api", "")),
        split((100, "", ""), (50.5, "api", "")),
        split((50, "", ""), (50, "web", "")),
        split((33.33, "", ""), (66.67, "api", "")),
        split(("x", "", "")),
        split((-1, "", ""), (101, "api", "")),
        *_GONE,
    ],
    "what has no requests cannot be split or routed": [
        *_PROTOCOLS,
        split((100, "", ""), of="db"),
        split((100, "", ""), of="nowhere"),
        split((50, "", ""), (50, "db", "")),
        split((50, "db", ""), (50, "", "")),
        entry(_ROUTER, "db"),
        entry(_ROUTER, "web", Routes=[{"Destination": {"Service": "db"}}]),
        entry(_RESOLVER, "web", Redirect={"Service": "db"}),
        entry(_RESOLVER, "web", Failover={"*": {"Service": "db"}}),
        split((50, "", ""), (50, "api", "")),
        entry(_DEFAULTS, "api", Protocol="grpc"),
        gone(_DEFAULTS, "api"),
        *_GONE,
    ],
    "a route says once what it matches": [
        *_PROTOCOLS,
        *(matching(**{name: "x"}) for name in ("PathExact", "PathPrefix", "PathRegex")),
        matching(PathExact="/x", PathRegex="/y"),
        *(matching(Header=[header]) for header in ({}, {"Name": "a"}, {"Name": "a", "Exact": "b", "Present": True})),
        *(matching(QueryParam=[header]) for header in ({}, {"Name": "a"}, {"Name": "a", "Exact": "b", "Present": True})),
        *(matching(Methods=methods) for methods in (["GET", "get"], ["NOTHING"])),
        put("/v1/config", {"kind": _ROUTER, "name": "routed", "routes": [{"match": {"http": {"path_prefix": "x"}}}]}),
        entry(_ROUTER, "routed", Routes=[{"Destination": {"PrefixRewrite": "/y"}}]),
        entry(_ROUTER, "routed", Routes=[{"Match": {"HTTP": {"Methods": ["GET"]}}, "Destination": {"PrefixRewrite": "/y"}}]),
        *_GONE,
    ],
    "a subset is one that there is": [
        *_PROTOCOLS,
        *(entry(_RESOLVER, "web", Subsets={name: {}}) for name in ("", "V 1", "-")),
        entry(_RESOLVER, "web", Subsets={"v1": {"Filter": "x =="}}),
        entry(_RESOLVER, "web", DefaultSubset="v9"),
        split((50, "", ""), (50, "api", "v1")),
        entry(_ROUTER, "web", Routes=[{"Destination": {"Service": "api", "ServiceSubset": "v7"}}]),
        entry(_RESOLVER, "api", Subsets={"v1": {}, "v2": {}}, DefaultSubset="v2"),
        split((50, "", ""), (50, "api", "v1")),
        entry(_RESOLVER, "api", Subsets={"v2": {}}),
        gone(_RESOLVER, "api"),
        *_GONE,
    ],
    "a resolver leads somewhere": [
        *_PROTOCOLS,
        *(entry(_RESOLVER, "web", Redirect=to) for to in ({}, {"ServiceSubset": "v1"}, {"Service": "web", "ServiceSubset": "v1"})),
        entry(_RESOLVER, "web", Redirect={"Service": "api", "ServiceSubset": "v1"}),
        entry(_RESOLVER, "web", Redirect={"Service": "api"}, Failover={"*": {"Service": "api"}}),
        entry(_RESOLVER, "web", Failover={"v1": {"Service": "api"}}),
        *(entry(_RESOLVER, "web", Failover={"*": to}) for to in ({}, {"Datacenters": [""]}, {"ServiceSubset": "v1"})),
        entry(_RESOLVER, "web", Failover={"*": {"Service": "api", "ServiceSubset": "v3"}}),
        *(entry(_RESOLVER, "web", ConnectTimeout=timeout) for timeout in (-1, "-1s", "x", "5s")),
        entry(_RESOLVER, "web", LoadBalancer={"Policy": "nothing"}),
        entry(_RESOLVER, "web", LoadBalancer={"Policy": "maglev", "HashPolicies": [{"Field": "nothing"}]}),
        *_GONE,
    ],
    "entries of one kind are filtered in 1.22, and of others refuse to be": [
        entry(_DEFAULTS, "web", Protocol="http"),
        entry(_DEFAULTS, "api", MeshGateway={"Mode": "local"}),
        *(get(f"/v1/config/{_DEFAULTS}", ("filter", f"{selector} {wanted}")) for selector in _SELECTORS for wanted in _WANTED),
        *(get(f"/v1/config/{kind}", ("filter", "Name ==")) for kind in (*_KINDS, "proxy-defaults", "nothing", "", f"{_DEFAULTS}/web")),
        *_GONE,
    ],
}

_DEAD = "00000000-0000-0000-0000-00000000dead"
_ROUTED = {"Kind": _ROUTER, "Name": "web", "Routes": [{"Match": {"HTTP": {"PathExact": "x"}}}]}


def calls_by(token: str | None) -> list[Call]:
    """What is refused for several reasons, of which each agent says the first."""
    bodies = (
        *({"Kind": kind} for kind in (*_KINDS, "nothing")),
        *({"Kind": "proxy-defaults", "Name": "other"}, {"Kind": _DEFAULTS, "Name": "web"}, {"Kind": _DEFAULTS, "Name": "x", "No": 1}),
        _ROUTED,
    )
    oddly: tuple[tuple[tuple[str, str | None], ...], ...] = ((), (("cas", "x"),), (("cas", "x"), ("ns", "q")), (("dc", "q"),))
    paths = [f"/v1/config/{kind}{name}" for kind in (*_KINDS, "proxy-defaults", "nothing", "") for name in ("", "/", "/none")]
    return [
        *(Call("PUT", "/v1/config", query, json.dumps(body).encode(), token=token) for body in bodies for query in oddly),
        *(Call("GET", path, query, token=token) for path in paths for query in ((), (("dc", "x"),)) if path != "/v1/config//none"),
        *(Call("DELETE", path, query, token=token) for path in paths[:-3] for query in oddly),
    ]


ACL_CASES = {
    "a dead token asks": calls_by(_DEAD),
    "nobody asks": calls_by(""),
    "somebody asks who may": [*calls_by(None), *_GONE, gone("proxy-defaults", "global")],
    "an index that is empty is none": [
        *(put("/v1/config", {"Kind": _DEFAULTS, "Name": "web"}, ("cas", index)) for index in ("", None, "0", "1", "0x1", "-1", "9" * 23)),
        *(Call("DELETE", f"/v1/config/{_DEFAULTS}/none", (("cas", index),)) for index in ("", None, "0", "1", "x")),
        *(Call("DELETE", f"/v1/config/{_DEFAULTS}/web", (("cas", index),)) for index in ("1", "x", "")),
        get(f"/v1/config/{_DEFAULTS}"),
        *_GONE,
    ],
    "anybody reads what is said of all proxies, and whoever may read a gateway its entry": [
        *(entry(kind, name) for kind, name in (("proxy-defaults", ""), ("ingress-gateway", "in"), ("terminating-gateway", "out"))),
        *(
            Call("GET", f"/v1/config/{kind}", token="")
            for kind in ("", "proxy-defaults", "proxy-defaults/global", "ingress-gateway", "ingress-gateway/in", "terminating-gateway/out")
        ),
        gone("proxy-defaults", ""),
        get("/v1/config/proxy-defaults"),
        *(gone(kind, name) for kind, name in (("ingress-gateway", "in"), ("terminating-gateway", "out"))),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in ACL_CASES.items()])
def test_whoever_asks_it_differs_no_more(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
