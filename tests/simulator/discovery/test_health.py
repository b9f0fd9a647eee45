"""The health of nodes and services.

https://developer.hashicorp.com/consul/api-docs/health
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import EVERYBODY, TWO_TOKENS, Call, by, each_case, get
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, nodes, register

ACL_CASES = {
    "proxies and gateways of a service need the right to read it": [
        *TWO_TOKENS,
        *(
            call
            for path in ("health/ingress/web", "health/connect/web", "catalog/connect/web")
            for call in by(get(f"/v1/{path}"), *EVERYBODY)
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
