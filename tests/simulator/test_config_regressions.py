"""The mistakes in config entries that are usual, asked of the simulator and of the real agents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential import Ask, Sides
from tests.simulator.test_regressions import put

_DEFAULTS, _ROUTER, _SPLITTER, _RESOLVER = (f"service-{kind}" for kind in ("defaults", "router", "splitter", "resolver"))


def entry(kind: str, name: str = "", **members: Any) -> Ask:
    return put("/v1/config", {"Kind": kind, "Name": name, **members})


def gone(kind: str, name: str) -> Ask:
    return Ask("DELETE", f"/v1/config/{kind}/{name}")


def matching(**match: Any) -> Ask:
    return entry(_ROUTER, "routed", Routes=[{"Match": {"HTTP": match}}])


def split(*splits: tuple[Any, str, str], of: str = "web") -> Ask:
    return entry(_SPLITTER, of, Splits=[{"Weight": weight, "Service": to, "ServiceSubset": subset} for weight, to, subset in splits])


_PROTOCOLS = [entry(_DEFAULTS, name, Protocol="http") for name in ("web", "api", "routed")] + [entry(_DEFAULTS, "db", Protocol="tcp")]
_KINDS = (_DEFAULTS, _ROUTER, _SPLITTER, _RESOLVER, "ingress-gateway", "terminating-gateway")
_GONE = [gone(kind, name) for kind in (_ROUTER, _SPLITTER, _RESOLVER, _DEFAULTS) for name in ("web", "api", "routed", "db")]

DIFFERED = {
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
}


@pytest.mark.real
@pytest.mark.parametrize("asks", [pytest.param(asks, id=name) for name, asks in DIFFERED.items()])
def test_it_differs_no_more(sides: Sides, asks: list[Ask]) -> None:
    assert sides.replay(asks) == []
