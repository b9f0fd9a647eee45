"""Discovery chains: routers, splitters and resolvers together.

https://developer.hashicorp.com/consul/docs/connect/manage-traffic/discovery-chain
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.config.calls import DEFAULTS, EVERYTHING_GONE, RESOLVER, ROUTER, SPLITTER, entry, gone
from tests.simulator.differential.calls import Call, each_case, put
from tests.simulator.differential.comparison import Sides


def matching(**match: Any) -> Call:
    return entry(ROUTER, "routed", Routes=[{"Match": {"HTTP": match}}])


def split(*splits: tuple[Any, str, str], of: str = "web") -> Call:
    return entry(SPLITTER, of, Splits=[{"Weight": weight, "Service": to, "ServiceSubset": subset} for weight, to, subset in splits])


_PROTOCOLS = [entry(DEFAULTS, name, Protocol="http") for name in ("web", "api", "routed")] + [entry(DEFAULTS, "db", Protocol="tcp")]


CASES = {
    "since 1.9 an unknown protocol is refused": [
        *(entry(DEFAULTS, "db", Protocol=protocol) for protocol in ("nothing", "HTTP", "grpc", "")),
        entry(DEFAULTS, "*", Protocol="http"),
        gone(DEFAULTS, "*"),
        *EVERYTHING_GONE,
    ],
    "weights add up to 100, for different destinations": [
        *_PROTOCOLS,
        entry(SPLITTER, "web"),
        split((50, "", ""), (49, "api", "")),
        split((100, "", ""), (50.5, "api", "")),
        split((50, "", ""), (50, "web", "")),
        split((33.33, "", ""), (66.67, "api", "")),
        split(("x", "", "")),
        split((-1, "", ""), (101, "api", "")),
        *EVERYTHING_GONE,
    ],
    "a service whose protocol has no requests cannot be split or routed": [
        *_PROTOCOLS,
        split((100, "", ""), of="db"),
        split((100, "", ""), of="nowhere"),
        split((50, "", ""), (50, "db", "")),
        split((50, "db", ""), (50, "", "")),
        entry(ROUTER, "db"),
        entry(ROUTER, "web", Routes=[{"Destination": {"Service": "db"}}]),
        entry(RESOLVER, "web", Redirect={"Service": "db"}),
        entry(RESOLVER, "web", Failover={"*": {"Service": "db"}}),
        split((50, "", ""), (50, "api", "")),
        entry(DEFAULTS, "api", Protocol="grpc"),
        gone(DEFAULTS, "api"),
        *EVERYTHING_GONE,
    ],
    "a route matches each thing in one way": [
        *_PROTOCOLS,
        *(matching(**{name: "x"}) for name in ("PathExact", "PathPrefix", "PathRegex")),
        matching(PathExact="/x", PathRegex="/y"),
        *(matching(Header=[header]) for header in ({}, {"Name": "a"}, {"Name": "a", "Exact": "b", "Present": True})),
        *(matching(QueryParam=[header]) for header in ({}, {"Name": "a"}, {"Name": "a", "Exact": "b", "Present": True})),
        *(matching(Methods=methods) for methods in (["GET", "get"], ["NOTHING"])),
        put("/v1/config", {"kind": ROUTER, "name": "routed", "routes": [{"match": {"http": {"path_prefix": "x"}}}]}),
        entry(ROUTER, "routed", Routes=[{"Destination": {"PrefixRewrite": "/y"}}]),
        entry(ROUTER, "routed", Routes=[{"Match": {"HTTP": {"Methods": ["GET"]}}, "Destination": {"PrefixRewrite": "/y"}}]),
        *EVERYTHING_GONE,
    ],
    "a subset must exist": [
        *_PROTOCOLS,
        *(entry(RESOLVER, "web", Subsets={name: {}}) for name in ("", "V 1", "-")),
        entry(RESOLVER, "web", Subsets={"v1": {"Filter": "x =="}}),
        entry(RESOLVER, "web", DefaultSubset="v9"),
        split((50, "", ""), (50, "api", "v1")),
        entry(ROUTER, "web", Routes=[{"Destination": {"Service": "api", "ServiceSubset": "v7"}}]),
        entry(RESOLVER, "api", Subsets={"v1": {}, "v2": {}}, DefaultSubset="v2"),
        split((50, "", ""), (50, "api", "v1")),
        entry(RESOLVER, "api", Subsets={"v2": {}}),
        gone(RESOLVER, "api"),
        *EVERYTHING_GONE,
    ],
    "a resolver has a destination": [
        *_PROTOCOLS,
        *(entry(RESOLVER, "web", Redirect=to) for to in ({}, {"ServiceSubset": "v1"}, {"Service": "web", "ServiceSubset": "v1"})),
        entry(RESOLVER, "web", Redirect={"Service": "api", "ServiceSubset": "v1"}),
        entry(RESOLVER, "web", Redirect={"Service": "api"}, Failover={"*": {"Service": "api"}}),
        entry(RESOLVER, "web", Failover={"v1": {"Service": "api"}}),
        *(entry(RESOLVER, "web", Failover={"*": to}) for to in ({}, {"Datacenters": [""]}, {"ServiceSubset": "v1"})),
        entry(RESOLVER, "web", Failover={"*": {"Service": "api", "ServiceSubset": "v3"}}),
        *(entry(RESOLVER, "web", ConnectTimeout=timeout) for timeout in (-1, "-1s", "x", "5s")),
        entry(RESOLVER, "web", LoadBalancer={"Policy": "nothing"}),
        entry(RESOLVER, "web", LoadBalancer={"Policy": "maglev", "HashPolicies": [{"Field": "nothing"}]}),
        *EVERYTHING_GONE,
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
