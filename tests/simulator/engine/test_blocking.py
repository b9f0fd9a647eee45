"""Blocking queries, and time: what wakes a query, what does not, and what happens by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from consul_proto.simulator.engine.answers import ReadAnswer
from tests.simulator.simulated_agent import SimulatedAgent, Wakes, body


def test_a_write_wakes_only_whom_it_concerns(agent: SimulatedAgent) -> None:
    for name in ("a", "a/b", "c"):
        agent.result("PUT", f"/v1/kv/{name}", b"1")
    at = agent.simulator._store.index
    key, other, below, elsewhere = (agent.park(f"/v1/kv/{what}index={at}") for what in ("a/b?", "c?", "a/?recurse&", "d/?keys&"))
    agent.result("PUT", "/v1/kv/a/b", b"2")
    assert body(key)[0]["Value"] == "Mg=="
    assert [entry["Key"] for entry in body(below)] == ["a/b"]
    assert (other.response, elsewhere.response) == (None, None)
    assert [parked.wake.times for parked in (key, below, other, elsewhere) if isinstance(parked.wake, Wakes)] == [1, 1, 0, 0]


def test_of_ten_thousand_that_wait_none_is_looked_at_in_vain(agent: SimulatedAgent) -> None:
    parked = [agent.park(f"/v1/kv/waiting/{place}?index=1000000&wait=10m") for place in range(10_000)]
    looked: list[int] = []

    def counted(place: int, read: Callable[[], ReadAnswer]) -> ReadAnswer:
        looked.append(place)
        return read()

    for place, one in enumerate(parked):
        one.read = partial(counted, place, one.read)
    agent.result("PUT", "/v1/kv/other", b"1")
    agent.advance(60)
    assert looked == []
    agent.result("PUT", "/v1/kv/waiting/7", b"1")
    assert looked == [7]


def test_a_write_that_changes_nothing_wakes_nobody(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/kv/a", b"1")
    parked = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}")
    agent.result("PUT", "/v1/kv/a", b"1")
    assert agent.result("PUT", "/v1/kv/a?cas=1", b"2") is False
    assert parked.response is None


def test_a_deletion_is_noticed_below_its_prefix(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/kv/a/b", b"1")
    agent.result("PUT", "/v1/kv/a/c", b"1")
    parked = agent.park(f"/v1/kv/a/?recurse&index={agent.index('/v1/kv/a/?recurse')}")
    agent.result("DELETE", "/v1/kv/a/c")
    assert [entry["Key"] for entry in body(parked)] == ["a/b"]


def test_a_missing_key_waits_for_itself(agent: SimulatedAgent) -> None:
    """Other writes move the index of a read of what is missing, and do not wake it."""
    parked = agent.park("/v1/kv/missing?index=1&wait=10s")
    other = agent.park("/v1/kv/other/?recurse&index=1")
    agent.result("PUT", "/v1/kv/other/a", b"")
    assert [entry["Key"] for entry in body(other)] == ["other/a"]
    assert isinstance(parked.wake, Wakes)
    assert parked.wake.times == 0
    agent.result("PUT", "/v1/kv/missing", b"")
    assert [entry["Key"] for entry in body(parked)] == ["missing"]


@pytest.mark.parametrize(("wait", "seconds"), [("10s", 10.0), ("1m30s", 90.0), ("", 300.0), ("1h", 600.0), ("-1s", 300.0)])
def test_a_wait_ends(agent: SimulatedAgent, wait: str, seconds: float) -> None:
    agent.result("PUT", "/v1/kv/a", b"1")
    parked = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}" + (f"&wait={wait}" if wait else ""))
    assert agent.simulator.next_deadline() == parked.deadline == seconds
    agent.advance(seconds - 0.001)
    assert parked.response is None
    agent.advance(0.001)
    assert body(parked)[0]["Value"] == "MQ=="
    assert agent.simulator.next_deadline() is None


def test_a_wait_is_longer_by_a_sixteenth_at_most() -> None:
    agent = SimulatedAgent(jitter=0.5)
    assert agent.park("/v1/kv/a?index=1&wait=16s").deadline == 16.5


def test_a_query_that_was_forgotten_is_never_woken(agent: SimulatedAgent) -> None:
    parked = agent.park("/v1/kv/a?index=1")
    agent.simulator.forget(parked)
    agent.result("PUT", "/v1/kv/a", b"1")
    assert isinstance(parked.wake, Wakes)
    assert parked.wake.times == 0
    assert agent.simulator.next_deadline() is None


@pytest.mark.parametrize("behavior", ["release", "delete"])
def test_a_session_lives_for_twice_its_ttl(agent: SimulatedAgent, behavior: str) -> None:
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


def test_a_transaction_is_undone_as_a_whole(agent: SimulatedAgent) -> None:
    session = agent.result("PUT", "/v1/session/create")["ID"]
    agent.result("PUT", "/v1/kv/old", b"1")
    before = agent.result("GET", "/v1/kv/?recurse")
    parked = agent.park(f"/v1/kv/?recurse&index={agent.index('/v1/kv/?recurse')}")
    steps = [
        {"KV": {"Verb": "set", "Key": "new", "Value": ""}},
        {"KV": {"Verb": "lock", "Key": "new", "Value": "", "Session": session}},
        {"KV": {"Verb": "delete", "Key": "old"}},
        {"KV": {"Verb": "get", "Key": "missing"}},
    ]
    answer = agent.answer("PUT", "/v1/txn", steps)
    assert answer.status == 409
    assert agent.result("GET", "/v1/kv/?recurse") == before
    assert parked.response is None
    agent.result("PUT", f"/v1/session/destroy/{session}")
    assert agent.result("PUT", "/v1/txn", json.dumps(steps[2:3]).encode())["Errors"] is None
    assert body(parked) is None


def test_an_event_wakes_its_listeners(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/event/fire/deploy", b"1")
    seen = agent.index("/v1/event/list")
    parked = agent.park(f"/v1/event/list?index={seen}")
    agent.result("PUT", "/v1/event/fire/deploy", b"2")
    assert len(body(parked)) == 2


def test_any_other_index_of_events_is_news(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/event/fire/deploy", b"1")
    for other in ("5", "18446744073709551615"):
        assert len(agent.result("GET", f"/v1/event/list?index={other}")) == 1


def test_what_is_not_simulated_says_so(agent: SimulatedAgent) -> None:
    answer = agent.answer("GET", "/v1/internal/ui/nodes")
    assert (answer.status, answer.body) == (501, b"the simulator does not know GET /v1/internal/ui/nodes")


def test_ids_are_drawn_from_the_seed() -> None:
    first, again, other = (SimulatedAgent(seed=seed).result("PUT", "/v1/session/create")["ID"] for seed in (1, 1, 2))
    assert first == again != other
