"""Random `filter` expressions, valid and invalid, for everything that can be filtered."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.kv import choose

_SELECTORS = {
    "/v1/catalog/nodes": ("Node", "Address", "Meta", "Meta.rack", 'Meta["rack"]', "TaggedAddresses.lan", "ID", "Nothing", "Meta.a.b"),
    "/v1/catalog/service/web": ("ServiceName", "ServiceTags", "ServicePort", "NodeMeta.rack", "ServiceMeta", "ServiceKind", "Node"),
    "/v1/catalog/node/n1": ("Service", "Tags", "Port", "Meta.k", "EnableTagOverride", "Weights.Passing", "Weights"),
    "/v1/catalog/node-services/n1": ("ID", "Tags", "Address", "TaggedAddresses", "Proxy.DestinationServiceName", "Connect.Native"),
    "/v1/health/service/web": (
        "Service.Tags",
        "Node.Meta.rack",
        "Checks.Status",
        "Checks",
        "Service.Port",
        "Service.TaggedAddresses.lan.Port",
        "Service.TaggedAddresses",
    ),
    "/v1/health/node/n1": ("CheckID", "Status", "ServiceTags", "Output", "Definition", "Interval"),
    "/v1/health/checks/web": ("Name", "ServiceName", "Type"),
    "/v1/health/state/any": ("Status", "Node", "Notes"),
    "/v1/agent/members": ("Name", "Addr", "Tags.role", "Status", "ProtocolMin", "Nothing"),
    "/v1/agent/services": ("Service", "Tags", "Meta.k", "Port", "TaggedAddresses", "TaggedAddresses.lan.Port", "Weights", "lan"),
    "/v1/agent/checks": ("Name", "Status", "ServiceTags"),
    "/v1/connect/intentions": ("SourceName", "Meta", "Precedence", "SourcePeer"),
}

_VALUES = ("n1", "lan", '"n1"', "`web`", "5432", "-1", "1.5", "true", '""', '"a"', '"("', "passing", '"^n"', "web-1")

_BETWEEN = ("==", "!=", "contains", "not contains", "matches", "not matches")

_ASKED = st.one_of(
    st.builds(lambda word, value: f"{{}} {word} {value}", st.sampled_from(_BETWEEN), st.sampled_from(_VALUES)),
    st.sampled_from(("{} is empty", "{} is not empty", "{}", "{} =", "{} ==", "{} in {}", "not")),
    st.builds(lambda value, word: f"{value} {word} {{}}", st.sampled_from(_VALUES), st.sampled_from(("in", "not in", "and"))),
)

_SHAPES = ("{0}", "{0}", "not {0}", "({0})", "{0} and {1}", "{0} or {1}", "({0}", "{0} and not ({1} or {0})", "{0} {1}", "{0} and", " {0} ")

_REGISTER = st.builds(
    lambda node, service, more: Call("PUT", "/v1/catalog/register", (), json.dumps({**node, **service, **more}).encode()),
    st.sampled_from([{"Node": "n1", "Address": "10.0.0.1", "NodeMeta": {"rack": "a"}}, {"Node": "n2", "Address": "10.0.0.2"}]),
    st.sampled_from(
        [
            {},
            {"Service": {"Service": "web", "Port": 5432, "Tags": ["a", "n1"], "Meta": {"k": "v"}}},
            {"Service": {"ID": "w1", "Service": "web", "EnableTagOverride": True, "TaggedAddresses": {"lan": {"Address": "a", "Port": 1}}}},
        ]
    ),
    st.sampled_from([{}, {"Check": {"Name": "c", "Status": "passing"}}, {"TaggedAddresses": {"lan": "n1"}}]),
)


@st.composite
def _read(draw: st.DrawFn) -> Call:
    path = draw(st.sampled_from(sorted(_SELECTORS)))
    selector = st.sampled_from(_SELECTORS[path])
    one, other = (draw(_ASKED).replace("{}", draw(selector)) for _ in range(2))
    return Call("GET", path, (("filter", draw(st.sampled_from(_SHAPES)).format(one, other)),))


CALLS = choose(_REGISTER, _read(), _read(), _read())
