"""Anti-entropy: the agent repairs the catalog.

https://developer.hashicorp.com/consul/docs/architecture/anti-entropy
"""

from __future__ import annotations

from consulate.testing import ConsulAgent


def test_a_service_that_others_deregistered_is_restored() -> None:
    agent = ConsulAgent()
    with agent.client() as consul:
        consul.agent.service.register("web", port=80, ttl="1h")
        consul.catalog.deregister("consul", service_id="web")
        assert consul.health.service("web") == []
        agent.advance(61)
        (entry,) = consul.health.service("web")
        assert (entry["Service"]["Port"], [check["CheckID"] for check in entry["Checks"]]) == (80, ["serfHealth", "service:web"])


def test_a_service_that_others_registered_on_its_node_is_removed() -> None:
    agent = ConsulAgent()
    with agent.client() as consul:
        consul.catalog.register("consul", "127.0.0.1", service={"Service": "stranger"})
        consul.catalog.register("other", "10.0.0.1", service={"Service": "stranger"})
        agent.advance(61)
        assert [entry["Node"] for entry in consul.catalog.service("stranger")] == ["other"]


def test_a_new_output_alone_is_written_later() -> None:
    agent = ConsulAgent()
    with agent.client() as consul:
        consul.agent.check.register("alive", ttl="1h", status="passing")
        consul.agent.check.ttl_pass("alive", note="still")
        assert [check["Output"] for check in consul.agent.checks()] == ["still"]
        assert [check["Output"] for check in consul.health.node("consul") if check["CheckID"] == "alive"] == [""]
        agent.advance(450)
        assert [check["Output"] for check in consul.health.node("consul") if check["CheckID"] == "alive"] == ["still"]
