"""Blocking queries and time: what wakes a query, and what happens without a request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from consul_proto.simulator.engine.answers import ReadAnswer
from tests.simulator.simulated_agent import SimulatedAgent, Wakes, body


def test_a_write_wakes_only_the_queries_that_depend_on_it(agent: SimulatedAgent) -> None:
    for name in ("a", "a/b", "c"):
        agent.result("PUT", f"/v1/kv/{name}", b"1")
    at = agent.simulator._store.index
    key, other, below, elsewhere = (agent.park(f"/v1/kv/{what}index={at}") for what in ("a/b?", "c?", "a/?recurse&", "d/?keys&"))
    agent.result("PUT", "/v1/kv/a/b", b"2")
    assert body(key)[0]["Value"] == "Mg=="
    assert [entry["Key"] for entry in body(below)] == ["a/b"]
    assert (other.response, elsewhere.response) == (None, None)
    assert [parked.wake.times for parked in (key, below, other, elsewhere) if isinstance(parked.wake, Wakes)] == [1, 1, 0, 0]


def test_a_write_reads_none_of_ten_thousand_other_queries(agent: SimulatedAgent) -> None:
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
    assert parked[7].response is None, "the index that it waits for is still to come"


def test_a_write_without_a_change_wakes_no_query(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/kv/a", b"1")
    parked = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}")
    agent.result("PUT", "/v1/kv/a", b"1")
    assert agent.result("PUT", "/v1/kv/a?cas=1", b"2") is False
    assert parked.response is None


def test_a_write_that_is_rolled_back_wakes_no_query(agent: SimulatedAgent) -> None:
    """Not even one that would have another index by now, since something else was written."""
    parked = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}")
    agent.result("PUT", "/v1/kv/b", b"1")
    steps = [{"KV": {"Verb": "set", "Key": "a", "Value": ""}}, {"KV": {"Verb": "get", "Key": "missing"}}]
    assert agent.answer("PUT", "/v1/txn", steps).status == 409
    assert parked.response is None


def test_a_deletion_wakes_queries_of_its_prefix(agent: SimulatedAgent) -> None:
    agent.result("PUT", "/v1/kv/a/b", b"1")
    agent.result("PUT", "/v1/kv/a/c", b"1")
    parked = agent.park(f"/v1/kv/a/?recurse&index={agent.index('/v1/kv/a/?recurse')}")
    agent.result("DELETE", "/v1/kv/a/c")
    assert [entry["Key"] for entry in body(parked)] == ["a/b"]


def test_a_query_of_a_missing_key_wakes_only_for_that_key(agent: SimulatedAgent) -> None:
    """Other writes change the index of the read, but do not wake it."""
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


def test_a_wait_is_longer_by_at_most_a_sixteenth() -> None:
    agent = SimulatedAgent(jitter=0.5)
    assert agent.park("/v1/kv/a?index=1&wait=16s").deadline == 16.5


def test_a_forgotten_query_is_never_woken(agent: SimulatedAgent) -> None:
    parked = agent.park("/v1/kv/a?index=1")
    agent.simulator.forget(parked)
    agent.result("PUT", "/v1/kv/a", b"1")
    assert isinstance(parked.wake, Wakes)
    assert parked.wake.times == 0
    assert agent.simulator.next_deadline() is None


def test_an_endpoint_that_is_not_simulated_answers_501(agent: SimulatedAgent) -> None:
    answer = agent.answer("GET", "/v1/internal/ui/nodes")
    assert (answer.status, answer.body) == (501, b"the simulator does not know GET /v1/internal/ui/nodes")


def test_ids_depend_on_the_seed() -> None:
    first, again, other = (SimulatedAgent(seed=seed).result("PUT", "/v1/session/create")["ID"] for seed in (1, 1, 2))
    assert first == again != other
