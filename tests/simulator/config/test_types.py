"""The types of config entries: what each kind accepts and shows, beside real agents."""

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
    round_trip,
    with_name,
)
from tests.simulator.differential.calls import Call, each_case, get, put
from tests.simulator.differential.comparison import Sides

_HEALTH = {"Interval": "10s", "MaxFailures": 3, "EnforcingConsecutive5xx": 9, "MaxEjectionPercent": 50, "BaseEjectionTime": "30s"}
_LIMITS = {"MaxConnections": 1, "MaxPendingRequests": 2, "MaxConcurrentRequests": 3}
_SDS = {"ClusterName": "c", "CertResource": "r"}

#: Values of every kind of JSON, without a list of one null: it makes an agent drop the connection.
_VALUES: tuple[Any, ...] = (
    *("x", "1", "true", "", 1, 0, -1, 1.5, 300, 5000000000, True, False, None),
    *([], ["a"], [1, 2], [[1]], {}, {"a": 1}, [{}]),
)


def read_services(kind: str, **members: Any) -> list[Call]:
    """Write a gateway, and read its services."""
    return [
        put("/v1/config", {"Kind": kind, "Name": "gate", **members}),
        get("/v1/catalog/gateway-services/gate"),
        get(f"/v1/config/{kind}/gate"),
    ]


def in_each_place(value: Any) -> list[Call]:
    """Put a value in the place of each type."""
    return [
        *round_trip(RESOLVER, DefaultSubset=value),
        *round_trip(RESOLVER, Subsets=value),
        *round_trip(RESOLVER, Subsets={"a": value}),
        *round_trip(RESOLVER, Subsets={"a": {"OnlyPassing": value}}),
        *round_trip(RESOLVER, ConnectTimeout=value),
        *round_trip(RESOLVER, Failover={"*": {"Datacenters": value}}),
        *round_trip(RESOLVER, Redirect=value),
        *round_trip(RESOLVER, Meta=value),
        *round_trip(RESOLVER, Meta={"k": value}),
        *round_trip(ROUTER, Routes=[{"Destination": {"NumRetries": value}}]),
        *round_trip(ROUTER, Routes=[{"Destination": {"RetryOnStatusCodes": value}}]),
        *round_trip(ROUTER, Routes=[{"Destination": {"RequestTimeout": value}}]),
        *round_trip(ROUTER, Routes=[{"Match": value}]),
        *round_trip(ROUTER, Routes=value),
        *round_trip(SPLITTER, Splits=[{"Weight": 100}, {"Service": "o", "Weight": value}]),
        *round_trip(INGRESS, Listeners=[{"Port": value}]),
        *round_trip(PROXIES, "global", Config=value),
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
    *round_trip(
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
    *round_trip(
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
    *round_trip(RESOLVER, DefaultSubset="v1", Subsets={"v1": {"OnlyPassing": True}, "v2": {}}, ConnectTimeout="15s", Meta={"k": "v"}),
    *each(RESOLVER, "LoadBalancer", {}, {"Policy": "least_request", "LeastRequestConfig": {"ChoiceCount": 3}}, {"Policy": "ring_hash"}),
    *each(
        RESOLVER,
        "LoadBalancer",
        {"Policy": "maglev", "HashPolicies": [{"Field": "cookie", "FieldValue": "x", "CookieConfig": {"TTL": "20ms"}}, {}]},
    ),
    *each(RESOLVER, "Redirect", {"Service": "o", "Datacenter": "dc2"}, {"Service": "o", "Peer": "p"}),
    *each(RESOLVER, "Failover", {"*": {"Targets": [{"Service": "a", "Peer": "p"}, {"Datacenter": "dc2"}]}}, {"*": {"Targets": [{}]}}),
    *round_trip(
        INGRESS,
        TLS={"Enabled": True, "TLSMinVersion": "TLSv1_2", "SDS": _SDS},
        Listeners=[
            listener(with_name("web", Hosts=["a.com"], TLS={"SDS": _SDS}, RequestHeaders=HEADERS, PassiveHealthCheck=_HEALTH, **_LIMITS))
        ],
        Defaults={**_LIMITS, "PassiveHealthCheck": _HEALTH},
    ),
    *each(INGRESS, "Listeners", [listener(with_name("web")), listener(with_name("web"), port=2, TLS={})]),
    *each(INGRESS, "Defaults", {}, {"MaxConnections": -1}),
    *each(TERMINATING, "Services", [with_name("web", CAFile="a", CertFile="b", KeyFile="c", SNI="d"), with_name("db")]),
    *each("mesh", "TLS", {}, {"Incoming": {"TLSMinVersion": "TLSv1_2"}, "Outgoing": {}}),
    *each("mesh", "HTTP", {}, {"Incoming": {"RequestNormalization": {"MergeSlashes": True}}}),
    *each("mesh", "Peering", {}, {"PeerThroughMeshGateways": True}),
    *each("mesh", "transparent_proxy", {"mesh_destinations_only": True}),
    *each(EXPORTED, "Services", [with_name("web", Consumers=[{"peer_name": "p"}])], [], name="default"),
    get("/v1/config/mesh"),
]

_NOTHING: tuple[dict[str, Any], ...] = ({"Meta": None}, {"Meta": {}}, {"Meta": {}}, {}, {"Services": []}, {"Services": None})
_NO_LISTENERS: tuple[dict[str, Any], ...] = ({"Listeners": []}, {}, {"Listeners": []}, {"Listeners": None})


def exact(source: str, **body: Any) -> Call:
    return put("/v1/connect/intentions/exact", body, ("source", source), ("destination", "web"))


_BOTH = [get("/v1/connect/intentions"), get(f"/v1/config/{INTENTIONS}/web")]

CASES = {
    "members of other types are converted or refused": [OF_REQUESTS, *(call for value in _VALUES for call in in_each_place(value))],
    "an entry is shown with the members of its type": [OF_REQUESTS, *_SHOWN],
    "service-defaults replace proxy-defaults": [
        OF_REQUESTS,
        entry(DEFAULTS, "web"),
        entry(ROUTER, "web"),
        entry(ROUTER, "api"),
        entry(DEFAULTS, "api"),
    ],
    "permissions need a protocol with requests, also when the protocol changes": [
        entry(INTENTIONS, "web", Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": "/a"}}]}]),
        entry(DEFAULTS, "web", Protocol="http"),
        entry(INTENTIONS, "web", Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": "/a"}}]}]),
        entry(DEFAULTS, "web", Protocol="tcp"),
        gone(DEFAULTS, "web"),
        *_BOTH,
    ],
    "an intention written by name keeps the rest of the entry": [
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
    "an intention written by name takes no metadata": [exact("z", Action="deny", Meta={"k": "v"}), exact("z", Action="x"), *_BOTH],
    "the services of a gateway have the index of their last change": [
        OF_REQUESTS,
        *read_services(INGRESS, Listeners=[listener(with_name("web"))]),
        *read_services(INGRESS, Listeners=[listener(with_name("web"))]),
        *read_services(INGRESS, Listeners=[listener(with_name("web"))], Meta={"a": "b"}),
        *read_services(INGRESS, Listeners=[listener(with_name("web", Hosts=[]))]),
        *read_services(INGRESS, Listeners=[listener(with_name("web", Hosts=["a.com"]), with_name("api"))]),
        *read_services(INGRESS, Listeners=[listener(with_name("web"), port=0)]),
        gone(INGRESS, "gate"),
        *read_services(INGRESS),
        *read_services(INGRESS, TLS={"Enabled": True}),
        gone(INGRESS, "gate"),
        *read_services(TERMINATING, Services=[]),
        *read_services(TERMINATING),
        *read_services(TERMINATING, Services=[with_name("a")]),
        *read_services(TERMINATING, Services=[with_name("a")], Meta={"k": "v"}),
        *read_services(TERMINATING, Services=[with_name("a", DisableAutoHostRewrite=True)]),
        *read_services(TERMINATING, Services=[with_name("*"), with_name("a", CAFile="x")]),
    ],
    "an empty list or map is not the same as a missing one": [
        call for members in _NOTHING for call in read_services(TERMINATING, **members)
    ],
    "an empty list of listeners is not the same as a missing one": [
        call for members in _NO_LISTENERS for call in read_services(INGRESS, **members)
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
