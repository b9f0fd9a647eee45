"""Dump and load: an agent with a loaded state answers like the agent that dumped it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked, Settings, Simulator
from consul_proto.simulator.engine.versions import SIMULATED, V1_22_5, Version
from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies import agent, catalog, kv
from tests.simulator.simulated_agent import MANAGES

_CALLS = st.one_of(kv.CALLS, catalog.CALLS, agent.CALLS)

_SETTINGS = {version: Settings(version=version, node="test-node") for version in SIMULATED}

_AS_MANAGER = Headers([("X-Consul-Token", MANAGES)])


def _answer(simulator: Simulator, request: Request, now: float) -> Any:
    answer = simulator.handle(request, now)
    if isinstance(answer, Parked):
        simulator.forget(answer)
        return "parked"
    return answer.status, answer.headers, answer.body


def _send(simulator: Simulator, call: Call, names: dict[str, str], now: float) -> Any:
    request = call.with_names(names)
    answer = simulator.handle(request, now)
    if call.names and isinstance(answer, Response) and answer.status == 200:
        body = json.loads(answer.body) if answer.body[:1] == b"{" else None
        names[call.names] = body["ID"] if body and "ID" in body else answer.headers.get("x-consul-index") or ""
    if isinstance(answer, Parked):
        simulator.forget(answer)


@settings(max_examples=150)
@pytest.mark.parametrize("version", SIMULATED, ids=str)
@given(
    before=st.lists(_CALLS, max_size=30),
    after=st.lists(_CALLS | st.integers(1, 400), max_size=20),
    moved=st.sampled_from([0.0, -20.0, 1000.0]),
)
def test_an_agent_with_a_loaded_state_answers_the_same(version: Version, before: list[Call], after: list[Call | int], moved: float) -> None:
    """After any calls, for any later calls, and with any time between dump and load."""
    one, names, now = Simulator(_SETTINGS[version]), {"p": "p/"}, 20.0
    for call in [*kv.SESSIONS, *before]:
        _send(one, call, names, now)
    state = json.dumps(one.dump())
    other = Simulator(_SETTINGS[version])
    other.load(json.loads(state), now + moved)
    assert json.dumps(other.dump()["groups"]) == json.dumps(one.dump()["groups"]) or moved
    for step in after:
        if isinstance(step, int):
            now += step
            one.advance(now)
            other.advance(now + moved)
        else:
            request = step.with_names(names)
            assert _answer(other, request, now + moved) == _answer(one, request, now)


#: A call for each kind of state.
_LIFE: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/kv/a/b", "v"),
    ("PUT", "/v1/kv/a/c", "v"),
    ("DELETE", "/v1/kv/a/b", None),
    ("PUT", "/v1/session/create", {"TTL": "30s", "Name": "lives"}),
    ("PUT", "/v1/session/create", {"Name": "holds", "LockDelay": "40s"}),
    ("PUT", "/v1/event/fire/deploy", "payload"),
    ("PUT", "/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "100s", "DeregisterCriticalServiceAfter": "60s"}}),
    ("PUT", "/v1/agent/service/register", {"Name": "ill", "Check": {"TTL": "500s", "DeregisterCriticalServiceAfter": "80s"}}),
    ("PUT", "/v1/agent/check/register", {"Name": "asks", "Interval": "10s", "HTTP": "http://127.0.0.1/", "Header": {"a": ["b"]}}),
    ("PUT", "/v1/agent/check/pass/service:web?note=fine", None),
    ("PUT", "/v1/agent/check/pass/service:web?note=still", None),
    (
        "PUT",
        "/v1/catalog/register",
        {"Node": "other", "Address": "10.0.0.1", "Service": {"Service": "api", "Port": 80, "Connect": {"Native": True}}},
    ),
    ("PUT", "/v1/catalog/deregister", {"Node": "test-node", "ServiceID": "web"}),
]

_READS = (
    *("/v1/kv/?recurse", "/v1/kv/a/b?keys", "/v1/session/list", "/v1/event/list", "/v1/agent/checks", "/v1/agent/services"),
    *("/v1/catalog/services", "/v1/health/state/any", "/v1/catalog/node/test-node", "/v1/catalog/service/api", "/v1/catalog/service/web"),
)


def _do(simulator: Simulator, method: str, target: str, body: Any, now: float) -> Any:
    path, _, text = target.partition("?")
    query = tuple((name, value or None) for name, _, value in (part.partition("=") for part in text.split("&") if part))
    sent = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    return _answer(simulator, Request(method, path, query, body=sent), now)


@pytest.mark.parametrize("moved", [0.0, -60.0, 1000.0])
@pytest.mark.parametrize("version", SIMULATED, ids=str)
def test_timers_continue_where_they_stood(version: Version, moved: float) -> None:
    """Sessions and TTLs expire, locks are delayed and the catalog is repaired at the same times, second by second."""
    one, now = Simulator(_SETTINGS[version]), 100.0
    for method, target, body in _LIFE:
        _do(one, method, target, body, now)
    holds = next(session.id for session in one._groups.sessions.sessions.values() if session.name == "holds")
    _do(one, "PUT", f"/v1/kv/lock?acquire={holds}", "v", now)
    _do(one, "PUT", f"/v1/session/destroy/{holds}", None, now + 1)
    other = Simulator(_SETTINGS[version])
    other.load(json.loads(json.dumps(one.dump())), now + 1 + moved)
    assert other.probes == one.probes != {}
    for _ in range(200):
        now += 1
        for target in _READS:
            assert _do(other, "GET", target, None, now + 1 + moved) == _do(one, "GET", target, None, now + 1), (target, now)
        due, others = one.next_deadline(), other.next_deadline()
        assert (due is None) is (others is None)
        for simulator, time in ((one, now + 1), (other, now + 1 + moved)):
            _do(simulator, "PUT", "/v1/session/create", {"Name": "new"}, time)
            new = list(simulator._groups.sessions.sessions)[-1]
            _do(simulator, "PUT", f"/v1/kv/lock?acquire={new}", "v", time)
            _do(simulator, "PUT", f"/v1/kv/lock?release={new}", "v", time)
            _do(simulator, "PUT", "/v1/event/fire/another", None, time)
    assert json.loads(_do(one, "GET", "/v1/agent/services", None, now + 1)[2]) == {}, "it was critical for long enough"


@pytest.mark.parametrize("version", SIMULATED, ids=str)
def test_the_date_of_a_token_moves_with_its_remaining_life(version: Version) -> None:
    """The token lives for as long after the load as it would have after the dump, and its date says so."""
    settings = replace(_SETTINGS[version], acls=True, management_token=MANAGES)
    one, other = (Simulator(replace(settings, since=since)) for since in (0.0, 1_000_000_000.0))
    token = _put_token(one, {"ExpirationTTL": "10m"}, 100.0)
    assert token["ExpirationTime"] == "1970-01-01T00:11:40Z"
    one.advance(300.0)
    other.load(json.loads(json.dumps(one.dump())), 0.0)
    request = Request("GET", "/v1/acl/token/self", headers=Headers([("X-Consul-Token", token["SecretID"])]))
    for now, status in ((0.0, 200), (399.0, 200), (400.0, 403)):
        other.advance(now)
        answer = _answer(other, request, now)
        assert answer[0] == status
        assert status != 200 or json.loads(answer[2])["ExpirationTime"] == "2001-09-09T01:53:20Z"


def test_the_last_possible_date_does_not_move() -> None:
    """No date is later than the last one of the year 9999, whatever the time between dump and load."""
    settings = replace(_SETTINGS[V1_22_5], acls=True, management_token=MANAGES)
    one, other = Simulator(settings), Simulator(settings)
    assert _put_token(one, {"ExpirationTime": "9999-12-31T23:59:59-01:00"}, 0.0)["ExpirationTime"] == "9999-12-31T23:59:59-01:00"
    other.load(json.loads(json.dumps(one.dump())), 1000.0)
    tokens = json.loads(_answer(other, Request("GET", "/v1/acl/tokens", headers=_AS_MANAGER), 1000.0)[2])
    assert [token["ExpirationTime"] for token in tokens if "ExpirationTime" in token] == ["9999-12-31T23:59:59Z"]


def _put_token(simulator: Simulator, given: dict[str, str], now: float) -> Any:
    return json.loads(_answer(simulator, Request("PUT", "/v1/acl/token", headers=_AS_MANAGER, body=json.dumps(given).encode()), now)[2])


def test_the_state_of_another_agent_is_refused() -> None:
    state = Simulator(Settings(node="one")).dump()
    for other in (Settings(node="two"), Settings(node="one", datacenter="east"), Settings(node="one", version=SIMULATED[0])):
        with pytest.raises(ValueError, match="the state was saved by one in dc1"):
            Simulator(other).load(state, 0.0)
