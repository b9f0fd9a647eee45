"""Sessions: their TTL, their checks, and the locks that they hold.

https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from consul_proto.message import Request, Response
from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.versions import Version
from tests.simulator.differential.calls import DEREGISTER, N1, REGISTER, Call, each_case, get, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, entry, session, token, value

_NO_UUID = "failed session lookup: index error: UUID must be 36 characters"


CASES = {
    "a session needs checks that are not critical": [
        put(REGISTER, {**N1, "Check": {"Name": "c", "Status": "critical"}}),
        put("/v1/session/create", {"Node": "n1", "Checks": ["c"]}),
        put("/v1/session/create", {"Node": "n1"}),
        put("/v1/session/create", {"Node": "N1", "Checks": []}),
        get("/v1/session/node/n1"),
        put(DEREGISTER, {"Node": "n1"}),
        get("/v1/session/list"),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


def test_sessions_have_another_index_than_keys(agent: SimulatedAgent) -> None:
    session(agent)
    before = agent.index("/v1/session/list")
    agent.put("/v1/kv/a", b"1")
    assert agent.index("/v1/session/list") == before < agent.index("/v1/kv/a")


@pytest.mark.parametrize(("behavior", "is_there"), [("release", True), ("delete", False)])
def test_the_end_of_a_session_releases_its_keys_or_deletes_them(agent: SimulatedAgent, behavior: str, is_there: bool) -> None:
    one = session(agent, Behavior=behavior)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put("/v1/kv/b", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    found = entry(agent, "a")
    assert (found is not None, value(agent, "b")) == (is_there, "1")
    assert found is None or "Session" not in found


def test_a_lock_is_delayed_by_15_seconds_after_its_holder_was_invalidated(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(14.9)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(0.2)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


def test_a_released_lock_is_not_delayed(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/kv/a?release={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


@pytest.mark.parametrize(("given", "seconds"), [(5, 5), ("5s", 5), ("10m", 60)])
def test_a_lock_delay_is_in_seconds_and_at_most_a_minute(agent: SimulatedAgent, given: Any, seconds: float) -> None:
    one, other = session(agent, LockDelay=given), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    agent.advance(seconds - 0.1)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(0.2)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


@pytest.mark.parametrize(("delay", "seconds"), [("15s", 15), ("0s", 0), ("10m", 60)])
def test_a_lock_is_delayed_when_its_session_ends(agent: SimulatedAgent, delay: str, seconds: float) -> None:
    first, second = (agent.result("PUT", "/v1/session/create", json.dumps({"LockDelay": delay}).encode())["ID"] for _ in range(2))
    agent.result("PUT", f"/v1/kv/lock?acquire={first}", b"")
    agent.result("PUT", f"/v1/session/destroy/{first}")
    acquire = f"/v1/kv/lock?acquire={second}"
    operation = json.dumps([{"KV": {"Verb": "lock", "Key": "lock", "Value": "", "Session": second}}]).encode()
    if seconds:
        agent.advance(seconds - 0.1)
        assert agent.result("PUT", acquire, b"") is False
        assert "due to lock delay" in agent.result("PUT", "/v1/txn", operation)["Errors"][0]["What"]
        agent.advance(0.1)
    assert agent.result("PUT", acquire, b"") is True


def test_a_session_ends_after_twice_its_ttl_unless_it_is_renewed(agent: SimulatedAgent) -> None:
    one, other = session(agent, TTL="10s"), session(agent, TTL="10s")
    agent.advance(19)
    agent.put(f"/v1/session/renew/{one}")
    agent.advance(2)
    assert [found["ID"] for found in agent.get("/v1/session/list")] == [one]
    agent.advance(18.5)
    assert agent.get("/v1/session/list") == []
    assert agent.refusal("PUT", f"/v1/session/renew/{other}") == (404, f"Session id '{other}' not found")


@pytest.mark.parametrize("behavior", ["release", "delete"])
def test_a_session_that_expires_releases_or_deletes_its_key_and_wakes_queries(agent: SimulatedAgent, behavior: str) -> None:
    session = agent.result("PUT", "/v1/session/create", json.dumps({"TTL": "10s", "Behavior": behavior}).encode())["ID"]
    assert agent.result("PUT", f"/v1/kv/lock?acquire={session}", b"mine") is True
    agent.advance(19)
    agent.result("PUT", f"/v1/session/renew/{session}")
    agent.advance(19.9)
    assert agent.result("GET", "/v1/kv/lock")[0]["Session"] == session
    parked = agent.park(f"/v1/kv/lock?index={agent.index('/v1/kv/lock')}")
    agent.advance(0.2)
    assert agent.result("GET", "/v1/session/list") == []
    assert parked.response is not None
    assert parked.response.status == (404 if behavior == "delete" else 200)
    if behavior == "release":
        entry = agent.result("GET", "/v1/kv/lock")[0]
        assert ("Session" in entry, entry["Value"], entry["LockIndex"]) == (False, "bWluZQ==", 1)


@pytest.mark.parametrize(("ttl", "is_taken"), [("10s", True), ("9999ms", False), ("24h", True), ("24h1s", False)])
def test_a_ttl_is_between_ten_seconds_and_a_day(agent: SimulatedAgent, ttl: str, is_taken: bool) -> None:
    assert (agent.answer("PUT", "/v1/session/create", {"TTL": ttl}).status == 200) is is_taken


def test_a_session_ends_with_its_check_and_needs_one_that_is_not_critical(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/check/register", {"Name": "alive", "TTL": "1h", "Status": "passing"})
    hangs, stays = session(agent, Checks=["alive"]), session(agent)
    agent.put("/v1/agent/check/warn/alive")
    assert {found["ID"] for found in agent.get("/v1/session/list")} == {hangs, stays}
    agent.put("/v1/agent/check/fail/alive")
    assert [found["ID"] for found in agent.get("/v1/session/list")] == [stays]
    status, text = agent.refusal("PUT", "/v1/session/create", {"Checks": ["alive"]})
    assert (status, "Check 'alive' is in critical state" in text) == (500, True)


def test_a_session_ends_when_its_check_or_its_node_is_deregistered(agent: SimulatedAgent) -> None:
    agent.put("/v1/catalog/register", {"Node": "there", "Address": "10.0.0.1", "Check": {"Name": "alive", "Status": "passing"}})
    with_check, with_node = session(agent, Node="there", Checks=["alive"]), session(agent, Node="there", Checks=[])
    agent.put("/v1/catalog/deregister", {"Node": "there", "CheckID": "alive"})
    assert [found["ID"] for found in agent.get("/v1/session/node/there")] == [with_node] != [with_check]
    agent.put("/v1/catalog/deregister", {"Node": "there"})
    assert agent.get("/v1/session/list") == []


@pytest.mark.parametrize(
    ("version", "session", "says"),
    [
        ("1.8.7", "none", _NO_UUID),
        ("1.8.7", "", "missing session"),
        ("1.22.5", "none", 'raft apply failed: invalid session "none"'),
        ("1.22.5", "", "raft apply failed: missing session"),
    ],
)
def test_a_lock_with_an_invalid_session_id_is_refused(version: str, session: str, says: str) -> None:
    simulator = Simulator(Settings(version=Version.parse(version)))
    answer = simulator.handle(Request("PUT", "/v1/kv/a", (("acquire", session),)), 0.0)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body.decode()) == (500, says)
    step = {"KV": {"Verb": "lock", "Key": "a", "Value": "", "Session": session}}
    answer = simulator.handle(Request("PUT", "/v1/txn", body=json.dumps([step]).encode()), 0.0)
    assert isinstance(answer, Response)
    (error,) = json.loads(answer.body)["Errors"]
    assert (answer.status, error["What"]) == (409, says.removeprefix("raft apply failed: "))
    answer = simulator.handle(Request("PUT", "/v1/kv/a", (("release", session),)), 0.0)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body.decode()) == ((500, says) if not session else (200, "false"))


def test_a_session_needs_the_session_right_of_its_node(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'session "consul" { policy = "write" }')
    assert acl_agent.answer("PUT", "/v1/session/create", {}, secret).status == 200
    assert acl_agent.answer("PUT", "/v1/session/create", {}, token(acl_agent, 'node "consul" { policy = "write" }')).status == 403
