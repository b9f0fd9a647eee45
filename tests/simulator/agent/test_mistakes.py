"""Several mistakes in one registration: the agent tells one of them, which the order of its rules decides."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from tests.simulator.agent.calls import WRITES_WEB
from tests.simulator.differential.calls import REGISTER_CHECK, REGISTER_SERVICE, Call, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent, token

_HTTP = {"Name": "http", "Port": 80, "Default": True}


def _sidecar(**members: Any) -> dict[str, Any]:
    return {"Connect": {"SidecarService": {"Check": {"TTL": "1h"}, **members}}}


#: Members of a service that no agent decodes, or takes; 1.8.7 does not know `Ports`.
_SERVICES: tuple[dict[str, Any], ...] = (
    *({"Ports": [{"Port": 82}]}, {"Ports": [_HTTP]}, {"Ports": [_HTTP], "Port": 80}, {"X": 1}, {"Tags": "x"}, {"ID": 5}),
    *({"Weights": {"X": 1}}, {"Weights": {"Passing": 0}}, {"Meta": {"a": 1}}, {"Meta": {"a b": "c"}}, {"Address": "0.0.0.0"}, {"Name": ""}),
    *({"Check": check} for check in ({"TTL": "1h", "X": 1}, {"TTL": "x", "Interval": "y"}, {"TTL": "x", "Y": 1}, {"Args": "x", "Y": 1}, 5)),
    *({"Check": check} for check in ({"TTL": "-1s"}, {"TTL": "1h", "Status": "well"}, {"Args": ["true"], "Interval": "1h"})),
    *({"Checks": checks} for checks in ([{"TTL": "1h"}, {"X": 1}], [{"Timeout": "z"}, {"X": 1}], [{"TTL": "1h", "OutputMaxSize": -1}])),
    *({"Proxy": proxy} for proxy in ({"X": 1}, {"Y": 1, "Upstreams": [{"X": 1}]}, {"Y": 1, "Expose": {"Z": 1, "Paths": [{"X": 1}]}})),
    *(
        {"Kind": "connect-proxy"},
        {"Connect": {"Native": True}},
        {"Connect": {"Native": "x"}},
        {"Connect": []},
        {"Checks": {}},
        {"Namespace": "x"},
    ),
    *(_sidecar(**more) for more in ({}, {"ID": "own"}, {"X": 1}, {"Port": "x"}, {"Meta": {"a b": "c"}}, {"Connect": {"Native": True}})),
    *(
        _sidecar(**more)
        for more in ({"Check": {"TTL": "-1s"}}, {"Check": {"X": 1}, "Y": 1}, {"ID": "own", "Connect": {"SidecarService": {}}})
    ),
    *(_sidecar(X=1, Connect=nested) for nested in ({"Native": "x"}, {"SidecarService": {"X": 1, "Check": {"Y": 1}}})),
)

_CHECKS: tuple[dict[str, Any], ...] = (
    *({"X": 1}, {"Name": ""}, {"Status": "well"}, {"TTL": "-1s"}, {"Notes": 5}, {"Args": "x"}, {"Header": {"a": "b"}}, {"ID": 5}),
    *({"TTL": "x"}, {"Interval": "y"}, {"Timeout": "z"}, {"DeregisterCriticalServiceAfter": "w"}, {"Timeout": 1e300}),
    *({"ServiceID": "nothing"}, {"OutputMaxSize": -1}, {"FailuresBeforeWarning": 5}, {"AliasService": "x"}, {"http": "http://x"}),
)

_NODES: tuple[dict[str, Any], ...] = (
    *(
        {"X": 1},
        {"Node": ""},
        {"Node": 5},
        {"Address": ""},
        {"ID": "x"},
        {"Datacenter": "elsewhere"},
        {"Namespace": "x"},
        {"NodeMeta": {"a": 1}},
    ),
    *({"Service": service} for service in ({"Service": "web", "X": 1}, {"Service": "web", "Port": "x"}, {"ID": "x"})),
    *({"Service": {"Y": 1, "Service": "web", **more}} for more in ({"Proxy": {"X": 1}}, {"Connect": {"Native": "x"}})),
    *({"Check": {"CheckID": "c", **more}} for more in ({"X": 1}, {"Y": 1, "Definition": {"HTTP": 5}})),
    *({"Check": {"CheckID": "c", "Definition": {"TTL": "x", last: "y"}}} for last in ("Interval", "DeregisterCriticalServiceAfter")),
)

#: By path: a valid body, the mistakes, and what removes a body that was taken.
_BODIES: dict[str, tuple[dict[str, Any], tuple[dict[str, Any], ...], tuple[Call, ...]]] = {
    REGISTER_SERVICE: ({"Name": "web"}, _SERVICES, (put("/v1/agent/service/deregister/web"),)),
    REGISTER_CHECK: ({"Name": "c", "TTL": "10m"}, _CHECKS, (put("/v1/agent/check/deregister/c"),)),
    "/v1/catalog/register": ({"Node": "n", "Address": "10.0.0.1"}, _NODES, (put("/v1/catalog/deregister", {"Node": "n"}),)),
}

#: Go's name of a type without a name is a page long.
_ANONYMOUS = re.compile(r"struct \{.*", re.DOTALL)


def _differences(sides: Sides, path: str, secret: str | None = None) -> list[Any]:
    """Register with each two mistakes, in both orders, and return the bodies whose answers differ."""
    base, mistakes, clears = _BODIES[path]
    differ = []
    for one, other in itertools.permutations(mistakes, 2):
        if one.keys() & other.keys():
            continue
        for body in (
            {**base, **one, **other},
            {**one, **other, **{name: value for name, value in base.items() if name not in {**one, **other}}},
        ):
            answers = sides.answers(Call("PUT", path, (), json.dumps(body).encode(), token=secret))
            real, simulated = ((answer.status, _ANONYMOUS.sub("struct {", answer.body.decode().strip())) for answer in answers)
            if real != simulated:
                differ.append((body, real, simulated))
            if 200 in (real[0], simulated[0]):
                for clear in clears:
                    sides.answers(clear)
    return differ


@pytest.mark.real
@pytest.mark.parametrize("path", _BODIES)
def test_of_two_mistakes_the_agents_tell_the_same(sides: Sides, path: str) -> None:
    sides.clear()
    assert _differences(sides, path) == []


@pytest.mark.real
@pytest.mark.parametrize("secret", ["", "{x0}", "unknown"])
@pytest.mark.parametrize("path", _BODIES)
def test_of_a_mistake_and_a_missing_right_the_agents_tell_the_same(acl_sides: Sides, path: str, secret: str) -> None:
    acl_sides.clear()
    for call in WRITES_WEB:
        acl_sides.answers(call)
    assert _differences(acl_sides, path, secret) == []


#: Two mistakes, and which of them is told: the body, and the end of the refusal.
_TOLD = {
    "what is wrong inside a type that decodes itself": ({"X": 1, "Tags": 5, "Check": {"TTL": "1h", "Y": 1}}, 'unknown field "Y"'),
    "of two unknown members, the first": ({"Y": 1, "X": 1}, 'unknown field "Y"'),
    "an unknown member, and not a duration": ({"Check": {"TTL": "x", "Y": 1}}, 'unknown field "Y"'),
    "an interval, and not a TTL before it": ({"Check": {"TTL": "x", "Interval": "y"}}, 'invalid duration "y"'),
    "a sidecar, and not the check before it": (
        {"Check": {"TTL": "-1s"}, "Connect": {"SidecarService": {"ID": "own"}}},
        "A SidecarService cannot specify an ID as this is managed by the agent",
    ),
}


@pytest.mark.parametrize(("body", "told"), _TOLD.values(), ids=_TOLD)
def test_of_two_mistakes_one_is_told(agent: SimulatedAgent, body: dict[str, Any], told: str) -> None:
    status, text = agent.refusal("PUT", REGISTER_SERVICE, {"Name": "web", **body})
    assert (status, text.strip().endswith(told)) == (400, True), text


def test_registering_over_what_the_agent_knows_needs_the_right_to_that_too(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'service "web" { policy = "write" }')
    acl_agent.answer("PUT", REGISTER_SERVICE, {"Name": "db", "Check": {"TTL": "1h", "CheckID": "c"}}, MANAGES)
    assert acl_agent.answer("PUT", REGISTER_SERVICE, {"Name": "web", "ID": "db"}, secret).status == 403
    assert acl_agent.answer("PUT", REGISTER_SERVICE, {"Name": "web"}, secret).status == 200
    check = {"ID": "c", "Name": "c", "TTL": "1h", "ServiceID": "web"}
    assert acl_agent.answer("PUT", REGISTER_CHECK, check, secret).status == 403
    assert acl_agent.answer("PUT", REGISTER_CHECK, {**check, "ID": "c2"}, secret).status == 200


def test_replacing_a_service_of_the_catalog_needs_the_right_to_it(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'service "db" { policy = "write" } node_prefix "" { policy = "write" }')
    node = {"Node": "n1", "Address": "10.0.0.1"}
    acl_agent.answer("PUT", "/v1/catalog/register", {**node, "Service": {"Service": "web"}}, MANAGES)
    answers = [
        acl_agent.answer("PUT", "/v1/catalog/register", {**node, "Service": {"Service": "db", "ID": service}}, secret)
        for service in ("web", "db")
    ]
    assert [answer.status for answer in answers] == [403, 200]


def test_a_sidecar_needs_the_right_to_its_name(acl_agent: SimulatedAgent) -> None:
    secret, wider = token(acl_agent, 'service "web" { policy = "write" }'), token(acl_agent, 'service_prefix "web" { policy = "write" }')
    service = {"Name": "web", "Connect": {"SidecarService": {}}}
    with_token = {"Name": "web", "Connect": {"SidecarService": {"Token": wider}}}
    answers = [
        acl_agent.answer("PUT", REGISTER_SERVICE, *sent).status for sent in ((service, secret), (with_token, secret), (service, wider))
    ]
    assert answers == [403, 200, 200]
