"""The health of nodes and services.

https://developer.hashicorp.com/consul/api-docs/health
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, ONE, OTHER, Call, by, each_case, get, with_rules
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent

_EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)
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


def register(agent: SimulatedAgent, node: str, service: str = "", **more: Any) -> None:
    """Register a node, and a service on it."""
    own = {"Service": {"Service": service, **more.pop("Service", {})}} if service else {}
    agent.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", **own, **more})


def nodes(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["Node"] if isinstance(entry["Node"], str) else entry["Node"]["Node"] for entry in entries]


ACL_CASES = {
    "proxies and gateways of a service need the right to read it": [
        *_TOKENS,
        *(
            call
            for path in ("health/ingress/web", "health/connect/web", "catalog/connect/web")
            for call in by(get(f"/v1/{path}"), *_EVERYBODY)
        ),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_an_instance_passes_with_all_of_its_checks_and_those_of_its_node(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Checks=[{"Name": f"c{number}", "ServiceID": "web", "Status": "passing"} for number in range(2)])
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["n"]
    register(agent, "n", Check={"Name": "c1", "ServiceID": "web", "Status": "warning"})
    assert agent.get("/v1/health/service/web?passing") == []
    register(agent, "n", Checks=[{"Name": "c1", "ServiceID": "web", "Status": "passing"}, {"Name": "disk", "Status": "critical"}])
    assert agent.get("/v1/health/service/web?passing") == []
    assert [check["CheckID"] for check in agent.get("/v1/health/service/web")[0]["Checks"]] == ["disk", "c0", "c1"]
