"""Rules of config entries, gateways and intentions, each by what a client sees of it.

https://developer.hashicorp.com/consul/api-docs/config, https://developer.hashicorp.com/consul/docs/reference/config-entry
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_22_5
from tests.simulator.simulated_agent import SimulatedAgent

_DEFAULTS, _ROUTER, _INTENTIONS = "service-defaults", "service-router", "service-intentions"


@pytest.fixture
def new_agent() -> SimulatedAgent:
    """A simulator of the later version, which alone has what is tested."""
    return SimulatedAgent(version=V1_22_5)


def apply(agent: SimulatedAgent, kind: str, name: str = "web", **members: Any) -> int:
    """Write an entry: the status."""
    return agent.answer("PUT", "/v1/config", {"Kind": kind, "Name": name, **members}).status


def reads(agent: SimulatedAgent, kind: str, name: str = "web") -> dict[str, Any]:
    found: dict[str, Any] = agent.get(f"/v1/config/{kind}/{name}")
    return found


def permission(path: str) -> dict[str, Any]:
    return {"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": path}}]}


def test_one_value_stands_for_a_list_and_a_list_of_one_for_it(agent: SimulatedAgent) -> None:
    assert apply(agent, "service-resolver", DefaultSubset=["v1"], Subsets=[{"v1": {}}], Failover={"*": {"Datacenters": "dc2"}}) == 200
    found = reads(agent, "service-resolver")
    assert (found["DefaultSubset"], found["Failover"]) == ("v1", {"*": {"Datacenters": ["dc2"]}})


def test_a_member_that_there_is_not_is_refused_with_its_place(agent: SimulatedAgent) -> None:
    answer = agent.answer("PUT", "/v1/config", {"Kind": _ROUTER, "Name": "web", "Routes": [{"Match": {"Nope": 1}}]})
    assert (answer.status, b'invalid config key "Routes[0].Match.Nope"' in answer.body) == (400, True)


def test_weights_are_a_hundred_together(agent: SimulatedAgent) -> None:
    apply(agent, "proxy-defaults", "global", Config={"protocol": "http"})
    statuses = [
        apply(agent, "service-splitter", Splits=[{"Weight": weight}, {"Weight": 50, "Service": "o"}]) for weight in (49.99, 50.01, 50)
    ]
    assert statuses == [500, 500, 200]


def test_a_timeout_is_not_below_nothing(agent: SimulatedAgent) -> None:
    assert [apply(agent, "service-resolver", ConnectTimeout=timeout) for timeout in ("-1s", "0s", "5s")] == [500, 200, 200]
    assert reads(agent, "service-resolver")["ConnectTimeout"] == "5s"


def test_what_is_said_of_a_service_counts_and_not_what_is_said_of_all(agent: SimulatedAgent) -> None:
    apply(agent, "proxy-defaults", "global", Config={"protocol": "http"})
    assert apply(agent, _ROUTER) == 200
    apply(agent, _DEFAULTS, "api")
    assert apply(agent, _ROUTER, "api") == 500


def test_a_listener_speaks_as_its_services_do(agent: SimulatedAgent) -> None:
    listeners = [{"Port": 80, "Protocol": "http", "Services": [{"Name": "web"}]}]
    assert apply(agent, "ingress-gateway", "gate", Listeners=listeners) == 500
    apply(agent, _DEFAULTS, Protocol="http")
    assert apply(agent, "ingress-gateway", "gate", Listeners=listeners) == 200
    assert apply(agent, _DEFAULTS, Protocol="tcp") == 500


def test_what_a_gateway_is_for_keeps_its_index_while_it_is_the_same(agent: SimulatedAgent) -> None:
    apply(agent, "terminating-gateway", "gate", Services=[{"Name": "a"}])
    before = agent.index("/v1/catalog/gateway-services/gate")
    apply(agent, "terminating-gateway", "gate", Services=[{"Name": "a"}], Meta={"k": "v"})
    assert agent.index("/v1/catalog/gateway-services/gate") == before
    apply(agent, "terminating-gateway", "gate", Services=[{"Name": "a", "SNI": "s"}])
    assert agent.index("/v1/catalog/gateway-services/gate") > before


def test_an_entry_that_is_the_same_is_not_written_again(new_agent: SimulatedAgent) -> None:
    for _ in range(2):
        apply(new_agent, _DEFAULTS, Protocol="http")
    found = reads(new_agent, _DEFAULTS)
    assert found["ModifyIndex"] == found["CreateIndex"]


def test_sources_that_count_first_stand_first(new_agent: SimulatedAgent) -> None:
    sources = [{"Name": name, "Action": "allow"} for name in ("*", "b", "a")]
    assert apply(new_agent, _INTENTIONS, Sources=sources) == 200
    assert [(source["Name"], source["Precedence"]) for source in reads(new_agent, _INTENTIONS)["Sources"]] == [("b", 9), ("a", 9), ("*", 8)]


def test_an_intention_by_its_names_keeps_what_else_the_entry_says(new_agent: SimulatedAgent) -> None:
    apply(new_agent, _INTENTIONS, Sources=[{"Name": "a", "Action": "allow"}], Meta={"k": "v"})
    assert new_agent.put("/v1/connect/intentions/exact?source=z&destination=web", {"Action": "deny"}) is True
    found = reads(new_agent, _INTENTIONS)
    assert (found["Meta"], [source["Name"] for source in found["Sources"]]) == ({"k": "v"}, ["a", "z"])
    assert [one["Meta"] for one in new_agent.get("/v1/connect/intentions")] == [{"k": "v"}] * 2


def test_permissions_need_a_protocol_that_has_requests(new_agent: SimulatedAgent) -> None:
    assert apply(new_agent, _INTENTIONS, Sources=[permission("/x")]) == 500
    apply(new_agent, _DEFAULTS, Protocol="http")
    assert [apply(new_agent, _INTENTIONS, Sources=[permission(path)]) for path in ("x", "/x")] == [500, 200]
    assert new_agent.answer("DELETE", f"/v1/config/{_DEFAULTS}/web").status == 500


def test_the_mesh_lets_services_be_permissive(new_agent: SimulatedAgent) -> None:
    assert apply(new_agent, _DEFAULTS, MutualTLSMode="permissive") == 500
    assert new_agent.put("/v1/config", {"Kind": "mesh", "AllowEnablingPermissiveMutualTLS": True}) is True
    assert apply(new_agent, _DEFAULTS, MutualTLSMode="permissive") == 200
