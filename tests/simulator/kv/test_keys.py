"""Keys: check-and-set, indexes, locks, and what wakes a query.

https://developer.hashicorp.com/consul/api-docs/kv
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import Call, delete, each_case, get, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.strategies.kv import SESSIONS
from tests.simulator.simulated_agent import SimulatedAgent, entry, session, value

CASES = {
    "a write without a lock resets the lock index": [
        *SESSIONS,
        put("/v1/kv/{p}lock", b"v", ("acquire", "{s0}")),
        put("/v1/kv/{p}lock", b"w"),
        get("/v1/kv/{p}lock"),
        put("/v1/kv/{p}lock", b"w", ("acquire", "{s0}")),
        get("/v1/kv/{p}lock"),
    ],
    "a plus at either end of a key is not a blank": [
        call
        for key in ("+", "+a", "a+", "%2Ba", "+/a+", "+..")
        for call in (put(f"/v1/kv/{key}", b"v"), get(f"/v1/kv/{key}"), get("/v1/kv/", ("keys", None)), delete(f"/v1/kv/{key}"))
    ],
    "a key that leads out of the store when it is decoded again": [
        put(f"/v1/kv/{key}", b"v") for key in ("%252e%252e", "a%252F..%252Fb", "a..%252Fb", "a..b", "%2520a", "a%25%252e.", "a%25..")
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


def test_keys_that_begin_or_end_with_a_plus_are_stored(agent: SimulatedAgent) -> None:
    for key in ("+a", "a+", "%2B"):
        assert agent.put(f"/v1/kv/{key}", b"v") is True
    assert agent.get("/v1/kv/?keys") == ["+", "+a", "a+"]


def test_a_check_and_set_of_0_creates_and_never_overwrites(agent: SimulatedAgent) -> None:
    assert agent.put("/v1/kv/a?cas=0", b"1") is True
    assert agent.put("/v1/kv/a?cas=0", b"2") is False
    assert value(agent, "a") == "1"


def test_a_check_and_set_needs_the_exact_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    assert [agent.put(f"/v1/kv/a?cas={index + more}", b"2") for more in (-1, 1)] == [False, False]
    assert agent.put("/v1/kv/b?cas=1", b"2") is False
    assert agent.put(f"/v1/kv/a?cas={index}", b"2") is True
    assert value(agent, "a") == "2"


def test_a_check_and_delete_needs_the_exact_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    assert [agent.result("DELETE", f"/v1/kv/a?cas={index + more}") for more in (-1, 1)] == [False, False]
    assert value(agent, "a") == "1"
    assert agent.result("DELETE", f"/v1/kv/a?cas={index}") is True
    assert value(agent, "a") is None


def test_a_write_of_the_same_value_keeps_the_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a?flags=7", b"1")
    before = entry(agent, "a")
    agent.put("/v1/kv/a?flags=7", b"1")
    assert entry(agent, "a") == before
    agent.put("/v1/kv/a?flags=8", b"1")
    assert entry(agent, "a")["ModifyIndex"] > before["ModifyIndex"]


def test_the_create_index_changes_only_after_a_deletion(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    created = entry(agent, "a")["CreateIndex"]
    agent.put("/v1/kv/a", b"2")
    assert (entry(agent, "a")["CreateIndex"], entry(agent, "a")["ModifyIndex"] > created) == (created, True)
    agent.result("DELETE", "/v1/kv/a")
    agent.put("/v1/kv/a", b"3")
    assert entry(agent, "a")["CreateIndex"] > created


def test_each_key_has_an_index_of_its_own(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    agent.put("/v1/kv/b", b"1")
    assert agent.index("/v1/kv/a") == entry(agent, "a")["ModifyIndex"] < agent.index("/v1/kv/b")
    assert agent.index("/v1/kv/missing") == agent.index("/v1/kv/b")


def test_the_index_of_a_prefix_is_that_of_its_last_change_or_deletion(agent: SimulatedAgent) -> None:
    for key in ("a/1", "a/2", "b"):
        agent.put(f"/v1/kv/{key}", b"1")
    assert agent.index("/v1/kv/a/?recurse") == entry(agent, "a/2")["ModifyIndex"]
    agent.result("DELETE", "/v1/kv/a/2")
    assert agent.index("/v1/kv/a/?recurse") > entry(agent, "b")["ModifyIndex"]


def test_names_of_keys_end_after_the_separator(agent: SimulatedAgent) -> None:
    for key in ("a/b/1", "a/b/2", "a/c", "d"):
        agent.put(f"/v1/kv/{key}", b"1")
    assert agent.get("/v1/kv/a/?keys&separator=/") == ["a/b/", "a/c"]
    assert agent.get("/v1/kv/?keys&separator=/") == ["a/", "d"]
    assert agent.get("/v1/kv/a/?keys") == ["a/b/1", "a/b/2", "a/c"]


def test_a_value_has_at_most_512_kib(agent: SimulatedAgent) -> None:
    assert agent.put("/v1/kv/a", b"x" * 524288) is True
    status, text = agent.refusal("PUT", "/v1/kv/a", b"x" * 524289)
    assert (status, text.startswith("Request body(524289 bytes) too large, max size: 524288 bytes.")) == (413, True)


def test_only_one_session_holds_a_key(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    assert agent.put(f"/v1/kv/a?acquire={one}", b"1") is True
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    assert (entry(agent, "a")["Session"], value(agent, "a")) == (one, "1")


def test_the_holder_may_lock_again_and_the_lock_index_stays(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert entry(agent, "a")["LockIndex"] == 1
    assert agent.put(f"/v1/kv/a?acquire={one}", b"2") is True
    assert (entry(agent, "a")["LockIndex"], value(agent, "a")) == (1, "2")
    agent.put(f"/v1/kv/a?release={one}", b"3")
    agent.put(f"/v1/kv/a?acquire={other}", b"4")
    assert entry(agent, "a")["LockIndex"] == 2


def test_a_plain_write_keeps_the_lock(agent: SimulatedAgent) -> None:
    one = session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert agent.put("/v1/kv/a", b"2") is True
    assert entry(agent, "a")["Session"] == one


def test_only_the_holder_releases_a_lock(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert agent.put(f"/v1/kv/a?release={other}", b"2") is False
    assert (entry(agent, "a")["Session"], value(agent, "a")) == (one, "1")
    assert agent.put(f"/v1/kv/a?release={one}", b"2") is True
    assert ("Session" in entry(agent, "a"), value(agent, "a")) == (False, "2")


def test_a_lock_needs_an_existing_session(agent: SimulatedAgent) -> None:
    gone = session(agent)
    agent.put(f"/v1/session/destroy/{gone}")
    status, text = agent.refusal("PUT", f"/v1/kv/a?acquire={gone}", b"1")
    assert (status, f'invalid session "{gone}"' in text, value(agent, "a")) == (500, True, None)


def test_a_query_of_a_prefix_wakes_for_the_key_of_the_same_name(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    waiting = agent.park(f"/v1/kv/a?recurse&index={agent.index('/v1/kv/a?recurse')}")
    agent.put("/v1/kv/a", b"2")
    assert waiting.response is not None


def test_a_query_waits_for_at_most_ten_minutes(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    waiting = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}&wait=24h")
    agent.advance(599)
    assert waiting.response is None
    agent.advance(2)
    assert waiting.response is not None


def test_the_end_of_a_session_wakes_queries_of_its_key(agent: SimulatedAgent) -> None:
    one = session(agent, TTL="10s")
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    waiting = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}")
    agent.advance(20)
    assert waiting.response is not None
    assert b"Session" not in waiting.response.body
