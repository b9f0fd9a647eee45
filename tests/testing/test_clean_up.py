"""After a test on a real agent, its writes are undone, and nothing from before is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from consul_proto.message import Request
from consul_proto.types.catalog import CatalogCheckRegistration
from consulate import Consul
from consulate.exceptions import NotFound
from consulate.testing import ConsulAgent
from consulate.testing.real import RealAgent
from tests.agents import Binary, find_binaries, find_dev_versions, require_binary, start_agent, start_dev

_SERVED: list[Binary | str | None] = [*find_dev_versions(), *(find_binaries() or (None,))]


@pytest.fixture(
    scope="module", params=_SERVED, ids=lambda served: f"dev {served}" if isinstance(served, str) else str(served and served.version)
)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of `consulate dev`, or of a real agent."""
    served = request.param
    running = start_dev(served) if isinstance(served, str) else start_agent(require_binary(served), acls=False)
    with running as agent:
        yield f"http://{agent.host}:{agent.port}"


@pytest.fixture
def agent(url: str) -> RealAgent:
    """The agent of a test. Another client wrote to it before."""
    with Consul(url) as consul:
        consul.kv["folder/precious"] = "mine"
        consul.catalog.register("old", "10.0.0.1", service={"Service": "db", "Port": 1})
        consul.catalog.register("bare", "10.0.0.2")
    return RealAgent(url, skip=pytest.skip)


def test_undoing_a_key_that_ends_with_a_slash_deletes_only_that_key(url: str, agent: RealAgent) -> None:
    with agent.client() as consul:
        consul.kv.put("folder/", "")
    agent.clean_up()
    with Consul(url) as consul:
        assert consul.kv.find("folder") == {"folder/precious": "mine"}


def test_a_node_that_existed_before_keeps_its_services_and_checks(url: str, agent: RealAgent) -> None:
    check: CatalogCheckRegistration = {"Name": "c", "Status": "passing"}
    with agent.client() as consul:
        consul.catalog.register("old", "10.0.0.1", service={"Service": "cache", "Port": 2})
        consul.catalog.register("old", "10.0.0.1", check=check)
        consul.catalog.register("bare", "10.0.0.2")
        consul.catalog.register("bare", "10.0.0.2", service={"Service": "cache", "Port": 2})
        consul.catalog.register("new", "10.0.0.3", service={"Service": "cache", "Port": 2})
        consul.catalog.register("new", "10.0.0.3", check=check)
        consul.catalog.register("empty", "10.0.0.4")
    agent.clean_up()
    with Consul(url) as consul:
        assert [*consul.catalog.node("old")["Services"]] == ["db"]
        assert consul.health.node("old") == []
        assert consul.catalog.node("bare")["Services"] == {}
        for name in ("new", "empty"):
            with pytest.raises(NotFound):
                consul.catalog.node(name)


def test_refused_writes_and_reads_are_not_undone(url: str, agent: RealAgent) -> None:
    def transaction(*steps: dict[str, object]) -> None:
        request = Request("PUT", "/v1/txn", body=json.dumps([{"KV": step} for step in steps]).encode())
        consul._transport.send(request, None)

    with Consul(url) as other:
        other.agent.service.register("mine", port=1)
    with agent.client() as consul:
        assert not consul.kv.put("folder/precious", "x", cas=0)
        transaction({"Verb": "get", "Key": "folder/precious"})
        transaction({"Verb": "set", "Key": "folder/precious", "Value": "eA=="}, {"Verb": "get", "Key": "absent"})
        bad = {"Name": "mine", "Check": {"Interval": "soon"}}
        for path, body in (("/v1/agent/service/register", bad), ("/v1/catalog/register", {"Node": "old", "Service": {"Service": "db"}})):
            answer = consul._transport.send(Request("PUT", path, body=json.dumps(body).encode()), None)
            assert answer.status in (400, 500)
    agent.clean_up()
    with Consul(url) as other:
        assert other.kv["folder/precious"] == "mine"
        assert [*other.catalog.node("old")["Services"]] == ["db"]
        assert "mine" in [service["Service"] for service in other.agent.services()]


def test_a_node_of_a_named_datacenter_is_deregistered_there(url: str, agent: RealAgent) -> None:
    with agent.client() as consul:
        consul.catalog.register("there", "10.0.0.5", datacenter="dc1", service={"Service": "cache", "Port": 2})
    agent.clean_up()
    with Consul(url) as other, pytest.raises(NotFound):
        other.catalog.node("there")


def test_a_real_agent_has_the_methods_of_consul_agent() -> None:
    def public(what: type) -> set[str]:
        return {name for name in dir(what) if not name.startswith("_")}

    made = {*public(ConsulAgent), *vars(ConsulAgent())}
    assert public(RealAgent) - {"clean_up"} == {name for name in made if not name.startswith("_")}
