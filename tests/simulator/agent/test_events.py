"""User events.

https://developer.hashicorp.com/consul/api-docs/event
"""

from __future__ import annotations

import json

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, REGISTER_SERVICE, Call, by, each_case, get, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, body

CASES = {
    "events of every size": [
        put(f"/v1/event/fire/{name}", b"x" * size, *query)
        for name, query, limit in (
            ("e", (), 414),
            ("e" * 18, (), 380),
            ("e" * 19, (), 376),
            ("e" * 100, (), 214),
            ("e" * 200, (), 14),
            ("e" * 230, (), 0),
            ("e", (("node", "n" * 31),), 379),
            ("e", (("node", "n" * 32),), 377),
            ("e", (("node", "n" * 300),), 109),
            ("e", (("node", "n" * 450),), 0),
            ("e", (("service", "s" * 40), ("tag", "t" * 40)), 324),
        )
        for size in sorted({0, 299, 300, 301, *(max(limit + more, 0) for more in (-1, 0, 1, 2, 30, 31, 32, 33, 100))})
    ],
    "any other index answers a query of events": [
        put("/v1/event/fire/deploy", b"1"),
        get("/v1/event/list", ("index", "5"), ("wait", "1s")),
    ],
}


ACL_CASES = {
    "an event with an unknown token is an error of the server": [
        *by(put("/v1/event/fire/deploy"), LOST, NOBODY),
        *by(get("/v1/event/list"), LOST, NOBODY),
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


@pytest.mark.real
def test_an_event_is_listed_if_its_filters_match_the_agent(sides: Sides) -> None:
    """Of the last one, both are to have heard: an event that is not for the agent is not waited for."""
    sides.clear()
    assert sides.differences(put(REGISTER_SERVICE, {"Name": "web", "ID": "w1", "Tags": ["v1", "blue"]})) == []
    filters = (
        *((("node", node),) for node in ("nope", "^test-node$", "EST", "(?i)EST")),
        *((("service", service),) for service in ("web", "w1", "consul", ".")),
        *((("service", "^w1$"), ("tag", tag)) for tag in ("^v1$", "nope", "lu", "")),
        *((("service", "."), ("node", "nope")), (("tag", "lu"), ("service", "web"))),
    )
    for number, query in enumerate(filters):
        assert [answer.status for answer in sides.answers(put(f"/v1/event/fire/e{number}", b"", *query))] == [200, 200]
    assert sides.differences(put("/v1/event/fire/last", b"")) == []
    listed = [[event["Name"] for event in json.loads(answer.body)] for answer in sides.answers(get("/v1/event/list"))]
    assert listed[0][-7:] == listed[1][-7:] == [*(f"e{number}" for number in (1, 3, 5, 7, 8, 10, 11)), "last"][-7:]


def test_an_agent_remembers_256_events(agent: SimulatedAgent) -> None:
    for number in range(258):
        agent.put(f"/v1/event/fire/e{number}", b"x")
    names = [event["Name"] for event in agent.get("/v1/event/list")]
    assert (len(names), names[0], names[-1]) == (256, "e2", "e257")


def test_an_event_wakes_queries(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/event/fire/deploy", b"1")
    seen = agent.index("/v1/event/list")
    parked = agent.park(f"/v1/event/list?index={seen}")
    agent.result("PUT", "/v1/event/fire/deploy", b"2")
    assert len(body(parked)) == 2


def test_any_other_index_answers_at_once(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/event/fire/deploy", b"1")
    for other in ("5", "18446744073709551615"):
        assert len(agent.result("GET", f"/v1/event/list?index={other}")) == 1
