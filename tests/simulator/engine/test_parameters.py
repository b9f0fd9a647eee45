"""The parameters that calls share, in the simulator alone; test_shared_parameters.py compares them with real agents."""

from __future__ import annotations

import pytest

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator.engine.versions import SIMULATED, V1_22_5
from tests.simulator.simulated_agent import SimulatedAgent

_KV, _HEALTH, _NODES = "/v1/kv/a", "/v1/health/service/web", "/v1/catalog/nodes"


def refused(agent: SimulatedAgent, path: str, name: str, value: str) -> str:
    """Return the text of the refusal of a header, "" if it is not refused."""
    answer = agent.simulator.handle(Request("GET", path, headers=Headers([(name, value)])), 0.0)
    assert isinstance(answer, Response)
    assert answer.status in (200, 400, 404)
    return answer.body.decode() if answer.status == 400 else ""


@pytest.mark.parametrize("path", [_KV, _HEALTH, "/v1/agent/services", "/v1/session/list"])
def test_a_namespace_is_refused_unless_it_is_empty(agent: SimulatedAgent, path: str) -> None:
    why = "Namespaces are a Consul Enterprise feature"
    status, said = agent.refusal("GET", f"{path}?ns=default")
    assert (status, said.removeprefix("Bad request: ")) == (400, f'Invalid query parameter: "ns" - {why}')
    assert refused(agent, path, "X-Consul-Namespace", "default").endswith(f'Invalid header: "X-Consul-Namespace" - {why}')
    assert refused(agent, path, "X-Consul-Namespace", "") == ""
    assert agent.answer("GET", f"{path}?ns=").status in (200, 404)


def test_a_partition_is_refused_since_1_11() -> None:
    old, new = (SimulatedAgent(version=version) for version in SIMULATED)
    for path in (_KV, _HEALTH, _NODES):
        why = "Partitions are a Consul Enterprise feature"
        assert new.refusal("GET", f"{path}?partition=p") == (400, f'Invalid query parameter: "partition" - {why}')
        assert refused(new, path, "X-Consul-Partition", "p") == f'Invalid header: "X-Consul-Partition" - {why}'
        assert old.answer("GET", f"{path}?partition=p").status in (200, 404)


def test_nodes_have_no_namespace(agent: SimulatedAgent) -> None:
    assert agent.answer("GET", f"{_NODES}?ns=team").status == 200


def test_a_sameness_group_is_refused() -> None:
    agent = SimulatedAgent(version=V1_22_5)
    assert agent.refusal("GET", f"{_HEALTH}?sg=g") == (500, "sameness groups are not supported in consul CE")


def test_another_cluster_has_no_instances() -> None:
    agent = SimulatedAgent(version=V1_22_5)
    agent.put("/v1/agent/service/register", {"Name": "web"})
    for path in (_HEALTH, "/v1/catalog/service/web"):
        assert len(agent.get(path)) == 1
        assert agent.get(f"{path}?peer=other") == []


@pytest.mark.parametrize("query", ["stale&consistent", "cached&consistent", "index=1&wait=x", "index=x"])
def test_writes_refuse_invalid_waits_too(agent: SimulatedAgent, query: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert agent.refusal(method, f"{_KV}?{query}", None if method == "GET" else b"v")[0] == 400
    assert agent.get(_KV) is None


def test_health_checks_the_namespace_first_and_keys_the_wait(agent: SimulatedAgent) -> None:
    assert "Namespaces" in agent.refusal("GET", f"{_HEALTH}?ns=a&index=1&wait=x")[1]
    assert agent.refusal("GET", f"{_KV}?ns=a&index=1&wait=x")[1] == "Invalid wait time"


@pytest.mark.parametrize("call", [f"GET {_KV}", f"PUT {_KV}", "GET /v1/status/leader", "GET /v1/query", "GET /v1/connect/intentions"])
def test_another_datacenter_is_refused(agent: SimulatedAgent, call: str) -> None:
    method, path = call.split()
    assert agent.refusal(method, f"{path}?dc=elsewhere", b"v" if method == "PUT" else None) == (500, "No path to datacenter")


def test_a_registration_goes_to_the_datacenter_in_its_body(agent: SimulatedAgent) -> None:
    given = {"Node": "n", "Address": "10.0.0.1"}
    assert agent.put("/v1/catalog/register?dc=elsewhere", given) is True
    assert agent.refusal("PUT", "/v1/catalog/register", {**given, "Datacenter": "elsewhere"}) == (500, "No path to datacenter")


def test_unknown_endpoints_are_not_found_and_those_not_simulated_answer_501(agent: SimulatedAgent) -> None:
    for path in ("/v1/agent/nothing", "/v1/kvs", "/v1/internal/ui", "/v1/operator/license", "/v1/namespaces"):
        assert agent.answer("GET", path).status == 404
    for path in ("/v1/discovery-chain/web", "/v1/internal/ui/nodes", "/v1/connect/ca/configuration"):
        assert agent.refusal("GET", path) == (501, f"the simulator does not know GET {path}")


def test_an_invalid_filter_of_checks_is_refused_when_there_is_a_check(agent: SimulatedAgent) -> None:
    path = '/v1/agent/checks?filter=ServiceTags%20==%20"a"'
    assert agent.get(path) == {}
    agent.put("/v1/agent/check/register", {"Name": "c", "TTL": "10m"})
    assert agent.refusal("GET", path) == (500, 'Invalid match operator "Equal" for selector "ServiceTags"')
