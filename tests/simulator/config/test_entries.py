"""Config entries: writes, reads and rights.

https://developer.hashicorp.com/consul/api-docs/config
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.config.calls import DEFAULTS, EVERYTHING_GONE, INTENTIONS, RESOLVER, ROUTER, SPLITTER, entry, gone
from tests.simulator.differential.calls import (
    DEREGISTER,
    EVERYBODY,
    N1,
    REGISTER,
    TWO_TOKENS,
    Call,
    by,
    each_case,
    get,
    put,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, apply_entry, read_entry

_PROXY: dict[str, Any] = {"Service": "web-proxy", "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": "web"}}
_KINDS = (DEFAULTS, ROUTER, SPLITTER, RESOLVER, "ingress-gateway", "terminating-gateway")
#: Valid and invalid selectors in a filter of entries, and conditions for each.
_SELECTORS = (
    *("Kind", "Name", "Protocol", "Mode", "MutualTLSMode", "ExternalSNI", "BalanceInboundConnections", "MaxInboundConnections"),
    *("LocalConnectTimeoutMs", "LocalRequestTimeoutMs", "TransparentProxy", "TransparentProxy.OutboundListenerPort"),
    *("TransparentProxy.DialedDirectly", "MeshGateway", "MeshGateway.Mode", "Expose", "Expose.Checks", "Expose.Paths"),
    *("Expose.Paths.Path", "EnvoyExtensions", "EnvoyExtensions.Name", "EnvoyExtensions.Required", "Meta", "Meta.k", "Hash"),
    *("CreateIndex", "Namespace", "Nothing"),
)
_WANTED = ('== "web"', '!= "http"', "== 3", "== -3", "is empty", "is not empty", 'contains "k"', 'matches "^w"')
_DEAD = "00000000-0000-0000-0000-00000000dead"
_ROUTED = {"Kind": ROUTER, "Name": "web", "Routes": [{"Match": {"HTTP": {"PathExact": "x"}}}]}


def calls_by(token: str | None) -> list[Call]:
    """Return calls that are refused for several reasons; agents report the first."""
    bodies = (
        *({"Kind": kind} for kind in (*_KINDS, "nothing")),
        *({"Kind": "proxy-defaults", "Name": "other"}, {"Kind": DEFAULTS, "Name": "web"}, {"Kind": DEFAULTS, "Name": "x", "No": 1}),
        _ROUTED,
    )
    oddly: tuple[tuple[tuple[str, str | None], ...], ...] = ((), (("cas", "x"),), (("cas", "x"), ("ns", "q")), (("dc", "q"),))
    paths = [f"/v1/config/{kind}{name}" for kind in (*_KINDS, "proxy-defaults", "nothing", "") for name in ("", "/", "/none")]
    return [
        *(Call("PUT", "/v1/config", query, json.dumps(body).encode(), token=token) for body in bodies for query in oddly),
        *(Call("GET", path, query, token=token) for path in paths for query in ((), (("dc", "x"),)) if path != "/v1/config//none"),
        *(Call("DELETE", path, query, token=token) for path in paths[:-3] for query in oddly),
    ]


def permission(path: str) -> dict[str, Any]:
    return {"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": path}}]}


CASES = {
    "the name of a subset is not changed": [
        put("/v1/config", {"Kind": "service-resolver", "Name": "web", "Subsets": {"v1": {"filter": "Service.Meta.v == 1"}}}),
        get("/v1/config/service-resolver/web"),
        Call("DELETE", "/v1/config/service-resolver/web"),
    ],
    "an ingress gateway gets defaults": [
        put("/v1/config", {"Kind": "ingress-gateway", "Name": "in", "Listeners": [{"Port": 1, "Services": [{"Name": "web"}]}]}),
        get("/v1/config/ingress-gateway/in"),
        Call("DELETE", "/v1/config/ingress-gateway/in"),
    ],
    "a gateway with a wildcard service": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}}),
        put(REGISTER, {**N1, "Service": _PROXY}),
        put(
            "/v1/config",
            {"Kind": "terminating-gateway", "Name": "out", "Services": [{"Name": "web", "SNI": "s"}, {"Name": "*"}, {"Name": "none"}]},
        ),
        get("/v1/catalog/gateway-services/out"),
        put(REGISTER, {**N1, "Service": {"Service": "db"}}),
        get("/v1/catalog/gateway-services/out"),
        put(DEREGISTER, {"Node": "n1", "ServiceID": "db"}),
        get("/v1/catalog/gateway-services/out"),
        Call("DELETE", "/v1/config/terminating-gateway/out"),
    ],
    "an entry needs a name, and unknown members are refused": [
        *(entry(kind) for kind in _KINDS),
        *(entry(kind, "web", **{member: 1}) for kind in _KINDS for member in ("Nope", "no_pe", "Namespace", "Partition", "Hash")),
        *(entry(DEFAULTS, "db", **{member: None}) for member in ("Mode", "MaxInboundConnections", "ExternalSNI", "Meta")),
        entry("proxy-defaults", "other"),
        entry("nothing", "web"),
        *(entry(kind, "gate") for kind in _KINDS[-2:]),
        *(gone(kind, name) for kind in _KINDS[-2:] for name in ("gate", "web")),
        *EVERYTHING_GONE,
    ],
    "1.22 filters service-defaults, and refuses a filter for other kinds": [
        entry(DEFAULTS, "web", Protocol="http"),
        entry(DEFAULTS, "api", MeshGateway={"Mode": "local"}),
        *(get(f"/v1/config/{DEFAULTS}", ("filter", f"{selector} {wanted}")) for selector in _SELECTORS for wanted in _WANTED),
        *(get(f"/v1/config/{kind}", ("filter", "Name ==")) for kind in (*_KINDS, "proxy-defaults", "nothing", "", f"{DEFAULTS}/web")),
        *EVERYTHING_GONE,
    ],
}


ACL_CASES = {
    "an unknown config entry": [*TWO_TOKENS, *by(get("/v1/config/service-defaults/web"), *EVERYBODY)],
    "the order of refusals for an unknown token": calls_by(_DEAD),
    "the order of refusals without a token": calls_by(""),
    "the order of refusals for a token with all rights": [*calls_by(None), *EVERYTHING_GONE, gone("proxy-defaults", "global")],
    "an empty index is ignored": [
        *(put("/v1/config", {"Kind": DEFAULTS, "Name": "web"}, ("cas", index)) for index in ("", None, "0", "1", "0x1", "-1", "9" * 23)),
        *(Call("DELETE", f"/v1/config/{DEFAULTS}/none", (("cas", index),)) for index in ("", None, "0", "1", "x")),
        *(Call("DELETE", f"/v1/config/{DEFAULTS}/web", (("cas", index),)) for index in ("1", "x", "")),
        get(f"/v1/config/{DEFAULTS}"),
        *EVERYTHING_GONE,
    ],
    "proxy-defaults need no right to read, and a gateway only the right to its service": [
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
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_a_config_entry_is_written_with_a_check_and_set(agent: SimulatedAgent) -> None:
    given = {"Kind": "service-defaults", "Name": "web", "Protocol": "http"}
    assert agent.put("/v1/config?cas=0", given) is True
    assert agent.put("/v1/config?cas=0", given | {"Protocol": "grpc"}) is False
    index = agent.get("/v1/config/service-defaults/web")["ModifyIndex"]
    assert agent.put(f"/v1/config?cas={index}", given | {"Protocol": "grpc"}) is True
    assert agent.get("/v1/config/service-defaults/web")["Protocol"] == "grpc"


def test_a_single_value_and_a_list_of_one_are_the_same(agent: SimulatedAgent) -> None:
    assert apply_entry(agent, "service-resolver", DefaultSubset=["v1"], Subsets=[{"v1": {}}], Failover={"*": {"Datacenters": "dc2"}}) == 200
    found = read_entry(agent, "service-resolver")
    assert (found["DefaultSubset"], found["Failover"]) == ("v1", {"*": {"Datacenters": ["dc2"]}})


def test_an_unknown_member_is_refused_with_its_path(agent: SimulatedAgent) -> None:
    answer = agent.answer("PUT", "/v1/config", {"Kind": ROUTER, "Name": "web", "Routes": [{"Match": {"Nope": 1}}]})
    assert (answer.status, b'invalid config key "Routes[0].Match.Nope"' in answer.body) == (400, True)


def test_weights_add_up_to_100(agent: SimulatedAgent) -> None:
    apply_entry(agent, "proxy-defaults", "global", Config={"protocol": "http"})
    statuses = [
        apply_entry(agent, "service-splitter", Splits=[{"Weight": weight}, {"Weight": 50, "Service": "o"}]) for weight in (49.99, 50.01, 50)
    ]
    assert statuses == [500, 500, 200]


def test_a_timeout_is_not_negative(agent: SimulatedAgent) -> None:
    assert [apply_entry(agent, "service-resolver", ConnectTimeout=timeout) for timeout in ("-1s", "0s", "5s")] == [500, 200, 200]
    assert read_entry(agent, "service-resolver")["ConnectTimeout"] == "5s"


def test_service_defaults_replace_proxy_defaults(agent: SimulatedAgent) -> None:
    apply_entry(agent, "proxy-defaults", "global", Config={"protocol": "http"})
    assert apply_entry(agent, ROUTER) == 200
    apply_entry(agent, DEFAULTS, "api")
    assert apply_entry(agent, ROUTER, "api") == 500


def test_a_listener_has_the_protocol_of_its_services(agent: SimulatedAgent) -> None:
    listeners = [{"Port": 80, "Protocol": "http", "Services": [{"Name": "web"}]}]
    assert apply_entry(agent, "ingress-gateway", "gate", Listeners=listeners) == 500
    apply_entry(agent, DEFAULTS, Protocol="http")
    assert apply_entry(agent, "ingress-gateway", "gate", Listeners=listeners) == 200
    assert apply_entry(agent, DEFAULTS, Protocol="tcp") == 500


def test_the_services_of_a_gateway_keep_their_index_while_they_do_not_change(agent: SimulatedAgent) -> None:
    apply_entry(agent, "terminating-gateway", "gate", Services=[{"Name": "a"}])
    before = agent.index("/v1/catalog/gateway-services/gate")
    apply_entry(agent, "terminating-gateway", "gate", Services=[{"Name": "a"}], Meta={"k": "v"})
    assert agent.index("/v1/catalog/gateway-services/gate") == before
    apply_entry(agent, "terminating-gateway", "gate", Services=[{"Name": "a", "SNI": "s"}])
    assert agent.index("/v1/catalog/gateway-services/gate") > before


def test_an_unchanged_entry_is_not_written_again(new_agent: SimulatedAgent) -> None:
    for _ in range(2):
        apply_entry(new_agent, DEFAULTS, Protocol="http")
    found = read_entry(new_agent, DEFAULTS)
    assert found["ModifyIndex"] == found["CreateIndex"]


def test_sources_are_sorted_by_precedence(new_agent: SimulatedAgent) -> None:
    sources = [{"Name": name, "Action": "allow"} for name in ("*", "b", "a")]
    assert apply_entry(new_agent, INTENTIONS, Sources=sources) == 200
    assert [(source["Name"], source["Precedence"]) for source in read_entry(new_agent, INTENTIONS)["Sources"]] == [
        ("b", 9),
        ("a", 9),
        ("*", 8),
    ]


def test_permissions_need_a_protocol_with_requests(new_agent: SimulatedAgent) -> None:
    assert apply_entry(new_agent, INTENTIONS, Sources=[permission("/x")]) == 500
    apply_entry(new_agent, DEFAULTS, Protocol="http")
    assert [apply_entry(new_agent, INTENTIONS, Sources=[permission(path)]) for path in ("x", "/x")] == [500, 200]
    assert new_agent.answer("DELETE", f"/v1/config/{DEFAULTS}/web").status == 500


def test_permissive_mode_must_be_enabled_in_the_mesh(new_agent: SimulatedAgent) -> None:
    assert apply_entry(new_agent, DEFAULTS, MutualTLSMode="permissive") == 500
    assert new_agent.put("/v1/config", {"Kind": "mesh", "AllowEnablingPermissiveMutualTLS": True}) is True
    assert apply_entry(new_agent, DEFAULTS, MutualTLSMode="permissive") == 200
