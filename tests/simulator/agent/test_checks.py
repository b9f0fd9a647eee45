"""The agent's checks: TTLs, aliases, and how they reach the catalog.

https://developer.hashicorp.com/consul/api-docs/agent/check
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, delete, each_case, get, put, with_rules
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent

_REGISTER_OWN, _OWN_CHECK = "/v1/agent/service/register", {"TTL": "10m", "CheckID": "c1"}
_SERVICE, _CHECK = "/v1/agent/service/register", "/v1/agent/check/register"
_WRITES_ALL = with_rules(0, 'service_prefix "" { policy = "write" } node_prefix "" { policy = "write" }')
_NO_TOKEN, _NO_RIGHTS = delete("/v1/acl/token/{t0}"), put("/v1/acl/token/{t0}", {})
_OWN_READS = [get(f"/v1/{path}") for path in ("catalog/node-services/test-node", "health/node/test-node")]
_REGISTER_WEB, _DEREGISTER_WEB = (
    put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h"}}),
    put("/v1/agent/service/deregister/web"),
)
_REGISTER_CHECK = put("/v1/agent/check/register", {"Name": "c1", "TTL": "1h"})


def nodes(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["Node"] if isinstance(entry["Node"], str) else entry["Node"]["Node"] for entry in entries]


CASES = {
    "Check comes before Checks of a service": [
        put(_SERVICE, {"Name": "web", "Check": {"TTL": "10m", "Notes": "one"}, "Checks": [{"TTL": "10m", "CheckID": "c1"}]}),
        get("/v1/agent/checks"),
    ],
    "an empty check is ignored": [put(_SERVICE, {"Name": "web", "Check": {}}), get("/v1/agent/checks")],
    "a check keeps the former name of its service": [
        put(_SERVICE, {"Name": "web", "ID": "db", "Check": {"TTL": "10m"}}),
        put(_SERVICE, {"Name": "db"}),
        get("/v1/health/checks/web"),
    ],
    "a missing name is found before an invalid status": [put(_CHECK, {"TTL": "10m", "Status": "well"})],
    "a check that a registration has twice": [
        call
        for service in (
            {"Check": _OWN_CHECK, "Checks": [_OWN_CHECK]},
            {"Checks": [_OWN_CHECK, {**_OWN_CHECK, "Name": "x"}]},
            {"Checks": [{**_OWN_CHECK, "Status": "passing"}, _OWN_CHECK]},
            {"Checks": [_OWN_CHECK, {**_OWN_CHECK, "Status": "passing"}]},
        )
        for call in (
            put(_REGISTER_OWN, {"Name": "web"}),
            put(_REGISTER_OWN, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
            put(_REGISTER_OWN, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
}


ACL_CASES = {
    "a check's status is written to the catalog with the token that registered it": [
        *_WRITES_ALL,
        *by(_REGISTER_CHECK, ONE),
        *(_NO_TOKEN, put("/v1/agent/check/pass/c1"), *_OWN_READS, put("/v1/agent/check/deregister/c1"), *_OWN_READS),
        *(_REGISTER_CHECK, *_OWN_READS, put("/v1/agent/check/deregister/c1"), *_OWN_READS),
    ],
    "a check of another token is deregistered by itself if its service may not be": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        put("/v1/agent/check/register", {"Name": "c2", "TTL": "1h", "ServiceID": "web"}),
        *(
            _NO_TOKEN,
            put("/v1/agent/check/pass/c2"),
            *_OWN_READS,
            _DEREGISTER_WEB,
            *_OWN_READS,
            _REGISTER_WEB,
            _DEREGISTER_WEB,
            *_OWN_READS,
        ),
    ],
    "the agent checks the token before it looks for a check or a service": [
        *(call for verb in ("deregister", "pass", "warn", "fail") for call in by(put(f"/v1/agent/check/{verb}/nothing"), LOST, NOBODY)),
        *by(put("/v1/agent/check/update/nothing", {"Status": "passing"}), LOST, NOBODY),
        *(call for path in ("service/nothing", "health/service/id/nothing") for call in by(get(f"/v1/agent/{path}"), LOST, NOBODY)),
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


def test_a_check_turns_critical_when_its_ttl_ends(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "10s", "Status": "passing"}})
    agent.advance(9)
    agent.put("/v1/agent/check/pass/service:web")
    agent.advance(9)
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["consul"]
    agent.advance(2)
    (check,) = agent.get("/v1/health/checks/web")
    assert (check["Status"], check["Output"]) == ("critical", "TTL expired")


def test_a_check_that_is_registered_again_keeps_its_status(agent: SimulatedAgent) -> None:
    given = {"Name": "alive", "TTL": "1h"}
    agent.put("/v1/agent/check/register", given)
    agent.put("/v1/agent/check/pass/alive")
    agent.put("/v1/agent/check/register", given)
    assert agent.get("/v1/agent/checks")["alive"]["Status"] == "passing"


def test_a_check_without_a_ttl_refuses_a_status(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/check/register", {"Name": "alive", "TCP": "127.0.0.1:1", "Interval": "1h"})
    assert agent.refusal("PUT", "/v1/agent/check/pass/alive") == (500, 'CheckID "alive" does not have associated TTL')


def test_an_alias_follows_its_service(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h", "Status": "passing"}})
    agent.put("/v1/agent/service/register", {"Name": "door", "Check": {"AliasService": "web"}})
    states = []
    for verb in ("warn", "fail", "pass"):
        agent.put(f"/v1/agent/check/{verb}/service:web")
        states.append(agent.get("/v1/health/checks/door")[0]["Status"])
    assert states == ["warning", "critical", "passing"]
