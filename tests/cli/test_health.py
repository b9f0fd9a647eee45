"""`consulate health`: what is unhealthy, by node and service, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from consulate import Consul
from tests.agents import Binary, await_catalog, find_binaries, find_dev_versions, start_agent, start_dev
from tests.cli.program import Shell


@pytest.fixture
def no_services(consul: Consul) -> Iterator[None]:
    """Remove what a test has registered."""
    yield
    consul.agent.maintenance(enable=False)
    for check in consul.agent.checks():
        consul.agent.check.deregister(check["CheckID"])
    for service in consul.agent.services():
        consul.agent.service.deregister(service["ID"])


@pytest.mark.usefixtures("no_services")
def test_nothing_is_unhealthy(shell: Shell, consul: Consul) -> None:
    consul.agent.service.register("web", ttl="1h")
    consul.agent.check.ttl_pass("service:web")
    await_catalog(shell.agent)
    assert shell.run("health").out == b""
    assert shell.run("health", "--json").out == b"[]\n"
    assert b"nothing is unhealthy" in shell.type("health").out


@pytest.mark.usefixtures("no_services")
def test_each_check_that_does_not_pass_is_shown(shell: Shell, consul: Consul) -> None:
    for service in ("web", "db"):
        consul.agent.service.register(service, f"{service}-1", ttl="1h")
        consul.agent.check.ttl_pass(f"service:{service}-1")
    await_catalog(shell.agent)  # an agent writes a change of the output alone only later
    consul.agent.check.ttl_warn("service:web-1", "slow\nand late")
    consul.agent.check.ttl_fail("service:db-1", "gone")
    consul.agent.check.register("disk", ttl="1h")
    consul.agent.check.ttl_pass("disk")
    await_catalog(shell.agent)
    index = {check["ServiceID"]: check["ModifyIndex"] for check in consul.health.state("any")}
    node = shell.agent.node_name
    assert shell.run("health", code=1).lines == [
        f"{node}\tdb (db-1)\tService 'db' check\tcritical\t{index['db-1']}\tgone",
        f"{node}\tweb (web-1)\tService 'web' check\twarning\t{index['web-1']}\tslow and late",
    ]
    documents = json.loads(shell.run("health", "--json", code=1).out)
    assert [(each["ServiceID"], each["Status"], each["Output"]) for each in documents] == [
        ("db-1", "critical", "gone"),
        ("web-1", "warning", "slow\nand late"),
    ]
    table = shell.type("health", code=1).text
    assert "Changed at" in table
    assert table.count(node) == 1


@pytest.mark.usefixtures("no_services")
def test_maintenance_shows_its_reason(shell: Shell, consul: Consul) -> None:
    consul.agent.maintenance(reason="new disk")
    await_catalog(shell.agent)
    (line,) = shell.run("health", code=1).lines
    cells = line.split("\t")
    assert (cells[1], cells[3], cells[5]) == ("", "critical", "new disk")


@pytest.mark.parametrize(
    "kind", [*find_dev_versions(), *find_binaries()], ids=lambda kind: kind if isinstance(kind, str) else f"Consul {kind.version}"
)
def test_what_may_not_be_read_is_not_called_healthy(kind: str | Binary) -> None:
    with start_dev(kind, acls=True) if isinstance(kind, str) else start_agent(kind, acls=True) as agent:
        assert "without a token" in Shell(agent).run("health", code=4).err
        token = str(agent.management_token)
        with Consul(agent.host, agent.port, token=token) as consul:
            consul.agent.service.register("web", ttl="1h")
            consul.agent.maintenance()
            await_catalog(agent)
            policy = consul.acl.policy.create("nodes", rules='node_prefix "" { policy = "read" }')
            reader = consul.acl.token.create(policies=[{"ID": policy["ID"]}])["SecretID"]
            nobody = consul.acl.token.create()["SecretID"]
        assert len(Shell(agent, {"CONSUL_HTTP_TOKEN": token}).run("health", code=1).lines) == 2
        says_filtered = agent.version != "1.8.7"
        seen = Shell(agent, {"CONSUL_HTTP_TOKEN": reader}).run("health", code=1)
        assert len(seen.lines) == 1
        assert seen.err.startswith("Warning: ") == says_filtered
        Shell(agent, {"CONSUL_HTTP_TOKEN": nobody}).run("health", code=4 if says_filtered else 0)
