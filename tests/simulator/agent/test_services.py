"""The agent's services: registration, maintenance, and how they reach the catalog.

https://developer.hashicorp.com/consul/api-docs/agent/service
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_9
from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, delete, each_case, get, put, with_rules
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent

_REGISTER, _DEREGISTER, _TXN = "/v1/catalog/register", "/v1/catalog/deregister", "/v1/txn"
_REGISTER_OWN, _OWN_CHECK = "/v1/agent/service/register", {"TTL": "10m", "CheckID": "c1"}
_SERVICE, _CHECK = "/v1/agent/service/register", "/v1/agent/check/register"
_READS_SERVICES = with_rules(0, 'service_prefix "" { policy = "read" }')
_SOME_RIGHTS = with_rules(
    1,
    """
    service "web" { policy = "write" }
    service "b" { policy = "read" intentions = "write" }
    key "{p}a" { policy = "read" }
    """,
)
_TOKENS = [*_READS_SERVICES, *_SOME_RIGHTS]
_WRITES_ALL = with_rules(0, 'service_prefix "" { policy = "write" } node_prefix "" { policy = "write" }')
_NO_TOKEN, _NO_RIGHTS = delete("/v1/acl/token/{t0}"), put("/v1/acl/token/{t0}", {})
_OWN_READS = [get(f"/v1/{path}") for path in ("catalog/node-services/test-node", "health/node/test-node")]
_REGISTER_WEB, _DEREGISTER_WEB = (
    put("/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h"}}),
    put("/v1/agent/service/deregister/web"),
)


def nodes(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["Node"] if isinstance(entry["Node"], str) else entry["Node"]["Node"] for entry in entries]


CASES = {
    "an address is shown by its kind": [
        put(_SERVICE, {"Name": "web", "Address": "::1", "Port": 80}),
        get("/v1/agent/service/web"),
        put(_SERVICE, {"Name": "web", "Address": "web.test", "Port": 80}),
        get("/v1/agent/service/web"),
    ],
    "weights are checked before metadata": [put(_SERVICE, {"Name": "web", "Weights": {"Passing": 0}, "Meta": {"": "x"}})],
    "unknown services and checks are refused in the words of each version": [
        *(put(f"/v1/agent/{path}", None, ("enable", "true")) for path in ("service/deregister/x", "service/maintenance/x", "check/pass/x")),
        *(get(f"/v1/agent/health/service/{how}", ("format", "text")) for how in ("id/x", "name/x", "id/", "name/")),
    ],
    "since 1.9 the agent assumes that the catalog has what it knows": [
        call
        for lost in ({"CheckID": "c1"}, {"ServiceID": "web"})
        for again in (
            put(_REGISTER_OWN, {"Name": "web", "Check": _OWN_CHECK}),
            put(_REGISTER_OWN, {"Name": "web", "Check": {**_OWN_CHECK, "TTL": "20m"}}),
            put(_REGISTER_OWN, {"Name": "web", "Check": {**_OWN_CHECK, "Notes": "x"}}),
            put(_REGISTER_OWN, {"Name": "web", "Port": 1, "Check": _OWN_CHECK}),
            put(_REGISTER_OWN, {"Name": "web", "Checks": [_OWN_CHECK, {**_OWN_CHECK, "CheckID": "c2"}]}),
            put("/v1/agent/check/register", {"Name": "c3", "TTL": "10m", "ServiceID": "web"}),
            put("/v1/agent/check/pass/c1"),
        )
        for call in (
            put(_REGISTER_OWN, {"Name": "web", "Check": _OWN_CHECK}),
            put(_DEREGISTER, {"Node": "test-node", **lost}),
            again,
            get("/v1/health/node/test-node"),
            get("/v1/catalog/node-services/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
}


ACL_CASES = {
    "1.8 deregisters a service with the token that registered it": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        *(_NO_TOKEN, _DEREGISTER_WEB, *_OWN_READS, _REGISTER_WEB, *_OWN_READS, _DEREGISTER_WEB, *_OWN_READS),
    ],
    "1.8 does not deregister a service whose token lost its rights": [
        *_WRITES_ALL,
        *by(_REGISTER_WEB, ONE),
        *(
            _NO_RIGHTS,
            _DEREGISTER_WEB,
            *_OWN_READS,
            put("/v1/agent/service/register", {"Name": "db"}),
            *_OWN_READS,
            _REGISTER_WEB,
            _DEREGISTER_WEB,
            *_OWN_READS,
        ),
    ],
    "1.8 names the missing right for a change of the agent": [
        *_TOKENS,
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h"}), ONE, NOBODY),
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h", "ServiceID": "nothing"}), ONE, LOST),
        put("/v1/agent/service/register", {"Name": "db"}),
        *by(put("/v1/agent/check/register", {"ID": "c2", "Name": "c2", "TTL": "1h", "ServiceID": "db"}), ONE, NOBODY),
        *by(put("/v1/agent/service/deregister/db"), ONE, NOBODY),
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


def test_a_service_is_deregistered_after_its_critical_time_of_at_least_a_minute(agent: SimulatedAgent) -> None:
    for name, patience in (("soon", "1s"), ("later", "2m")):
        check = {"TTL": "1h", "DeregisterCriticalServiceAfter": patience}
        agent.put("/v1/agent/service/register", {"Name": name, "Check": check})
    agent.advance(59)
    assert [*agent.get("/v1/agent/services")] == ["later", "soon"]
    agent.advance(2)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.put("/v1/agent/check/pass/service:later")
    agent.put("/v1/agent/check/fail/service:later")
    agent.advance(119)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.advance(2)
    assert agent.get("/v1/agent/services") == {}


def test_since_1_9_a_known_service_is_written_again_only_at_the_next_repair(agent: SimulatedAgent) -> None:
    """Since 1.9; before, whatever is registered is written."""

    def is_there() -> bool:
        return bool(agent.get("/v1/catalog/service/web"))

    service = {"Name": "web", "Check": {"TTL": "1h", "CheckID": "c"}}
    agent.put("/v1/agent/service/register", service)
    agent.put("/v1/catalog/deregister", {"Node": "consul", "ServiceID": "web"})
    agent.put("/v1/agent/service/register", service)
    assert is_there() == (agent.simulator.settings.version < V1_9)
    agent.advance(61)
    assert is_there()
    assert [check["CheckID"] for check in agent.get("/v1/health/checks/web")] == ["c"]


def test_a_service_is_deregistered_with_a_check_that_expires_at_the_same_time(agent: SimulatedAgent) -> None:
    checks = ({"TTL": "1s", "Status": "passing", "DeregisterCriticalServiceAfter": "1m"}, {"TTL": "61s", "Status": "passing"})
    agent.put("/v1/agent/service/register", {"Name": "web", "Checks": checks})
    agent.advance(61)
    assert agent.get("/v1/agent/services") == agent.get("/v1/agent/checks") == {}
    agent.advance(1000)
    assert agent.get("/v1/health/checks/web") == []


def test_maintenance_mode_is_a_critical_check(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web"})
    agent.put("/v1/agent/service/register", {"Name": "db"})
    agent.put("/v1/agent/service/maintenance/web?enable=true&reason=new%20disk")
    assert (agent.get("/v1/health/service/web?passing"), nodes(agent.get("/v1/health/service/db?passing"))) == ([], ["consul"])
    assert agent.answer("GET", "/v1/agent/health/service/id/web").status == 503
    agent.put("/v1/agent/service/maintenance/web?enable=false")
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["consul"]
    agent.put("/v1/agent/maintenance?enable=true")
    assert agent.get("/v1/health/service/db?passing") == []


def test_the_agent_restores_its_tags_unless_others_may_override_them(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Tags": ["own"]})
    agent.put("/v1/agent/service/register", {"Name": "free", "Tags": ["own"], "EnableTagOverride": True})
    for name in ("web", "free"):
        agent.put("/v1/catalog/register", {"Node": "consul", "Address": "127.0.0.1", "Service": {"Service": name, "Tags": ["theirs"]}})
    agent.advance(61)
    assert [agent.get(f"/v1/catalog/service/{name}")[0]["ServiceTags"] for name in ("web", "free")] == [["own"], ["theirs"]]
