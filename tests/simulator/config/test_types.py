"""What each type of config entry takes and shows, and what follows from entries, asked of the simulator and of the real agents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.config.calls import (
    DEFAULTS,
    EXPORTED,
    HEADERS,
    INGRESS,
    INTENTIONS,
    OF_REQUESTS,
    PROXIES,
    RESOLVER,
    ROUTER,
    SPLITTER,
    TERMINATING,
    each,
    entry,
    gone,
    listener,
    named,
    tried,
)
from tests.simulator.differential.calls import Call, get, put
from tests.simulator.differential.comparison import Sides

_HEALTH = {"Interval": "10s", "MaxFailures": 3, "EnforcingConsecutive5xx": 9, "MaxEjectionPercent": 50, "BaseEjectionTime": "30s"}
_LIMITS = {"MaxConnections": 1, "MaxPendingRequests": 2, "MaxConcurrentRequests": 3}
_SDS = {"ClusterName": "c", "CertResource": "r"}

#: Values of every kind of JSON. One element of null is not among them: it makes an agent drop the connection.
_VALUES: tuple[Any, ...] = (
    *("x", "1", "true", "", 1, 0, -1, 1.5, 300, 5000000000, True, False, None),
    *([], ["a"], [1, 2], [[1]], {}, {"a": 1}, [{}]),
)


def served(kind: str, **members: Any) -> list[Call]:
    """Write a gateway, and look what it is for."""
    return [
        put("/v1/config", {"Kind": kind, "Name": "gate", **members}),
        get("/v1/catalog/gateway-services/gate"),
        get(f"/v1/config/{kind}/gate"),
    ]


def typed(value: Any) -> list[Call]:
    """The same value in the place of each type."""
    return [
        *tried(RESOLVER, DefaultSubset=value),
        *tried(RESOLVER, Subsets=value),
        *tried(RESOLVER, Subsets={"a": value}),
        *tried(RESOLVER, Subsets={"a": {"OnlyPassing": value}}),
        *tried(RESOLVER, ConnectTimeout=value),
        *tried(RESOLVER, Failover={"*": {"Datacenters": value}}),
        *tried(RESOLVER, Redirect=value),
        *tried(RESOLVER, Meta=value),
        *tried(RESOLVER, Meta={"k": value}),
        *tried(ROUTER, Routes=[{"Destination": {"NumRetries": value}}]),
        *tried(ROUTER, Routes=[{"Destination": {"RetryOnStatusCodes": value}}]),
        *tried(ROUTER, Routes=[{"Destination": {"RequestTimeout": value}}]),
        *tried(ROUTER, Routes=[{"Match": value}]),
        *tried(ROUTER, Routes=value),
        *tried(SPLITTER, Splits=[{"Weight": 100}, {"Service": "o", "Weight": value}]),
        *tried(INGRESS, Listeners=[{"Port": value}]),
        *tried(PROXIES, "global", Config=value),
        OF_REQUESTS,
    ]


_UPSTREAM = {
    "Name": "db",
    "EnvoyListenerJSON": "{}",
    "Protocol": "http",
    "ConnectTimeoutMs": 7,
    "Limits": _LIMITS,
    "PassiveHealthCheck": _HEALTH,
    "MeshGateway": {"Mode": "local"},
    "BalanceOutboundConnections": "exact_balance",
}

_SHOWN = [
    *tried(
        DEFAULTS,
        Protocol="HTTP",
        Mode="transparent",
        TransparentProxy={"OutboundListenerPort": 1, "DialedDirectly": True},
        MutualTLSMode="strict",
        MeshGateway={"Mode": "local"},
        Expose={"Checks": True, "Paths": [{"ListenerPort": 1, "Path": "/x", "LocalPathPort": 2, "Protocol": "http"}, {}]},
        ExternalSNI="s",
        UpstreamConfig={"Overrides": [_UPSTREAM], "Defaults": {**_UPSTREAM, "Name": ""}},
        MaxInboundConnections=3,
        LocalConnectTimeoutMs=4,
        LocalRequestTimeoutMs=5,
        BalanceInboundConnections="exact_balance",
        MaxRequestHeadersKB=5,
        Meta={"k": "v"},
    ),
    *each(DEFAULTS, "UpstreamConfig", {}, {"Overrides": [{"Name": "x", "Limits": {}, "PassiveHealthCheck": {}}], "Defaults": {}}),
    *each(DEFAULTS, "Destination", {"Addresses": ["a.com"], "Port": 80}),
    *each(PROXIES, "AccessLogs", {}, {"Enabled": True, "Type": "file", "Path": "/x", "TextFormat": "q"}, name="global"),
    *each(PROXIES, "FailoverPolicy", {}, {"Mode": "sequential", "Regions": ["a"]}, name="global"),
    OF_REQUESTS,
    *tried(
        ROUTER,
        Routes=[
            {
                "Match": {"HTTP": {"PathPrefix": "/a", "Header": [{"Name": "x", "Exact": "y"}], "Methods": ["get", "PUT"]}},
                "Destination": {
                    "Service": "other",
                    "PrefixRewrite": "/",
                    "RequestTimeout": "5s",
                    "NumRetries": 3,
                    "RetryOnStatusCodes": [500],
                },
            },
            {"Match": {"HTTP": {}}},
            {},
        ],
    ),
    *each(ROUTER, "Routes", [{"Match": {"HTTP": {"PathPrefix": "/x"}}, "Destination": {"Service": "o"}}], [{"Destination": {}}]),
    *each(ROUTER, "Routes", [{"Destination": {"IdleTimeout": "6s"}}], [{"Destination": {"RequestHeaders": HEADERS}}]),
    *each(ROUTER, "Routes", [{"Destination": {"ResponseHeaders": {"Add": {}, "Remove": []}}}], [{"Destination": {"Namespace": "x"}}]),
    *each(
        SPLITTER, "Splits", [{"Weight": 33.333}, {"Weight": 66.667, "Service": "o"}], [{"Weight": 0.1}, {"Weight": 99.9, "Service": "o"}]
    ),
    *each(SPLITTER, "Splits", [{"Weight": 100, "RequestHeaders": HEADERS}], [{"Weight": 100, "Partition": "x"}]),
    *tried(RESOLVER, DefaultSubset="v1", Subsets={"v1": {"OnlyPassing": True}, "v2": {}}, ConnectTimeout="15s", Meta={"k": "v"}),
    *each(RESOLVER, "LoadBalancer", {}, {"Policy": "least_request", "LeastRequestConfig": {"ChoiceCount": 3}}, {"Policy": "ring_hash"}),
    *each(
        RESOLVER,
        "LoadBalancer",
        {"Policy": "maglev", "HashPolicies": [{"Field": "cookie", "FieldValue": "x", "CookieConfig": {"TTL": "20ms"}}, {}]},
    ),
    *each(RESOLVER, "Redirect", {"Service": "o", "Datacenter": "dc2"}, {"Service": "o", "Peer": "p"}),
    *each(RESOLVER, "Failover", {"*": {"Targets": [{"Service": "a", "Peer": "p"}, {"Datacenter": "dc2"}]}}, {"*": {"Targets": [{}]}}),
    *tried(
        INGRESS,
        TLS={"Enabled": True, "TLSMinVersion": "TLSv1_2", "SDS": _SDS},
        Listeners=[
            listener(named("web", Hosts=["a.com"], TLS={"SDS": _SDS}, RequestHeaders=HEADERS, PassiveHealthCheck=_HEALTH, **_LIMITS))
        ],
        Defaults={**_LIMITS, "PassiveHealthCheck": _HEALTH},
    ),
    *each(INGRESS, "Listeners", [listener(named("web")), listener(named("web"), port=2, TLS={})]),
    *each(INGRESS, "Defaults", {}, {"MaxConnections": -1}),
    *each(TERMINATING, "Services", [named("web", CAFile="a", CertFile="b", KeyFile="c", SNI="d"), named("db")]),
    *each("mesh", "TLS", {}, {"Incoming": {"TLSMinVersion": "TLSv1_2"}, "Outgoing": {}}),
    *each("mesh", "HTTP", {}, {"Incoming": {"RequestNormalization": {"MergeSlashes": True}}}),
    *each("mesh", "Peering", {}, {"PeerThroughMeshGateways": True}),
    *each("mesh", "transparent_proxy", {"mesh_destinations_only": True}),
    *each(EXPORTED, "Services", [named("web", Consumers=[{"peer_name": "p"}])], [], name="default"),
    get("/v1/config/mesh"),
]

_NOTHING: tuple[dict[str, Any], ...] = ({"Meta": None}, {"Meta": {}}, {"Meta": {}}, {}, {"Services": []}, {"Services": None})


def exact(source: str, **body: Any) -> Call:
    return put("/v1/connect/intentions/exact", body, ("source", source), ("destination", "web"))


_BOTH = [get("/v1/connect/intentions"), get(f"/v1/config/{INTENTIONS}/web")]

CASES = {
    "a member is of its type, or becomes of it": [OF_REQUESTS, *(call for value in _VALUES for call in typed(value))],
    "an entry is shown as its type is": [OF_REQUESTS, *_SHOWN],
    "what is said of all proxies does not count where something is said of a service": [
        OF_REQUESTS,
        entry(DEFAULTS, "web"),
        entry(ROUTER, "web"),
        entry(ROUTER, "api"),
        entry(DEFAULTS, "api"),
    ],
    "permissions need requests, and so does who takes them away": [
        entry(INTENTIONS, "web", Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": "/a"}}]}]),
        entry(DEFAULTS, "web", Protocol="http"),
        entry(INTENTIONS, "web", Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": "/a"}}]}]),
        entry(DEFAULTS, "web", Protocol="tcp"),
        gone(DEFAULTS, "web"),
        *_BOTH,
    ],
    "an intention by its names keeps what else the entry says": [
        entry(INTENTIONS, "web", Sources=[{"Name": "a", "Action": "allow"}], Meta={"k": "v"}),
        exact("z", Action="deny"),
        *_BOTH,
        exact("z", Action="deny", Meta={"k": "v"}),
        exact("z", Action="deny", Meta={"a": "b"}),
        exact("z", Action="deny"),
        *_BOTH,
        Call("DELETE", "/v1/connect/intentions/exact", (("source", "a"), ("destination", "web"))),
        *_BOTH,
    ],
    "an intention by its names is not of several entries": [exact("z", Action="deny", Meta={"k": "v"}), exact("z", Action="x"), *_BOTH],
    "what gateways are for is as old as it is so": [
        OF_REQUESTS,
        *served(INGRESS, Listeners=[listener(named("web"))]),
        *served(INGRESS, Listeners=[listener(named("web"))]),
        *served(INGRESS, Listeners=[listener(named("web"))], Meta={"a": "b"}),
        *served(INGRESS, Listeners=[listener(named("web", Hosts=[]))]),
        *served(INGRESS, Listeners=[listener(named("web", Hosts=["a.com"]), named("api"))]),
        *served(INGRESS, Listeners=[listener(named("web"), port=0)]),
        gone(INGRESS, "gate"),
        *served(INGRESS),
        *served(INGRESS, TLS={"Enabled": True}),
        gone(INGRESS, "gate"),
        *served(TERMINATING, Services=[]),
        *served(TERMINATING),
        *served(TERMINATING, Services=[named("a")]),
        *served(TERMINATING, Services=[named("a")], Meta={"k": "v"}),
        *served(TERMINATING, Services=[named("a", DisableAutoHostRewrite=True)]),
        *served(TERMINATING, Services=[named("*"), named("a", CAFile="x")]),
    ],
    "an empty list or map is another one than none": [call for members in _NOTHING for call in served(TERMINATING, **members)],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
