"""The agent's checks: TTLs, aliases, and how they reach the catalog.

https://developer.hashicorp.com/consul/api-docs/agent/check
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.agent.calls import DEREGISTER_WEB, NO_TOKEN, OWN_CHECK, OWN_READS, REGISTER_WEB, WRITES_ALL
from tests.simulator.differential.calls import (
    LOST,
    NOBODY,
    ONE,
    REGISTER_CHECK,
    REGISTER_SERVICE,
    Call,
    by,
    each_case,
    get,
    put,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, nodes

_REGISTER_CHECK = put("/v1/agent/check/register", {"Name": "c1", "TTL": "1h"})


_HTTP = "http://127.0.0.1:1"

#: Checks, most of which break a rule.
_RULES: tuple[dict[str, Any], ...] = (
    *(
        {"TTL": "1h", "FailuresBeforeCritical": critical, "FailuresBeforeWarning": warning}
        for critical, warning in ((2, 3), (-7, -5), (3, 3), (0, 1))
    ),
    {"TTL": "1h", "FailuresBeforeCritical": -5},
    *({"TTL": "1h", "OutputMaxSize": -1}, {"TTL": "1h", "Interval": "1h", "OutputMaxSize": -1}),
    *({"TTL": ttl} for ttl in ("0s", "-1s", 0, 10)),
    {"HTTP": _HTTP, "TTL": "1h"},
    *({"HTTP": _HTTP, "AliasService": "x", "Interval": interval} for interval in ("1h", "0s")),
)

#: Checks that are empty, or nearly so.
_EMPTY: tuple[dict[str, Any], ...] = (
    *({"TTL": "0s"}, {"TTL": "0s", "Notes": "", "Interval": 0}, {"Args": []}, {"ScriptArgs": []}),
    *({"Header": {}}, {"Notes": "x"}, {"TTL": "-1s"}),
)

CASES = {
    "Check comes before Checks of a service": [
        put(REGISTER_SERVICE, {"Name": "web", "Check": {"TTL": "10m", "Notes": "one"}, "Checks": [{"TTL": "10m", "CheckID": "c1"}]}),
        get("/v1/agent/checks"),
    ],
    "an empty check is ignored": [put(REGISTER_SERVICE, {"Name": "web", "Check": {}}), get("/v1/agent/checks")],
    "a check keeps the former name of its service": [
        put(REGISTER_SERVICE, {"Name": "web", "ID": "db", "Check": {"TTL": "10m"}}),
        put(REGISTER_SERVICE, {"Name": "db"}),
        get("/v1/health/checks/web"),
    ],
    "rules for the members of a check": [put(REGISTER_CHECK, {"Name": "c1", **check}) for check in _RULES],
    "an alias may have an interval, but no TTL": [
        call
        for times in (
            {"Interval": "1h"},
            {"Interval": "-1s"},
            {"TTL": "1h"},
            {"TTL": "1h", "Interval": "1h"},
            {"TTL": "0s"},
            {"TTL": "-1s"},
        )
        for call in (
            put(REGISTER_CHECK, {"Name": "c1", "AliasService": "x", **times}),
            put("/v1/agent/check/deregister/c1"),
        )
    ],
    "a check of several kinds has the first of them": [
        call
        for members in (
            {"TTL": "0s", "HTTP": "http://127.0.0.1:1"},
            {"TTL": "-1s", "TCP": "127.0.0.1:1"},
            {"HTTP": "http://127.0.0.1:1", "GRPC": "127.0.0.1:1"},
            {"TCP": "127.0.0.1:1", "Args": ["true"]},
            {"TCP": "127.0.0.1:1", "UDP": "127.0.0.1:1"},
        )
        for call in (
            put(REGISTER_CHECK, {"Name": "c1", "Interval": "1h", **members}),
            get("/v1/agent/checks"),
            put("/v1/agent/check/deregister/c1"),
        )
    ],
    "an empty check of a service is ignored, a TTL of 0s included": [
        call
        for check in _EMPTY
        for call in (
            put(REGISTER_SERVICE, {"Name": "web", "Check": check}),
            get("/v1/agent/checks"),
            put("/v1/agent/service/deregister/web"),
            put(REGISTER_SERVICE, {"Name": "web", "Checks": [check]}),
        )
    ],
    "OutputMaxSize limits what a program reports, in bytes": [
        call
        for limit, output in ((5, "0123456789"), (5, "üüü"), (5, "01234"), (0, "0" * 4097), (5000, "0" * 4097), (5000, "ü" * 2049))
        for call in (
            put(REGISTER_CHECK, {"Name": "c1", "TTL": "1h", "OutputMaxSize": limit}),
            put("/v1/agent/check/update/c1", {"Status": "passing", "Output": output}),
            get("/v1/agent/checks"),
            put("/v1/agent/check/fail/c1", None, ("note", output)),
            get("/v1/agent/checks"),
            put("/v1/agent/check/deregister/c1"),
        )
    ],
    "a missing name is found before an invalid status": [put(REGISTER_CHECK, {"TTL": "10m", "Status": "well"})],
    "a check that a registration has twice": [
        call
        for service in (
            {"Check": OWN_CHECK, "Checks": [OWN_CHECK]},
            {"Checks": [OWN_CHECK, {**OWN_CHECK, "Name": "x"}]},
            {"Checks": [{**OWN_CHECK, "Status": "passing"}, OWN_CHECK]},
            {"Checks": [OWN_CHECK, {**OWN_CHECK, "Status": "passing"}]},
        )
        for call in (
            put(REGISTER_SERVICE, {"Name": "web"}),
            put(REGISTER_SERVICE, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
            put(REGISTER_SERVICE, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
}


ACL_CASES = {
    "a check's status is written to the catalog with the token that registered it": [
        *WRITES_ALL,
        *by(_REGISTER_CHECK, ONE),
        *(NO_TOKEN, put("/v1/agent/check/pass/c1"), *OWN_READS, put("/v1/agent/check/deregister/c1"), *OWN_READS),
        *(_REGISTER_CHECK, *OWN_READS, put("/v1/agent/check/deregister/c1"), *OWN_READS),
    ],
    "a check of another token is deregistered by itself if its service may not be": [
        *WRITES_ALL,
        *by(REGISTER_WEB, ONE),
        put("/v1/agent/check/register", {"Name": "c2", "TTL": "1h", "ServiceID": "web"}),
        *(
            NO_TOKEN,
            put("/v1/agent/check/pass/c2"),
            *OWN_READS,
            DEREGISTER_WEB,
            *OWN_READS,
            REGISTER_WEB,
            DEREGISTER_WEB,
            *OWN_READS,
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
