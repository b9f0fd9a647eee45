"""The rules for config entries, and which fault agents report first, beside real agents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.config.calls import (
    DEFAULTS,
    EXPORTED,
    HEADERS,
    INGRESS,
    INTENTIONS,
    LONG,
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
    some,
    with_name,
)
from tests.simulator.differential.calls import Call, each_case, put
from tests.simulator.differential.comparison import Sides


def permission_entry(**http: Any) -> list[Call]:
    return round_trip(INTENTIONS, Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": http}]}])


_OF_DEFAULTS = [
    *(
        call
        for kind, name in ((DEFAULTS, "web"), (PROXIES, "global"))
        for call in each(kind, "MutualTLSMode", "x", "strict", "permissive", name=name)
    ),
    *each(DEFAULTS, "Meta", {"": "x"}, LONG, {"k" * 129: "v"}, {str(number): "v" for number in range(65)}),
    *each(DEFAULTS, "EnvoyExtensions", [{"Name": "x"}], [{}, {}]),
    *each(DEFAULTS, "RateLimits", {}),
    *each(DEFAULTS, "BalanceInboundConnections", "x"),
    *each(DEFAULTS, "UpstreamConfig", {"Overrides": [{}]}, {"Overrides": [{"Name": "*"}]}, {"Defaults": {"Name": "x"}}),
    *each(
        DEFAULTS,
        "UpstreamConfig",
        *({"Defaults": {"Limits": {limit: -1}}} for limit in ("MaxConnections", "MaxPendingRequests", "MaxConcurrentRequests")),
    ),
    *each(DEFAULTS, "UpstreamConfig", {"Defaults": {"PassiveHealthCheck": {"MaxEjectionPercent": 101, "Interval": "-1s"}}}),
    *each(DEFAULTS, "UpstreamConfig", {"Overrides": [{"Name": "x", "Namespace": "n"}]}, {"Defaults": {"BalanceOutboundConnections": "x"}}),
    *each(DEFAULTS, "Destination", {}, {"Port": 80}, {"Addresses": ["a.com"], "Port": 99999}, {"Addresses": ["*.com", ""], "Port": 80}),
    *each(DEFAULTS, "Destination", {"Addresses": ["10.0.0.1", "10.0.0.1"], "Port": 80}, {"Addresses": ["a b"], "Port": 80}),
    *each(PROXIES, "AccessLogs", {"Type": "x"}, {"Type": "file"}, {"Type": "stdout", "Path": "/x"}, {"JSONFormat": "x"}, name="global"),
    *each(PROXIES, "AccessLogs", {"JSONFormat": "{}", "TextFormat": "x"}, name="global"),
    *each(PROXIES, "FailoverPolicy", {"Mode": "x"}, name="global"),
    *each(PROXIES, "PrioritizeByLocality", {"Mode": "x"}, {}, name="global"),
    put("/v1/config", {"Kind": "mesh", "AllowEnablingPermissiveMutualTLS": True}),
    *round_trip(DEFAULTS, MutualTLSMode="permissive"),
    gone("mesh", "mesh"),
]

_HOSTS = (["a.*.com"], ["a*.com"], ["*.a.com"], ["*"], ["a b"], ["a.com:80"], [""], ["a.com", "a.com"])
_OF_GATEWAYS = [
    OF_REQUESTS,
    *(entry(DEFAULTS, name, Protocol="tcp") for name in ("db", "x")),
    *each(
        INGRESS,
        "Listeners",
        [{}],
        [listener()],
        [listener(with_name("db"), protocol="tcp", port=0)],
        [listener(with_name("db"), with_name("x"), protocol="tcp")],
    ),
    *(call for hosts in _HOSTS for call in each(INGRESS, "Listeners", [listener(with_name("web", Hosts=hosts))])),
    *each(INGRESS, "Listeners", [listener(with_name("db", Hosts=["a.com"]), protocol="tcp")], [listener(with_name("*", Hosts=["a.com"]))]),
    *each(
        INGRESS,
        "Listeners",
        [listener(with_name("web", Hosts=["a"]), with_name("api", Hosts=["a"]))],
        [listener(with_name("web"), with_name("web"))],
    ),
    *each(
        INGRESS,
        "Listeners",
        *([listener(with_name(name), protocol=protocol)] for name in ("web", "", "*") for protocol in ("x", "HTTP", "tcp", "grpc", "")),
    ),
    *each(INGRESS, "Listeners", [listener(with_name("db"), protocol="tcp"), listener(with_name("x"), protocol="tcp")]),
    *each(
        INGRESS,
        "Listeners",
        [listener(with_name("db", RequestHeaders=HEADERS), protocol="tcp")],
        [listener(with_name("web", Namespace="x"))],
    ),
    *each(
        INGRESS,
        "Listeners",
        [listener(with_name("web", TLS={"SDS": {"CertResource": "c"}}))],
        [listener(with_name("web"), TLS={"SDS": {"ClusterName": "c"}})],
    ),
    *each(
        INGRESS,
        "Listeners",
        [listener(with_name("web"), TLS={"TLSMinVersion": "x"})],
        [listener(with_name("web"), TLS={"CipherSuites": ["x"]})],
    ),
    *each(INGRESS, "TLS", {"TLSMinVersion": "TLSv1_3", "TLSMaxVersion": "TLSv1_2"}, {"CipherSuites": ["x"], "TLSMinVersion": "TLSv1_3"}),
    *each(INGRESS, "TLS", {"SDS": {"CertResource": "x"}}),
    *each(
        TERMINATING, "Services", [{}], [with_name("a"), with_name("a")], [with_name("*"), with_name("a")], [with_name("a", Namespace="n")]
    ),
    *each(
        TERMINATING, "Services", *([with_name("a", **files)] for files in some({"CertFile": "x", "KeyFile": "y", "CAFile": "z"}, 1, 2, 3))
    ),
    *each(
        EXPORTED,
        "Services",
        [with_name("a")],
        [with_name("", Consumers=[{"Peer": "p"}])],
        [with_name("a", Consumers=[{"Peer": "*"}])],
        name="default",
    ),
    *each(
        EXPORTED,
        "Services",
        [with_name("a", Consumers=[{"Peer": "p", "Partition": "q"}])],
        [with_name("a", Consumers=[{"SamenessGroup": "x"}])],
        name="default",
    ),
    *each(EXPORTED, "Services", [with_name("a", Consumers=[{"Peer": "p"}])], name="web"),
    *each("mesh", "TLS", {"Incoming": {"TLSMinVersion": "x"}}, {"Outgoing": {"CipherSuites": ["x"]}}),
    *each("mesh", "HTTP", {"Incoming": {"RequestNormalization": {"HeadersWithUnderscoresAction": "x"}}}),
    *each("mesh", "Name", "mesh"),
]

_CONDITIONS = ("5xx", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "unavailable", "retriable-headers", "")
_POLICIES = ("", "random", "least_request", "ring_hash", "maglev", "x", "RING_HASH")
_MORE_OF_A_POLICY: tuple[dict[str, Any], ...] = (
    {},
    {"RingHashConfig": {}},
    {"LeastRequestConfig": {}},
    {"HashPolicies": [{"SourceIP": True}]},
    {"HashPolicies": []},
)
_OF_CHAINS = [
    OF_REQUESTS,
    *(call for condition in _CONDITIONS for call in each(ROUTER, "Routes", [{"Destination": {"RetryOn": [condition]}}])),
    *each(ROUTER, "Routes", [{"Destination": {"RequestTimeout": "-1s"}}], [{"Match": {"HTTP": {"PathRegex": "("}}}]),
    *each(RESOLVER, "LoadBalancer", *({"Policy": policy, **more} for policy in _POLICIES for more in _MORE_OF_A_POLICY)),
    *each(RESOLVER, "RequestTimeout", "-1s", -5),
    *each(RESOLVER, "Subsets", {"a" * 64: {}}, {"a_b": {}}, {"a-": {}}),
    *each(SPLITTER, "Splits", *([{"Weight": 50}, {"Weight": 50, **more}] for more in ({"Namespace": "x"}, {"Service": "web"}))),
    *each(SPLITTER, "Splits", [{"Weight": 33.335}, {"Weight": 66.665, "Service": "b"}], [{"Weight": 100.004}], [{"Weight": 99.996}]),
    *round_trip(RESOLVER, Subsets={"v1": {}}, Failover={"*": {"Targets": [{"Service": "o", "ServiceSubset": "v9"}]}}),
]

_SERVICE = {"Name": "", "Hosts": ["a*"], "RequestHeaders": HEADERS, "TLS": {"SDS": {"CertResource": "x"}}}
_FIRST = [
    *(
        call
        for members in some(
            {
                "Meta": LONG,
                "Protocol": "x",
                "Destination": {"Port": 80},
                "UpstreamConfig": {"Defaults": {"Name": "x"}},
                "MutualTLSMode": "lax",
                "EnvoyExtensions": [{}],
                "BalanceInboundConnections": "x",
            },
            2,
            3,
        )
        for call in round_trip(DEFAULTS, **members)[:1]
    ),
    *(
        call
        for members in some(
            {
                "Meta": LONG,
                "AccessLogs": {"Type": "file"},
                "MutualTLSMode": "lax",
                "EnvoyExtensions": [{}],
                "FailoverPolicy": {"Mode": "x"},
                "PrioritizeByLocality": {"Mode": "x"},
            },
            2,
        )
        for call in round_trip(PROXIES, "global", **members)[:1]
    ),
    *(
        call
        for members in some(
            {
                "Meta": LONG,
                "Subsets": {"A": {}},
                "DefaultSubset": "q",
                "Redirect": {},
                "Failover": {"x": {}},
                "ConnectTimeout": "-1s",
                "LoadBalancer": {"Policy": "x"},
                "PrioritizeByLocality": {"Mode": "x"},
            },
            2,
        )
        for call in round_trip(RESOLVER, **members)[:1]
    ),
    *(
        call
        for target in some(
            {"Namespace": "x", "Partition": "x", "SamenessGroup": "x", "Peer": "x", "Datacenter": "x", "ServiceSubset": "v"}, 2
        )
        for service in ("", "o", "web")
        for call in round_trip(RESOLVER, Redirect={**target, "Service": service})[:1]
    ),
    *(
        call
        for failover in some(
            {
                "Namespace": "x",
                "Datacenters": [""],
                "ServiceSubset": "v",
                "Targets": [{"Peer": "p", "Datacenter": "d"}],
                "Policy": {"Mode": "x"},
                "Service": "web",
            },
            2,
        )
        for call in round_trip(RESOLVER, Failover={"*": failover})[:1]
    ),
    *(
        call
        for policy in some({"SourceIP": True, "Field": "x", "FieldValue": "y", "CookieConfig": {"Session": True, "TTL": "1s"}}, 1, 2, 3)
        for call in round_trip(RESOLVER, LoadBalancer={"Policy": "maglev", "HashPolicies": [policy]})[:1]
    ),
    *(
        call
        for service in some(_SERVICE, 1, 2, 3, 4)
        for protocol in ("http", "tcp", "x", "grpc")
        for name in ("web", "*")
        for call in round_trip(INGRESS, Listeners=[listener({"Name": name, **service}, with_name("web"), protocol=protocol)])[:1]
    ),
    *(
        call
        for more in some({"Port": 0, "Protocol": "x", "Services": [], "TLS": {"TLSMinVersion": "x"}}, 1, 2, 3)
        for tls in ({}, {"TLSMinVersion": "x"}, {"Enabled": True, "SDS": {"CertResource": "q"}})
        for call in round_trip(INGRESS, Listeners=[{**listener(with_name("web", Hosts=["*"])), **more}], TLS=tls)[:1]
    ),
    *(put("/v1/config", {"Kind": kind, "Name": "web", "Meta": LONG}) for kind in (SPLITTER, EXPORTED, INTENTIONS)),
]

_MORE_OF_A_SOURCE: tuple[dict[str, Any], ...] = (
    *({"Precedence": 3}, {"Type": "x"}, {"Namespace": "x"}, {"Nope": 1}, {"Peer": "p"}, {"SamenessGroup": "g"}, {"LegacyID": "x"}),
    {"LegacyMeta": {}},
)
_SOURCES = [
    *(
        call
        for value in ({}, None, {"PathExact": "a"}, {"PathRegex": "("}, {"PathExact": "/a", "PathPrefix": "/b"})
        for call in permission_entry(**value or {})
    ),
    *(
        call
        for header in ({}, {"Name": "x"}, {"Name": "x", "Exact": "a", "Present": True}, {"Name": "x", "Regex": "a", "IgnoreCase": True})
        for call in permission_entry(Header=[header])
    ),
    *(call for methods in (["GET", "get"], ["NOPE"], ["get"], [], "get", None, [1]) for call in permission_entry(Methods=methods)),
    *each(
        INTENTIONS,
        "Sources",
        *(None, [], {"Name": "q", "Action": "deny"}, "x"),
        [{"Name": "*", "Action": "deny"}, {"Name": "a", "Action": "allow"}, {"Name": "B", "Action": "allow", "Description": "d"}],
        *([{"Name": "a", "Action": "allow", **more}] for more in _MORE_OF_A_SOURCE),
        [{"Name": "a", "Action": "allow", "Peer": "p"}, {"Name": "a", "Action": "allow"}],
        [{"Name": "a", "Permissions": [{"Action": "allow"}]}],
        [{"name": "a", "permissions": [{"action": "allow", "http": {"path_exact": "/x", "header": [{"name": "h", "exact": "q"}]}}]}],
    ),
    *each(INTENTIONS, "JWT", {}, {"Providers": [{}]}, {"Providers": [{"Name": "okta"}]}),
    *round_trip(INTENTIONS, JWT={"Providers": [{"Name": "okta"}]}, Sources=[{"Name": "a", "Action": "allow"}]),
    *round_trip(INTENTIONS, "*", Sources=[{"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": "/a"}}]}]),
    *(
        put("/v1/config", {"Kind": INTENTIONS, "Name": "web", "Sources": [{"Name": "a", **source}]})
        for source in some(
            {"Name": "a*", "SamenessGroup": "x", "LegacyMeta": {"a": "b"}, "Action": "x", "Type": "x", "Permissions": [{}]}, 2, 3
        )
    ),
]


CASES = {
    "rules for service-defaults and proxy-defaults": _OF_DEFAULTS,
    "rules for gateways, the mesh and exported services": _OF_GATEWAYS,
    "rules for routers, splitters and resolvers": _OF_CHAINS,
    "agents report the first of several faults": [OF_REQUESTS, *_FIRST],
    "rules for the sources of intentions": [OF_REQUESTS, *_SOURCES],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
