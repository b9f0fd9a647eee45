"""Rules of keys, sessions and transactions, each by what a client sees of it: what breaks one of them is noticed here.

https://developer.hashicorp.com/consul/api-docs/kv, https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_14
from tests.simulator.simulated_agent import SimulatedAgent


def entry(agent: SimulatedAgent, key: str) -> Any:
    found = agent.get(f"/v1/kv/{key}")
    return None if found is None else found[0]


def value(agent: SimulatedAgent, key: str) -> str | None:
    answer = agent.answer("GET", f"/v1/kv/{key}?raw")
    return answer.body.decode() if answer.status == 200 else None


def session(agent: SimulatedAgent, **given: Any) -> str:
    return str(agent.put("/v1/session/create", given)["ID"])


# Keys.


def test_a_check_and_set_of_0_creates_and_never_overwrites(agent: SimulatedAgent) -> None:
    assert agent.put("/v1/kv/a?cas=0", b"1") is True
    assert agent.put("/v1/kv/a?cas=0", b"2") is False
    assert value(agent, "a") == "1"


def test_a_check_and_set_wants_the_very_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    assert [agent.put(f"/v1/kv/a?cas={index + more}", b"2") for more in (-1, 1)] == [False, False]
    assert agent.put("/v1/kv/b?cas=1", b"2") is False
    assert agent.put(f"/v1/kv/a?cas={index}", b"2") is True
    assert value(agent, "a") == "2"


def test_a_check_and_delete_wants_the_very_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    assert [agent.result("DELETE", f"/v1/kv/a?cas={index + more}") for more in (-1, 1)] == [False, False]
    assert value(agent, "a") == "1"
    assert agent.result("DELETE", f"/v1/kv/a?cas={index}") is True
    assert value(agent, "a") is None


def test_a_write_of_the_same_keeps_its_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a?flags=7", b"1")
    before = entry(agent, "a")
    agent.put("/v1/kv/a?flags=7", b"1")
    assert entry(agent, "a") == before
    agent.put("/v1/kv/a?flags=8", b"1")
    assert entry(agent, "a")["ModifyIndex"] > before["ModifyIndex"]


def test_an_entry_remembers_when_it_was_created(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    created = entry(agent, "a")["CreateIndex"]
    agent.put("/v1/kv/a", b"2")
    assert (entry(agent, "a")["CreateIndex"], entry(agent, "a")["ModifyIndex"] > created) == (created, True)
    agent.result("DELETE", "/v1/kv/a")
    agent.put("/v1/kv/a", b"3")
    assert entry(agent, "a")["CreateIndex"] > created


def test_the_index_of_a_key_is_its_own(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    agent.put("/v1/kv/b", b"1")
    assert agent.index("/v1/kv/a") == entry(agent, "a")["ModifyIndex"] < agent.index("/v1/kv/b")
    assert agent.index("/v1/kv/missing") == agent.index("/v1/kv/b")


def test_the_index_of_a_prefix_is_of_its_last_change_or_deletion(agent: SimulatedAgent) -> None:
    for key in ("a/1", "a/2", "b"):
        agent.put(f"/v1/kv/{key}", b"1")
    assert agent.index("/v1/kv/a/?recurse") == entry(agent, "a/2")["ModifyIndex"]
    agent.result("DELETE", "/v1/kv/a/2")
    assert agent.index("/v1/kv/a/?recurse") > entry(agent, "b")["ModifyIndex"]


def test_the_index_of_sessions_is_not_that_of_keys(agent: SimulatedAgent) -> None:
    session(agent)
    before = agent.index("/v1/session/list")
    agent.put("/v1/kv/a", b"1")
    assert agent.index("/v1/session/list") == before < agent.index("/v1/kv/a")


def test_names_are_cut_behind_the_separator(agent: SimulatedAgent) -> None:
    for key in ("a/b/1", "a/b/2", "a/c", "d"):
        agent.put(f"/v1/kv/{key}", b"1")
    assert agent.get("/v1/kv/a/?keys&separator=/") == ["a/b/", "a/c"]
    assert agent.get("/v1/kv/?keys&separator=/") == ["a/", "d"]
    assert agent.get("/v1/kv/a/?keys") == ["a/b/1", "a/b/2", "a/c"]


def test_a_value_has_512_kilobytes_at_most(agent: SimulatedAgent) -> None:
    assert agent.put("/v1/kv/a", b"x" * 524288) is True
    status, text = agent.refusal("PUT", "/v1/kv/a", b"x" * 524289)
    assert (status, text.startswith("Request body(524289 bytes) too large, max size: 524288 bytes.")) == (413, True)


# Locks.


def test_one_session_holds_a_key(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    assert agent.put(f"/v1/kv/a?acquire={one}", b"1") is True
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    assert (entry(agent, "a")["Session"], value(agent, "a")) == (one, "1")


def test_who_holds_a_key_may_lock_it_again_and_that_counts_once(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert entry(agent, "a")["LockIndex"] == 1
    assert agent.put(f"/v1/kv/a?acquire={one}", b"2") is True
    assert (entry(agent, "a")["LockIndex"], value(agent, "a")) == (1, "2")
    agent.put(f"/v1/kv/a?release={one}", b"3")
    agent.put(f"/v1/kv/a?acquire={other}", b"4")
    assert entry(agent, "a")["LockIndex"] == 2


def test_a_plain_write_leaves_the_lock(agent: SimulatedAgent) -> None:
    one = session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert agent.put("/v1/kv/a", b"2") is True
    assert entry(agent, "a")["Session"] == one


def test_only_the_holder_releases(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    assert agent.put(f"/v1/kv/a?release={other}", b"2") is False
    assert (entry(agent, "a")["Session"], value(agent, "a")) == (one, "1")
    assert agent.put(f"/v1/kv/a?release={one}", b"2") is True
    assert ("Session" in entry(agent, "a"), value(agent, "a")) == (False, "2")


def test_a_lock_wants_a_session_that_there_is(agent: SimulatedAgent) -> None:
    gone = session(agent)
    agent.put(f"/v1/session/destroy/{gone}")
    status, text = agent.refusal("PUT", f"/v1/kv/a?acquire={gone}", b"1")
    assert (status, f'invalid session "{gone}"' in text, value(agent, "a")) == (500, True, None)


# Sessions.


@pytest.mark.parametrize(("behavior", "is_there"), [("release", True), ("delete", False)])
def test_the_end_of_a_session_releases_its_keys_or_deletes_them(agent: SimulatedAgent, behavior: str, is_there: bool) -> None:
    one = session(agent, Behavior=behavior)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put("/v1/kv/b", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    found = entry(agent, "a")
    assert (found is not None, value(agent, "b")) == (is_there, "1")
    assert found is None or "Session" not in found


def test_a_lock_waits_for_15_seconds_after_its_holder_was_lost(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(14.9)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(0.2)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


def test_a_lock_that_was_given_back_waits_for_nothing(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/kv/a?release={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


@pytest.mark.parametrize(("given", "seconds"), [(5, 5), ("5s", 5), ("10m", 60)])
def test_a_lock_delay_is_in_seconds_and_a_minute_at_most(agent: SimulatedAgent, given: Any, seconds: float) -> None:
    one, other = session(agent, LockDelay=given), session(agent)
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    agent.put(f"/v1/session/destroy/{one}")
    agent.advance(seconds - 0.1)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is False
    agent.advance(0.2)
    assert agent.put(f"/v1/kv/a?acquire={other}", b"2") is True


def test_a_session_ends_after_twice_its_ttl_unless_it_is_renewed(agent: SimulatedAgent) -> None:
    one, other = session(agent, TTL="10s"), session(agent, TTL="10s")
    agent.advance(19)
    agent.put(f"/v1/session/renew/{one}")
    agent.advance(2)
    assert [found["ID"] for found in agent.get("/v1/session/list")] == [one]
    agent.advance(18.5)
    assert agent.get("/v1/session/list") == []
    assert agent.refusal("PUT", f"/v1/session/renew/{other}") == (404, f"Session id '{other}' not found")


@pytest.mark.parametrize(("ttl", "is_taken"), [("10s", True), ("9999ms", False), ("24h", True), ("24h1s", False)])
def test_a_ttl_is_between_ten_seconds_and_a_day(agent: SimulatedAgent, ttl: str, is_taken: bool) -> None:
    assert (agent.answer("PUT", "/v1/session/create", {"TTL": ttl}).status == 200) is is_taken


def test_a_session_ends_with_its_check_and_cannot_begin_on_one_that_is_critical(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/check/register", {"Name": "alive", "TTL": "1h", "Status": "passing"})
    hangs, stays = session(agent, Checks=["alive"]), session(agent)
    agent.put("/v1/agent/check/warn/alive")
    assert {found["ID"] for found in agent.get("/v1/session/list")} == {hangs, stays}
    agent.put("/v1/agent/check/fail/alive")
    assert [found["ID"] for found in agent.get("/v1/session/list")] == [stays]
    status, text = agent.refusal("PUT", "/v1/session/create", {"Checks": ["alive"]})
    assert (status, "Check 'alive' is in critical state" in text) == (500, True)


def test_a_session_ends_with_its_check_or_its_node_that_is_deregistered(agent: SimulatedAgent) -> None:
    agent.put("/v1/catalog/register", {"Node": "there", "Address": "10.0.0.1", "Check": {"Name": "alive", "Status": "passing"}})
    with_check, with_node = session(agent, Node="there", Checks=["alive"]), session(agent, Node="there", Checks=[])
    agent.put("/v1/catalog/deregister", {"Node": "there", "CheckID": "alive"})
    assert [found["ID"] for found in agent.get("/v1/session/node/there")] == [with_node] != [with_check]
    agent.put("/v1/catalog/deregister", {"Node": "there"})
    assert agent.get("/v1/session/list") == []


# Transactions.


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def kv(verb: str, key: str, **more: Any) -> dict[str, Any]:
    return {"KV": {"Verb": verb, "Key": key, **more}}


def test_a_transaction_is_all_or_nothing(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    steps = [kv("set", "a", Value=encoded("2")), kv("set", "a", Value=encoded("3")), kv("delete", "a"), kv("cas", "a", Value="", Index=7)]
    answer = agent.answer("PUT", "/v1/txn", steps)
    assert (answer.status, value(agent, "a")) == (409, "1")
    assert agent.put("/v1/txn", steps[:2])["Errors"] is None
    assert value(agent, "a") == "3"


def test_a_transaction_that_is_undone_gives_the_lock_back(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    assert agent.answer("PUT", "/v1/txn", [kv("lock", "a", Session=one), kv("get", "missing")]).status == 409
    assert agent.put(f"/v1/kv/a?acquire={other}", b"1") is True


def test_a_transaction_checks_the_very_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    statuses = [agent.answer("PUT", "/v1/txn", [kv("check-index", "a", Index=index + more)]).status for more in (-1, 0, 1)]
    assert statuses == [409, 200, 409]


def test_a_transaction_checks_that_a_key_is_not_there(agent: SimulatedAgent) -> None:
    steps = [kv("check-not-exists", "a"), kv("set", "a", Value=encoded("1"))]
    assert [agent.answer("PUT", "/v1/txn", steps).status for _ in range(2)] == [200, 409]


def test_a_transaction_locks_and_heeds_the_delay(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put("/v1/txn", [kv("lock", "a", Session=one, Value=encoded("1"))])
    assert entry(agent, "a")["Session"] == one
    agent.put(f"/v1/session/destroy/{one}")
    answer = agent.result("PUT", "/v1/txn", [kv("lock", "a", Session=other)])
    assert answer["Errors"] == [{"OpIndex": 0, "What": 'failed to lock key "a" due to lock delay'}]


def test_a_transaction_has_so_many_operations_at_most(agent: SimulatedAgent) -> None:
    most = 64 if agent.simulator.settings.version < V1_14 else 128
    steps = [kv("set", f"{number}", Value="") for number in range(most + 1)]
    assert agent.answer("PUT", "/v1/txn", steps[:most]).status == 200
    assert agent.refusal("PUT", "/v1/txn", steps) == (413, f"Transaction contains too many operations ({most + 1} > {most})")


# Waiting.


def test_a_prefix_is_woken_by_the_key_of_its_own_name(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    waiting = agent.park(f"/v1/kv/a?recurse&index={agent.index('/v1/kv/a?recurse')}")
    agent.put("/v1/kv/a", b"2")
    assert waiting.response is not None


def test_a_wait_is_ten_minutes_at_most(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    waiting = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}&wait=24h")
    agent.advance(599)
    assert waiting.response is None
    agent.advance(2)
    assert waiting.response is not None


def test_a_session_that_ends_wakes_who_waits_for_its_key(agent: SimulatedAgent) -> None:
    one = session(agent, TTL="10s")
    agent.put(f"/v1/kv/a?acquire={one}", b"1")
    waiting = agent.park(f"/v1/kv/a?index={agent.index('/v1/kv/a')}")
    agent.advance(20)
    assert waiting.response is not None
    assert b"Session" not in waiting.response.body
