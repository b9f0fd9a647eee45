"""Rules of config entries, gateways and intentions, each by what a client sees of it.

https://developer.hashicorp.com/consul/api-docs/config, https://developer.hashicorp.com/consul/docs/reference/config-entry
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_22_5
from tests.simulator.asking import Asking

_DEFAULTS, _ROUTER, _INTENTIONS = "service-defaults", "service-router", "service-intentions"


@pytest.fixture
def new() -> Asking:
    """A simulator of the later version, which alone has what is tested."""
    return Asking(version=V1_22_5)


def apply(ask: Asking, kind: str, name: str = "web", **members: Any) -> int:
    """Write an entry: the status."""
    return ask.answer("PUT", "/v1/config", {"Kind": kind, "Name": name, **members}).status


def reads(ask: Asking, kind: str, name: str = "web") -> dict[str, Any]:
    found: dict[str, Any] = ask.get(f"/v1/config/{kind}/{name}")
    return found


def permission(path: str) -> dict[str, Any]:
    return {"Name": "a", "Permissions": [{"Action": "allow", "HTTP": {"PathExact": path}}]}


def test_one_value_stands_for_a_list_and_a_list_of_one_for_it(ask: Asking) -> None:
    assert apply(ask, "service-resolver", DefaultSubset=["v1"], Subsets=[{"v1": {}}], Failover={"*": {"Datacenters": "dc2"}}) == 200
    found = reads(ask, "service-resolver")
    assert (found["DefaultSubset"], found["Failover"]) == ("v1", {"*": {"Datacenters": ["dc2"]}})


def test_a_member_that_there_is_not_is_refused_with_its_place(ask: Asking) -> None:
    answer = ask.answer("PUT", "/v1/config", {"Kind": _ROUTER, "Name": "web", "Routes": [{"Match": {"Nope": 1}}]})
    assert (answer.status, b'invalid config key "Routes[0].Match.Nope"' in answer.body) == (400, True)


def test_weights_are_a_hundred_together(ask: Asking) -> None:
    apply(ask, "proxy-defaults", "global", Config={"protocol": "http"})
    statuses = [
        apply(ask, "service-splitter", Splits=[{"Weight": weight}, {"Weight": 50, "Service": "o"}]) for weight in (49.99, 50.01, 50)
    ]
    assert statuses == [500, 500, 200]


def test_a_timeout_is_not_below_nothing(ask: Asking) -> None:
    assert [apply(ask, "service-resolver", ConnectTimeout=timeout) for timeout in ("-1s", "0s", "5s")] == [500, 200, 200]
    assert reads(ask, "service-resolver")["ConnectTimeout"] == "5s"


def test_what_is_said_of_a_service_counts_and_not_what_is_said_of_all(ask: Asking) -> None:
    apply(ask, "proxy-defaults", "global", Config={"protocol": "http"})
    assert apply(ask, _ROUTER) == 200
    apply(ask, _DEFAULTS, "api")
    assert apply(ask, _ROUTER, "api") == 500


def test_a_listener_speaks_as_its_services_do(ask: Asking) -> None:
    listeners = [{"Port": 80, "Protocol": "http", "Services": [{"Name": "web"}]}]
    assert apply(ask, "ingress-gateway", "gate", Listeners=listeners) == 500
    apply(ask, _DEFAULTS, Protocol="http")
    assert apply(ask, "ingress-gateway", "gate", Listeners=listeners) == 200
    assert apply(ask, _DEFAULTS, Protocol="tcp") == 500


def test_what_a_gateway_is_for_keeps_its_index_while_it_is_the_same(ask: Asking) -> None:
    apply(ask, "terminating-gateway", "gate", Services=[{"Name": "a"}])
    before = ask.index("/v1/catalog/gateway-services/gate")
    apply(ask, "terminating-gateway", "gate", Services=[{"Name": "a"}], Meta={"k": "v"})
    assert ask.index("/v1/catalog/gateway-services/gate") == before
    apply(ask, "terminating-gateway", "gate", Services=[{"Name": "a", "SNI": "s"}])
    assert ask.index("/v1/catalog/gateway-services/gate") > before


def test_an_entry_that_is_the_same_is_not_written_again(new: Asking) -> None:
    for _ in range(2):
        apply(new, _DEFAULTS, Protocol="http")
    found = reads(new, _DEFAULTS)
    assert found["ModifyIndex"] == found["CreateIndex"]


def test_sources_that_count_first_stand_first(new: Asking) -> None:
    sources = [{"Name": name, "Action": "allow"} for name in ("*", "b", "a")]
    assert apply(new, _INTENTIONS, Sources=sources) == 200
    assert [(source["Name"], source["Precedence"]) for source in reads(new, _INTENTIONS)["Sources"]] == [("b", 9), ("a", 9), ("*", 8)]


def test_an_intention_by_its_names_keeps_what_else_the_entry_says(new: Asking) -> None:
    apply(new, _INTENTIONS, Sources=[{"Name": "a", "Action": "allow"}], Meta={"k": "v"})
    assert new.put("/v1/connect/intentions/exact?source=z&destination=web", {"Action": "deny"}) is True
    found = reads(new, _INTENTIONS)
    assert (found["Meta"], [source["Name"] for source in found["Sources"]]) == ({"k": "v"}, ["a", "z"])
    assert [one["Meta"] for one in new.get("/v1/connect/intentions")] == [{"k": "v"}] * 2


def test_permissions_need_a_protocol_that_has_requests(new: Asking) -> None:
    assert apply(new, _INTENTIONS, Sources=[permission("/x")]) == 500
    apply(new, _DEFAULTS, Protocol="http")
    assert [apply(new, _INTENTIONS, Sources=[permission(path)]) for path in ("x", "/x")] == [500, 200]
    assert new.answer("DELETE", f"/v1/config/{_DEFAULTS}/web").status == 500


def test_the_mesh_lets_services_be_permissive(new: Asking) -> None:
    assert apply(new, _DEFAULTS, MutualTLSMode="permissive") == 500
    assert new.put("/v1/config", {"Kind": "mesh", "AllowEnablingPermissiveMutualTLS": True}) is True
    assert apply(new, _DEFAULTS, MutualTLSMode="permissive") == 200
