"""Random calls for config entries and intentions. There are few services, so that entries affect each other."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.kv import choose, some

_SERVICES = ("web", "api", "db")
_KINDS = (
    *("service-defaults", "proxy-defaults", "service-router", "service-splitter", "service-resolver", "ingress-gateway"),
    *("terminating-gateway", "service-intentions", "mesh", "exported-services"),
)

_service = st.sampled_from(_SERVICES)
_target = st.sampled_from(["", "web", "api", "db"])
_subset = st.sampled_from(["", "", "v1", "v2"])


def _one(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


_META = _one({}, None, {"k": "v"}, {"k": "w" * 513}, {"k": 1})

_DEFAULTS = some(
    {
        "Protocol": _one("http", "http", "http", "tcp", "grpc", "HTTP2", "nothing", ""),
        "MeshGateway": _one({"Mode": "local"}, {}, None),
        "Expose": _one({"Checks": True}, {"Paths": [{"Path": "/x", "ListenerPort": 80}]}),
        "ExternalSNI": _one("sni", ""),
        "MutualTLSMode": _one("strict", "permissive", "lax"),
        "UpstreamConfig": _one({}, {"Overrides": [{"Name": "db", "Protocol": "http"}]}, {"Defaults": {"Name": "x"}}),
        "Destination": _one({"Port": 80}, {"Addresses": ["a b", "a b"]}),
        "MaxInboundConnections": _one(0, 3, "4"),
        "Meta": _META,
    }
)

_PROXIES = some(
    {
        "Config": _one({"protocol": "http"}, {"protocol": "http"}, {"protocol": "tcp"}, {"a": [1, {"b": "c"}]}, None),
        "AccessLogs": _one({"Enabled": True}, {"Type": "file"}, {}),
        "MutualTLSMode": _one("strict", "permissive"),
        "Meta": _META,
    }
)

_MATCH = some(
    {
        "PathExact": _one("/x", "x", ""),
        "PathPrefix": _one("/y"),
        "Header": _one([{"Name": "h", "Present": True}], [{"Name": "h"}], []),
        "QueryParam": _one([{"Name": "q", "Exact": "1"}]),
        "Methods": _one(["get"], ["GET", "get"], ["nothing"], []),
    }
)

_ROUTE = some(
    {
        "Match": st.builds(lambda match: {"HTTP": match}, _MATCH),
        "Destination": st.builds(
            lambda service, subset, more: {"Service": service, "ServiceSubset": subset, **more},
            _target,
            _subset,
            some({"RequestTimeout": _one("5s", 10**9), "NumRetries": _one(1, "2"), "PrefixRewrite": _one("/z")}),
        ),
    }
)

_ROUTER = some({"Routes": st.lists(_ROUTE, max_size=2), "Meta": _META})

_SPLITTER = st.builds(
    lambda weights, targets: {
        "Splits": [
            {"Weight": weight, "Service": service, "ServiceSubset": subset}
            for weight, (service, subset) in zip(weights, targets, strict=False)
        ]
    },
    _one([100], [50, 50], [50, 50], [33.33, 66.67], [50, 49], [0.001, 99.999], []),
    st.lists(st.tuples(_target, _subset), min_size=2, max_size=2),
)

_FAILOVER = st.builds(
    lambda service, subset, more: {"Service": service, "ServiceSubset": subset, **more},
    _target,
    _subset,
    _one({}, {}, {"Datacenters": ["dc2"]}, {"Datacenters": [""]}),
)

_RESOLVER = some(
    {
        "DefaultSubset": _subset,
        "Subsets": _one({"v1": {}, "v2": {}}, {"v1": {"Filter": "Service.Meta.v == 1"}}, {"V 1": {}}, {}),
        "Redirect": st.builds(lambda service, subset: {"Service": service, "ServiceSubset": subset}, _target, _subset),
        "Failover": st.builds(lambda name, failover: {name: failover}, _one("*", "v1", "v9"), _FAILOVER),
        "ConnectTimeout": _one("5s", "0s", -1, 10**9),
        "LoadBalancer": _one({"Policy": "maglev"}, {"Policy": "nothing"}),
    }
)

_LISTENER = st.builds(
    lambda port, protocol, services: {"Port": port, "Protocol": protocol, "Services": services},
    _one(80, 80, 81, 0),
    _one("http", "http", "tcp", "", "grpc", "HTTP"),
    st.lists(
        st.builds(lambda name, more: {"Name": name, **more}, _one(*_SERVICES, "*", ""), some({"Hosts": _one([], ["a.test"], ["*"])})),
        max_size=2,
    ),
)

_INGRESS = some({"Listeners": st.lists(_LISTENER, max_size=2), "TLS": _one({"Enabled": True}, {}), "Meta": _META})

_LINKED = st.builds(lambda name, more: {"Name": name, **more}, _one(*_SERVICES, "*", ""), some({"SNI": _one("s"), "CAFile": _one("ca")}))

_TERMINATING = some({"Services": st.lists(_LINKED, max_size=3), "Meta": _META})

_HTTP = _MATCH.map(lambda match: {name: value for name, value in match.items() if name != "QueryParam"})

_PERMISSIONS = st.lists(some({"Action": _one("allow", "deny", "allow", ""), "HTTP": st.one_of(_one({}, None), _HTTP)}), max_size=2)

_SOURCE = st.builds(
    lambda name, more: {"Name": name, **more},
    _one(*_SERVICES, "*", "a*", ""),
    st.one_of(
        some({"Action": _one("allow", "deny", "allow", "Allow"), "Description": _one("d", ""), "Peer": _one("p", "")}),
        some({"Action": _one("allow"), "Type": _one("consul", "x"), "Precedence": _one(1), "LegacyMeta": _one({}, {"k": "v"})}),
        st.builds(lambda permissions: {"Permissions": permissions}, _PERMISSIONS),
    ),
)

_INTENTIONS = some({"Sources": st.lists(_SOURCE, min_size=1, max_size=3), "Meta": _META})

_MESH = some({"AllowEnablingPermissiveMutualTLS": st.booleans(), "TLS": _one({}, {"Incoming": {"TLSMinVersion": "x"}}), "Meta": _META})

_EXPORTED = some({"Services": _one([{"Name": "web", "Consumers": [{"Peer": "p"}]}], [{"Name": "web"}], [])})

_BODIES: dict[str, tuple[st.SearchStrategy[dict[str, Any]], tuple[str, ...]]] = {
    "service-defaults": (_DEFAULTS, (*_SERVICES, *_SERVICES, "*", "")),
    "proxy-defaults": (_PROXIES, ("global", "global", "", "other")),
    "service-router": (_ROUTER, (*_SERVICES, "")),
    "service-splitter": (_SPLITTER, _SERVICES),
    "service-resolver": (_RESOLVER, _SERVICES),
    "ingress-gateway": (_INGRESS, ("gate", "gate", "web")),
    "terminating-gateway": (_TERMINATING, ("gate", "out")),
    "service-intentions": (_INTENTIONS, (*_SERVICES, "*", "w*")),
    "mesh": (_MESH, ()),
    "exported-services": (_EXPORTED, ("default", "default", "web")),
}


def _apply(kind: str) -> st.SearchStrategy[Call]:
    body, names = _BODIES[kind]
    named = st.sampled_from(names).map(lambda name: {"Name": name}) if names else st.just({})
    return st.builds(
        lambda name, members, query: Call("PUT", "/v1/config", query, json.dumps({"Kind": kind, **name, **members}).encode()),
        named,
        body,
        _one((), (), (), (("cas", "0"),), (("cas", "{i0}"),), (("cas", "1"),)),
    )


_APPLY = st.sampled_from((*_KINDS, "service-defaults", "service-intentions", "ingress-gateway")).flatmap(_apply)

_NAMES = (*_SERVICES, "global", "gate", "out", "*", "mesh", "default", "")

_GET = st.builds(
    lambda kind, name, called: Call("GET", f"/v1/config/{kind}{name}", names=called),
    st.sampled_from((*_KINDS, "nothing")),
    st.sampled_from(("", "", *(f"/{name}" for name in _NAMES))),
    _one("", "i0"),
)

_DELETE = st.builds(
    lambda kind, name, query: Call("DELETE", f"/v1/config/{kind}/{name}", query),
    st.sampled_from(_KINDS),
    st.sampled_from(_NAMES),
    _one((), (), (("cas", "{i0}"),), (("cas", "1"),)),
)

_BY_ID = {
    "SourceName": _one(*_SERVICES, "*"),
    "DestinationName": _one(*_SERVICES, "*"),
    "Action": _one("allow", "deny", "deny", ""),
    "Description": _one("d"),
    "Meta": _one({"k": "v"}, {}),
    "SourceType": _one("consul", "x"),
}

_CREATE = st.builds(
    lambda body, name: Call("POST", "/v1/connect/intentions", (), json.dumps(body).encode(), names=name), some(_BY_ID), _one("Q0", "Q1")
)

_UPDATE = st.builds(
    lambda method, body: Call(method, "/v1/connect/intentions/{Q0}", (), json.dumps(body).encode() if method == "PUT" else None),
    _one("GET", "PUT", "DELETE"),
    some(_BY_ID),
)

_PAIR = st.builds(lambda source, to: (("source", source), ("destination", to)), _one(*_SERVICES, "*"), _one(*_SERVICES, "*"))

_EXACT = st.builds(
    lambda method, pair, body: Call(method, "/v1/connect/intentions/exact", pair, json.dumps(body).encode() if method == "PUT" else None),
    _one("GET", "PUT", "PUT", "DELETE"),
    _PAIR,
    some(
        {
            "Action": _one("allow", "deny", "allow", "x"),
            "Description": _one("d"),
            "Meta": _one({"k": "v"}, {}),
            "Permissions": _PERMISSIONS,
        }
    ),
)

_ASKED = st.one_of(
    st.builds(lambda pair: Call("GET", "/v1/connect/intentions/check", pair), _PAIR),
    st.builds(
        lambda by, name: Call("GET", "/v1/connect/intentions/match", (("by", by), ("name", name))), _one("source", "destination"), _service
    ),
    _one(Call("GET", "/v1/connect/intentions", names="i1"), Call("GET", "/v1/connect/intentions")),
)

_SERVED = st.builds(lambda gateway: Call("GET", f"/v1/catalog/gateway-services/{gateway}"), _one("gate", "out", "web"))

CALLS = choose(_APPLY, _APPLY, _APPLY, _GET, _DELETE, _CREATE, _UPDATE, _EXACT, _ASKED, _SERVED)
