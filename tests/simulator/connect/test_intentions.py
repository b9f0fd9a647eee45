"""Intentions: precedence, names and rights.

https://developer.hashicorp.com/consul/api-docs/connect/intentions
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from consul_proto.simulator.engine.versions import SIMULATED, V1_22_5
from tests.simulator.config.calls import INTENTIONS
from tests.simulator.differential.calls import ABSENT, LOST, NOBODY, ONE, OTHER, Call, by, delete, each_case, get, post, put, with_rules
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent

_INTENTIONS = "/v1/connect/intentions"
_INTENTION = {"SourceName": "a", "DestinationName": "b", "Action": "allow"}
_EXACT = ("/v1/connect/intentions/exact", ("source", "a"), ("destination", "b"))
_EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)
_READS_SERVICES = with_rules(0, 'service_prefix "" { policy = "read" }')
_SOME_RIGHTS = with_rules(
    1,
    """
    service "web" { policy = "write" }
    service "b" { policy = "read" intentions = "write" }
    key "{p}a" { policy = "read" }
    """,
)
_TOKENS = [*_READS_SERVICES, *_SOME_RIGHTS]
_MANAGES = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(params=SIMULATED, ids=str)
def acl_agent(request: pytest.FixtureRequest) -> SimulatedAgent:
    """A simulator of each version, with ACLs on, that denies what no rule allows."""
    return SimulatedAgent(version=request.param, acls=True, management_token=_MANAGES)


def token(agent: SimulatedAgent, rules: str = "", datacenters: list[str] | None = None, **given: object) -> str:
    """The secret of a new token; with rules, with a policy of them."""
    if rules:
        name = f"policy-{agent.simulator._store.index}"
        agent.put("/v1/acl/policy", {"Name": name, "Rules": rules, "Datacenters": datacenters}, _MANAGES)
        given["Policies"] = [{"Name": name}]
    return str(agent.put("/v1/acl/token", given, _MANAGES)["SecretID"])


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


CASES = {
    "an intention keeps its place when it changes, and a source has only one": [
        post(_INTENTIONS, {"SourceName": "api", "DestinationName": "db", "Action": "allow"}, "Q1"),
        post(_INTENTIONS, {"SourceName": "other", "DestinationName": "db", "Action": "deny", "Description": "d"}, "Q0"),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "renamed", "DestinationName": "db", "Action": "deny"}),
        get(_INTENTIONS),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "api", "DestinationName": "db", "Action": "deny"}),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "api", "Action": "deny"}),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "renamed", "DestinationName": "db", "Action": "sometimes"}),
        Call("DELETE", f"{_INTENTIONS}/{{Q0}}"),
        get(_INTENTIONS),
        Call("DELETE", f"{_INTENTIONS}/{{Q1}}"),
    ],
    "names with a namespace": [
        post(_INTENTIONS, {"SourceName": "*", "DestinationName": "db", "Action": "deny"}, "Q0"),
        *(
            get(f"{_INTENTIONS}/check", ("source", source), ("destination", destination))
            for source in ("web", "default/web", "x/web", "/web", "web/", "*/web")
            for destination in ("db", "default/db", "a/default/db", "x/db", "a/b/c/db")
        ),
        *(
            get(f"{_INTENTIONS}/match", ("by", "destination"), ("name", name))
            for name in ("db", "default/db", "x/db", "a/b/db", "a/b/c/db")
        ),
        *(
            get(f"{_INTENTIONS}/exact", ("source", source), ("destination", "db"))
            for source in ("*", "default/*", "x/*", "a/default/*", "a/b/c/*")
        ),
        Call("DELETE", f"{_INTENTIONS}/{{Q0}}"),
    ],
}


ACL_CASES = {
    "refusals do not name the missing right": [
        *_TOKENS,
        *by(get("/v1/connect/intentions"), *_EVERYBODY),
        *by(Call("POST", "/v1/connect/intentions", (), json.dumps(_INTENTION).encode()), ONE, NOBODY, LOST),
        *by(put(f"/v1/connect/intentions/{ABSENT}", _INTENTION), *_EVERYBODY),
        *by(put("/v1/connect/intentions/x", {}), *_EVERYBODY),
        *by(delete(f"/v1/connect/intentions/{ABSENT}"), *_EVERYBODY),
        *by(put(_EXACT[0], {"Action": "allow"}, *_EXACT[1:]), ONE, NOBODY, LOST),
        *by(get("/v1/connect/intentions/check", *_EXACT[1:]), *_EVERYBODY),
        *by(get("/v1/connect/intentions/match", ("by", "source"), ("name", "b")), *_EVERYBODY),
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


def test_the_most_specific_intention_decides(agent: SimulatedAgent) -> None:
    pairs = [("*", "*", "deny"), ("*", "db", "deny"), ("web", "*", "deny"), ("web", "db", "allow")]
    for source, destination, action in pairs:
        given = {"SourceName": source, "DestinationName": destination, "Action": action, "SourceType": "consul"}
        agent.result("POST", "/v1/connect/intentions", given)
    found = [(one["SourceName"], one["DestinationName"]) for one in agent.get("/v1/connect/intentions")]
    assert found == [("web", "db"), ("*", "db"), ("web", "*"), ("*", "*")]
    allowed = [agent.get(f"/v1/connect/intentions/check?source={source}&destination=db")["Allowed"] for source in ("web", "other")]
    assert allowed == [True, False]


def test_an_intention_written_by_name_keeps_the_rest_of_the_entry(new_agent: SimulatedAgent) -> None:
    apply(new_agent, INTENTIONS, Sources=[{"Name": "a", "Action": "allow"}], Meta={"k": "v"})
    assert new_agent.put("/v1/connect/intentions/exact?source=z&destination=web", {"Action": "deny"}) is True
    found = reads(new_agent, INTENTIONS)
    assert (found["Meta"], [source["Name"] for source in found["Sources"]]) == ({"k": "v"}, ["a", "z"])
    assert [one["Meta"] for one in new_agent.get("/v1/connect/intentions")] == [{"k": "v"}] * 2


def test_an_intention_needs_the_intention_right_of_its_destination(acl_agent: SimulatedAgent) -> None:
    may = token(acl_agent, 'service "db" { policy = "read" intentions = "write" }')
    plain = token(acl_agent, 'service "db" { policy = "write" }')
    given = {"SourceName": "web", "DestinationName": "db", "Action": "allow", "SourceType": "consul"}
    assert [acl_agent.answer("POST", "/v1/connect/intentions", given, secret).status for secret in (plain, may)] == [403, 200]
