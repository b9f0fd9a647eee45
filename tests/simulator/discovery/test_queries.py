"""Prepared queries and their templates.

https://developer.hashicorp.com/consul/api-docs/query
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import N1, REGISTER, Call, each_case, get, post, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, nodes, register

_WEB = {"Service": "web"}
_TEMPLATE = {"Type": "name_prefix_match"}
_EXECUTE, _EXPLAIN = "/v1/query/q/execute", "/v1/query/web-x/explain"


def query(name: str = "q", **more: Any) -> Call:
    return post("/v1/query", {"Name": name, "Service": _WEB, **more}, "Q0")


def template_for(service: str, **more: Any) -> Call:
    """A template for what begins with web-, that leads to a service."""
    return query("web-", Template=_TEMPLATE | more, Service={"Service": service})


def try_template(service: str, **more: Any) -> list[Call]:
    """A template, what it comes to, and its end."""
    return [template_for(service, **more), get(_EXPLAIN), Call("DELETE", "/v1/query/{Q0}")]


def create_query(agent: SimulatedAgent, **given: Any) -> str:
    return str(agent.result("POST", "/v1/query", given)["ID"])


CASES = {
    "a query shows null for missing tags": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}, "Check": {"Name": "c", "Status": "passing"}}),
        post("/v1/query", {"Name": "q", "Service": {"Service": "web"}}, "Q0"),
        get("/v1/query/q/execute"),
    ],
    "an instance without checks shows null": [
        put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Service": _WEB}),
        query(),
        get(_EXECUTE),
    ],
    "names are unique in any case, and must not be ids": [query("Q"), query(), query("{Q0}"), get(_EXECUTE)],
    "only one template is for all names, and its id does not execute it": [
        query("", Template=_TEMPLATE),
        query("", Template=_TEMPLATE),
        get("/v1/query/{Q0}/execute"),
        get(_EXPLAIN),
    ],
    "a template names existing variables and functions": [
        call
        for service in ("${name.other}", "${match(x)}", "${other(1)}", "${name.full", "${}", "${match(1)", "${name.full}", "$")
        for call in try_template(service)
    ],
    "blanks and dollars in a template": [
        call
        for service in ("$$${name.full}", "${ name.suffix }", "${match(-1)}", "${agent.segment}", "a$b")
        for call in try_template(service)
    ],
    "a template finds parts of a name": [
        *try_template("${match(1)}-${match(2)}", Regexp="^(.)eb-(.)$"),
        *try_template("web", Regexp="("),
        *try_template("web", RemoveEmptyTags=True),
    ],
    "rules for queries": [
        *(query(Service=_WEB | more) for more in ({"NodeMeta": {"a b": "c"}}, {"SamenessGroup": "x"})),
        query(Service=_WEB | {"Failover": {"NearestN": 1, "Targets": [{"Peer": "x"}]}}),
        query(Service=_WEB | {"Failover": {"NearestN": -1}}),
        query(Token="<hidden>"),
        *(query(DNS={"TTL": lasting}) for lasting in ("-1s", "x", "10s")),
    ],
    "the name is checked before the session, and the datacenter before the id": [
        query(Session="5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"),
        query(),
        query(Session="short"),
        Call("POST", "/v1/query", (("dc", "x"),), b'{"ID": "x"}'),
    ],
    "a limit is a number, and connect a bool": [
        query(),
        *(get(_EXECUTE, ("limit", limit)) for limit in ("9" * 20, "x", "-1", "1", "")),
        get(_EXECUTE, ("connect", "x")),
        get(_EXECUTE, ("limit", "x"), ("dc", "x")),
        get("/v1/query/q/explain", ("limit", "x")),
        get("/v1/query/nope/execute", ("cached", None)),
    ],
    "execute and explain are not names of queries": [
        query("execute"),
        get("/v1/query/execute"),
        put("/v1/query/explain"),
        *(Call(method, f"/v1/query/{path}") for method in ("POST", "HEAD", "PATCH", "OPTIONS") for path in ("x", "x/execute")),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


def test_a_query_finds_instances_that_are_not_critical_or_only_passing_ones(agent: SimulatedAgent) -> None:
    for status in ("passing", "warning", "critical"):
        register(agent, status, "web", Check={"Name": "c", "ServiceID": "web", "Status": status})
    create_query(agent, Name="usable", Service={"Service": "web"})
    create_query(agent, Name="well", Service={"Service": "web", "OnlyPassing": True})
    found = [sorted(nodes(agent.get(f"/v1/query/{name}/execute")["Nodes"])) for name in ("usable", "well")]
    assert found == [["passing", "warning"], ["passing"]]


def test_a_query_can_require_and_exclude_tags(agent: SimulatedAgent) -> None:
    for node, tags in (("new", ["v2"]), ("old", ["v1"]), ("both", ["v1", "v2"])):
        register(agent, node, "web", Service={"Tags": tags})
    create_query(agent, Name="new", Service={"Service": "web", "Tags": ["v2", "!v1"]})
    assert nodes(agent.get("/v1/query/new/execute")["Nodes"]) == ["new"]


def test_the_template_with_the_longest_prefix_counts(agent: SimulatedAgent) -> None:
    for name in ("a-", "a-b-"):
        service = {"Service": f"{name}${{name.suffix}}"}
        create_query(agent, Name=name, Template={"Type": "name_prefix_match"}, Service=service)
    assert agent.get("/v1/query/a-b-c/explain")["Query"]["Service"]["Service"] == "a-b-c"
    assert agent.get("/v1/query/a-b-c/explain")["Query"]["Name"] == "a-b-"
    assert agent.get("/v1/query/a-x/explain")["Query"]["Name"] == "a-"


def test_a_query_ends_with_its_session_and_respects_a_limit(agent: SimulatedAgent) -> None:
    for node in "xyz":
        register(agent, node, "web")
    session = agent.put("/v1/session/create", {})["ID"]
    identity = create_query(agent, Name="bound", Session=session, Service={"Service": "web"})
    assert len(agent.get("/v1/query/bound/execute?limit=2")["Nodes"]) == 2
    agent.put(f"/v1/session/destroy/{session}")
    assert agent.answer("GET", f"/v1/query/{identity}").status == 404
