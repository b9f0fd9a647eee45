"""Rules of keys, sessions and transactions, each by what a client sees of it: what breaks one of them is noticed here.

https://developer.hashicorp.com/consul/api-docs/kv, https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_14
from tests.simulator.asking import Asking


def entry(ask: Asking, key: str) -> Any:
    found = ask.get(f"/v1/kv/{key}")
    return None if found is None else found[0]


def value(ask: Asking, key: str) -> str | None:
    answer = ask.answer("GET", f"/v1/kv/{key}?raw")
    return answer.body.decode() if answer.status == 200 else None


def session(ask: Asking, **given: Any) -> str:
    return str(ask.put("/v1/session/create", given)["ID"])


# Keys.


def test_a_check_and_set_of_0_creates_and_never_overwrites(ask: Asking) -> None:
    assert ask.put("/v1/kv/a?cas=0", b"1") is True
    assert ask.put("/v1/kv/a?cas=0", b"2") is False
    assert value(ask, "a") == "1"


def test_a_check_and_set_wants_the_very_index(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    index = entry(ask, "a")["ModifyIndex"]
    assert [ask.put(f"/v1/kv/a?cas={index + more}", b"2") for more in (-1, 1)] == [False, False]
    assert ask.put("/v1/kv/b?cas=1", b"2") is False
    assert ask.put(f"/v1/kv/a?cas={index}", b"2") is True
    assert value(ask, "a") == "2"


def test_a_check_and_delete_wants_the_very_index(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    index = entry(ask, "a")["ModifyIndex"]
    assert [ask.done("DELETE", f"/v1/kv/a?cas={index + more}") for more in (-1, 1)] == [False, False]
    assert value(ask, "a") == "1"
    assert ask.done("DELETE", f"/v1/kv/a?cas={index}") is True
    assert value(ask, "a") is None


def test_a_write_of_the_same_keeps_its_index(ask: Asking) -> None:
    ask.put("/v1/kv/a?flags=7", b"1")
    before = entry(ask, "a")
    ask.put("/v1/kv/a?flags=7", b"1")
    assert entry(ask, "a") == before
    ask.put("/v1/kv/a?flags=8", b"1")
    assert entry(ask, "a")["ModifyIndex"] > before["ModifyIndex"]


def test_an_entry_remembers_when_it_was_created(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    created = entry(ask, "a")["CreateIndex"]
    ask.put("/v1/kv/a", b"2")
    assert (entry(ask, "a")["CreateIndex"], entry(ask, "a")["ModifyIndex"] > created) == (created, True)
    ask.done("DELETE", "/v1/kv/a")
    ask.put("/v1/kv/a", b"3")
    assert entry(ask, "a")["CreateIndex"] > created


def test_the_index_of_a_key_is_its_own(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    ask.put("/v1/kv/b", b"1")
    assert ask.index("/v1/kv/a") == entry(ask, "a")["ModifyIndex"] < ask.index("/v1/kv/b")
    assert ask.index("/v1/kv/missing") == ask.index("/v1/kv/b")


def test_the_index_of_a_prefix_is_of_its_last_change_or_deletion(ask: Asking) -> None:
    for key in ("a/1", "a/2", "b"):
        ask.put(f"/v1/kv/{key}", b"1")
    assert ask.index("/v1/kv/a/?recurse") == entry(ask, "a/2")["ModifyIndex"]
    ask.done("DELETE", "/v1/kv/a/2")
    assert ask.index("/v1/kv/a/?recurse") > entry(ask, "b")["ModifyIndex"]


def test_the_index_of_sessions_is_not_that_of_keys(ask: Asking) -> None:
    session(ask)
    before = ask.index("/v1/session/list")
    ask.put("/v1/kv/a", b"1")
    assert ask.index("/v1/session/list") == before < ask.index("/v1/kv/a")


def test_names_are_cut_behind_the_separator(ask: Asking) -> None:
    for key in ("a/b/1", "a/b/2", "a/c", "d"):
        ask.put(f"/v1/kv/{key}", b"1")
    assert ask.get("/v1/kv/a/?keys&separator=/") == ["a/b/", "a/c"]
    assert ask.get("/v1/kv/?keys&separator=/") == ["a/", "d"]
    assert ask.get("/v1/kv/a/?keys") == ["a/b/1", "a/b/2", "a/c"]


def test_a_value_has_512_kilobytes_at_most(ask: Asking) -> None:
    assert ask.put("/v1/kv/a", b"x" * 524288) is True
    status, text = ask.refused("PUT", "/v1/kv/a", b"x" * 524289)
    assert (status, text.startswith("Request body(524289 bytes) too large, max size: 524288 bytes.")) == (413, True)


# Locks.


def test_one_session_holds_a_key(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    assert ask.put(f"/v1/kv/a?acquire={one}", b"1") is True
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is False
    assert (entry(ask, "a")["Session"], value(ask, "a")) == (one, "1")


def test_who_holds_a_key_may_lock_it_again_and_that_counts_once(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    assert entry(ask, "a")["LockIndex"] == 1
    assert ask.put(f"/v1/kv/a?acquire={one}", b"2") is True
    assert (entry(ask, "a")["LockIndex"], value(ask, "a")) == (1, "2")
    ask.put(f"/v1/kv/a?release={one}", b"3")
    ask.put(f"/v1/kv/a?acquire={other}", b"4")
    assert entry(ask, "a")["LockIndex"] == 2


def test_a_plain_write_leaves_the_lock(ask: Asking) -> None:
    one = session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    assert ask.put("/v1/kv/a", b"2") is True
    assert entry(ask, "a")["Session"] == one


def test_only_the_holder_releases(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    assert ask.put(f"/v1/kv/a?release={other}", b"2") is False
    assert (entry(ask, "a")["Session"], value(ask, "a")) == (one, "1")
    assert ask.put(f"/v1/kv/a?release={one}", b"2") is True
    assert ("Session" in entry(ask, "a"), value(ask, "a")) == (False, "2")


def test_a_lock_wants_a_session_that_there_is(ask: Asking) -> None:
    gone = session(ask)
    ask.put(f"/v1/session/destroy/{gone}")
    status, text = ask.refused("PUT", f"/v1/kv/a?acquire={gone}", b"1")
    assert (status, f'invalid session "{gone}"' in text, value(ask, "a")) == (500, True, None)


# Sessions.


@pytest.mark.parametrize(("behavior", "is_there"), [("release", True), ("delete", False)])
def test_the_end_of_a_session_releases_its_keys_or_deletes_them(ask: Asking, behavior: str, is_there: bool) -> None:
    one = session(ask, Behavior=behavior)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    ask.put("/v1/kv/b", b"1")
    ask.put(f"/v1/session/destroy/{one}")
    found = entry(ask, "a")
    assert (found is not None, value(ask, "b")) == (is_there, "1")
    assert found is None or "Session" not in found


def test_a_lock_waits_for_15_seconds_after_its_holder_was_lost(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    ask.put(f"/v1/session/destroy/{one}")
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is False
    ask.advance(14.9)
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is False
    ask.advance(0.2)
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is True


def test_a_lock_that_was_given_back_waits_for_nothing(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    ask.put(f"/v1/kv/a?release={one}", b"1")
    ask.put(f"/v1/session/destroy/{one}")
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is True


@pytest.mark.parametrize(("given", "seconds"), [(5, 5), ("5s", 5), ("10m", 60)])
def test_a_lock_delay_is_in_seconds_and_a_minute_at_most(ask: Asking, given: Any, seconds: float) -> None:
    one, other = session(ask, LockDelay=given), session(ask)
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    ask.put(f"/v1/session/destroy/{one}")
    ask.advance(seconds - 0.1)
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is False
    ask.advance(0.2)
    assert ask.put(f"/v1/kv/a?acquire={other}", b"2") is True


def test_a_session_ends_after_twice_its_ttl_unless_it_is_renewed(ask: Asking) -> None:
    one, other = session(ask, TTL="10s"), session(ask, TTL="10s")
    ask.advance(19)
    ask.put(f"/v1/session/renew/{one}")
    ask.advance(2)
    assert [found["ID"] for found in ask.get("/v1/session/list")] == [one]
    ask.advance(18.5)
    assert ask.get("/v1/session/list") == []
    assert ask.refused("PUT", f"/v1/session/renew/{other}") == (404, f"Session id '{other}' not found")


@pytest.mark.parametrize(("ttl", "is_taken"), [("10s", True), ("9999ms", False), ("24h", True), ("24h1s", False)])
def test_a_ttl_is_between_ten_seconds_and_a_day(ask: Asking, ttl: str, is_taken: bool) -> None:
    assert (ask.answer("PUT", "/v1/session/create", {"TTL": ttl}).status == 200) is is_taken


def test_a_session_ends_with_its_check_and_cannot_begin_on_one_that_is_critical(ask: Asking) -> None:
    ask.put("/v1/agent/check/register", {"Name": "alive", "TTL": "1h", "Status": "passing"})
    hangs, stays = session(ask, Checks=["alive"]), session(ask)
    ask.put("/v1/agent/check/warn/alive")
    assert {found["ID"] for found in ask.get("/v1/session/list")} == {hangs, stays}
    ask.put("/v1/agent/check/fail/alive")
    assert [found["ID"] for found in ask.get("/v1/session/list")] == [stays]
    status, text = ask.refused("PUT", "/v1/session/create", {"Checks": ["alive"]})
    assert (status, "Check 'alive' is in critical state" in text) == (500, True)


def test_a_session_ends_with_its_check_or_its_node_that_is_deregistered(ask: Asking) -> None:
    ask.put("/v1/catalog/register", {"Node": "there", "Address": "10.0.0.1", "Check": {"Name": "alive", "Status": "passing"}})
    with_check, with_node = session(ask, Node="there", Checks=["alive"]), session(ask, Node="there", Checks=[])
    ask.put("/v1/catalog/deregister", {"Node": "there", "CheckID": "alive"})
    assert [found["ID"] for found in ask.get("/v1/session/node/there")] == [with_node] != [with_check]
    ask.put("/v1/catalog/deregister", {"Node": "there"})
    assert ask.get("/v1/session/list") == []


# Transactions.


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def kv(verb: str, key: str, **more: Any) -> dict[str, Any]:
    return {"KV": {"Verb": verb, "Key": key, **more}}


def test_a_transaction_is_all_or_nothing(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    steps = [kv("set", "a", Value=encoded("2")), kv("set", "a", Value=encoded("3")), kv("delete", "a"), kv("cas", "a", Value="", Index=7)]
    answer = ask.answer("PUT", "/v1/txn", steps)
    assert (answer.status, value(ask, "a")) == (409, "1")
    assert ask.put("/v1/txn", steps[:2])["Errors"] is None
    assert value(ask, "a") == "3"


def test_a_transaction_that_is_undone_gives_the_lock_back(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    assert ask.answer("PUT", "/v1/txn", [kv("lock", "a", Session=one), kv("get", "missing")]).status == 409
    assert ask.put(f"/v1/kv/a?acquire={other}", b"1") is True


def test_a_transaction_checks_the_very_index(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    index = entry(ask, "a")["ModifyIndex"]
    statuses = [ask.answer("PUT", "/v1/txn", [kv("check-index", "a", Index=index + more)]).status for more in (-1, 0, 1)]
    assert statuses == [409, 200, 409]


def test_a_transaction_checks_that_a_key_is_not_there(ask: Asking) -> None:
    steps = [kv("check-not-exists", "a"), kv("set", "a", Value=encoded("1"))]
    assert [ask.answer("PUT", "/v1/txn", steps).status for _ in range(2)] == [200, 409]


def test_a_transaction_locks_and_heeds_the_delay(ask: Asking) -> None:
    one, other = session(ask), session(ask)
    ask.put("/v1/txn", [kv("lock", "a", Session=one, Value=encoded("1"))])
    assert entry(ask, "a")["Session"] == one
    ask.put(f"/v1/session/destroy/{one}")
    answer = ask.done("PUT", "/v1/txn", [kv("lock", "a", Session=other)])
    assert answer["Errors"] == [{"OpIndex": 0, "What": 'failed to lock key "a" due to lock delay'}]


def test_a_transaction_has_so_many_operations_at_most(ask: Asking) -> None:
    most = 64 if ask.simulator.settings.version < V1_14 else 128
    steps = [kv("set", f"{number}", Value="") for number in range(most + 1)]
    assert ask.answer("PUT", "/v1/txn", steps[:most]).status == 200
    assert ask.refused("PUT", "/v1/txn", steps) == (413, f"Transaction contains too many operations ({most + 1} > {most})")


# Waiting.


def test_a_prefix_is_woken_by_the_key_of_its_own_name(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    waiting = ask.parked(f"/v1/kv/a?recurse&index={ask.index('/v1/kv/a?recurse')}")
    ask.put("/v1/kv/a", b"2")
    assert waiting.response is not None


def test_a_wait_is_ten_minutes_at_most(ask: Asking) -> None:
    ask.put("/v1/kv/a", b"1")
    waiting = ask.parked(f"/v1/kv/a?index={ask.index('/v1/kv/a')}&wait=24h")
    ask.advance(599)
    assert waiting.response is None
    ask.advance(2)
    assert waiting.response is not None


def test_a_session_that_ends_wakes_who_waits_for_its_key(ask: Asking) -> None:
    one = session(ask, TTL="10s")
    ask.put(f"/v1/kv/a?acquire={one}", b"1")
    waiting = ask.parked(f"/v1/kv/a?index={ask.index('/v1/kv/a')}")
    ask.advance(20)
    assert waiting.response is not None
    assert b"Session" not in waiting.response.body
