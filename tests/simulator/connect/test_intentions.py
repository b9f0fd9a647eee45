"""Intentions: precedence, names and rights.

https://developer.hashicorp.com/consul/api-docs/connect/intentions
"""

from __future__ import annotations

import json

import pytest

from tests.simulator.config.calls import INTENTIONS
from tests.simulator.differential.calls import (
    ABSENT,
    EVERYBODY,
    LOST,
    NOBODY,
    ONE,
    TWO_TOKENS,
    Call,
    by,
    delete,
    each_case,
    get,
    post,
    put,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, apply_entry, read_entry, token

_INTENTIONS = "/v1/connect/intentions"
_INTENTION = {"SourceName": "a", "DestinationName": "b", "Action": "allow"}
_EXACT = ("/v1/connect/intentions/exact", ("source", "a"), ("destination", "b"))


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
    "a check knows one type of source": [
        get(f"{_INTENTIONS}/check", *_EXACT[1:], ("source-type", source_type)) for source_type in ("consul", "Consul", "other", 'a"b', "")
    ],
}


ACL_CASES = {
    "refusals do not name the missing right": [
        *TWO_TOKENS,
        *by(get("/v1/connect/intentions"), *EVERYBODY),
        *by(Call("POST", "/v1/connect/intentions", (), json.dumps(_INTENTION).encode()), ONE, NOBODY, LOST),
        *by(put(f"/v1/connect/intentions/{ABSENT}", _INTENTION), *EVERYBODY),
        *by(put("/v1/connect/intentions/x", {}), *EVERYBODY),
        *by(delete(f"/v1/connect/intentions/{ABSENT}"), *EVERYBODY),
        *by(put(_EXACT[0], {"Action": "allow"}, *_EXACT[1:]), ONE, NOBODY, LOST),
        *by(get("/v1/connect/intentions/check", *_EXACT[1:]), *EVERYBODY),
        *by(get("/v1/connect/intentions/check", *_EXACT[1:], ("source-type", "other")), *EVERYBODY),
        *by(get("/v1/connect/intentions/match", ("by", "source"), ("name", "b")), *EVERYBODY),
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


def test_a_check_knows_one_type_of_source(agent: SimulatedAgent) -> None:
    path = "/v1/connect/intentions/check?source=web&destination=db&source-type="
    assert agent.get(path + "consul") == {"Allowed": True}
    assert agent.refusal("GET", path + "other") == (500, 'unsupported SourceType: "other"')


def test_an_intention_written_by_name_keeps_the_rest_of_the_entry(new_agent: SimulatedAgent) -> None:
    apply_entry(new_agent, INTENTIONS, Sources=[{"Name": "a", "Action": "allow"}], Meta={"k": "v"})
    assert new_agent.put("/v1/connect/intentions/exact?source=z&destination=web", {"Action": "deny"}) is True
    found = read_entry(new_agent, INTENTIONS)
    assert (found["Meta"], [source["Name"] for source in found["Sources"]]) == ({"k": "v"}, ["a", "z"])
    assert [one["Meta"] for one in new_agent.get("/v1/connect/intentions")] == [{"k": "v"}] * 2


def test_an_intention_needs_the_intention_right_of_its_destination(acl_agent: SimulatedAgent) -> None:
    may = token(acl_agent, 'service "db" { policy = "read" intentions = "write" }')
    plain = token(acl_agent, 'service "db" { policy = "write" }')
    given = {"SourceName": "web", "DestinationName": "db", "Action": "allow", "SourceType": "consul"}
    assert [acl_agent.answer("POST", "/v1/connect/intentions", given, secret).status for secret in (plain, may)] == [403, 200]
