"""Agent, with Agent.Check and Agent.Service."""

from __future__ import annotations

from typing import Any

import pytest

import consulate
from consulate.exceptions import ConsulateException
from tests.conformance.table import row
from tests.conformance.world import World


async def _status(client: Any, check_id: str) -> str:
    return next(str(check["Status"]) for check in await client.agent.checks() if check["CheckID"] == check_id)


@row("Agent.__init__", "Create a new instance of the Agent class")
async def agent_on_its_own(client: Any, world: World) -> None:
    agent = consulate.api.agent.Agent(*world.standalone_arguments)
    assert [member["Name"] for member in agent.members()] == [world.agent.node_name]
    assert isinstance(agent.check, consulate.api.agent.Agent.Check)
    assert isinstance(agent.service, consulate.api.agent.Agent.Service)


@row("Agent.Check.__init__", "class Check(uri, adapter, datacenter=None, token=None)")
async def check_on_its_own(client: Any, world: World) -> None:
    name = world.name()
    assert consulate.api.agent.Agent.Check(*world.standalone_arguments).register(name, ttl="10s") is True
    await client.agent.check.deregister(name)


@row("Agent.Service.__init__", "class Agent.Service(uri, adapter, datacenter=None, token=None)")
async def service_on_its_own(client: Any, world: World) -> None:
    name = world.name()
    assert consulate.api.agent.Agent.Service(*world.standalone_arguments).register(name) is True
    await client.agent.service.deregister(name)


@row("Agent.Check.register", "The name field is mandatory, as is either script and interval, http and interval or ttl.")
async def check_register(client: Any, world: World) -> None:
    name = world.name("check")
    assert await client.agent.check.register(name, None, None, None, "10s", "a note") is True
    assert await client.agent.check.register("c", check_id=name + "-http", http="http://127.0.0.1:9/", interval=60, notes="n") is True
    assert await client.agent.check.register(name, script="exit 0", check_id=name + "-script", interval="60s") is True
    checks = {check["CheckID"]: check for check in await client.agent.checks()}
    assert (checks[name]["Name"], checks[name]["Notes"], checks[name]["Status"]) == (name, "a note", "critical")
    assert checks[name + "-http"]["Name"] == "c"
    for bad in ({}, {"ttl": "10s", "http": "http://127.0.0.1", "interval": 1}, {"script": "true"}, {"http": "http://127.0.0.1"}):
        with pytest.raises(ValueError, match="check"):
            await client.agent.check.register(name, **bad)
    for check_id in (name, name + "-http", name + "-script"):
        await client.agent.check.deregister(check_id)


@row("Agent.Check.deregister", "Remove a check from the local agent.")
async def check_deregister(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl=10)
    assert await client.agent.check.deregister(check_id=name) is True
    assert name not in [check["CheckID"] for check in await client.agent.checks()]
    with pytest.raises(ConsulateException, match=name):
        await client.agent.check.deregister(name)


@row("Agent.Check.ttl_pass", "the status of the check is set to “passing”, and the TTL clock is reset.")
async def ttl_pass(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl="30s")
    assert await client.agent.check.ttl_pass(check_id=name) is True
    assert await _status(client, name) == "passing"
    with pytest.raises(ConsulateException, match="Unknown check|CheckID"):
        await client.agent.check.ttl_pass(world.name("missing"))
    await client.agent.check.deregister(name)


@row("Agent.Check.ttl_warn", "the status of the check is set to “warning”, and the TTL clock is reset.")
async def ttl_warn(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl="30s")
    assert await client.agent.check.ttl_warn(check_id=name) is True
    assert await _status(client, name) == "warning"
    await client.agent.check.deregister(name)


@row("Agent.Check.ttl_fail", "the status of the check is set to “critical”, and the TTL clock is reset.")
async def ttl_fail(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl="30s")
    await client.agent.check.ttl_pass(name)
    assert await client.agent.check.ttl_fail(check_id=name) is True
    assert await _status(client, name) == "critical"
    await client.agent.check.deregister(name)


@row("Agent.Service.register", "httpcheck (str) – An URL to check every interval")
async def service_register(client: Any, world: World) -> None:
    name = world.name("svc")
    register = client.agent.service.register
    assert await register(name, name + "-1", "10.0.0.1", 8080, ["a", "b"], None, None, "10s") is True
    assert await register(name, service_id=name + "-2", httpcheck="http://127.0.0.1:9/", interval="60s") is True
    assert await register(name, service_id=name + "-3", check="exit 0", interval="60s") is True
    assert await register(name + "-plain") is True
    services = {service["ID"]: service for service in await client.agent.services()}
    first = services[name + "-1"]
    assert (first["Service"], first["Address"], first["Port"], first["Tags"]) == (name, "10.0.0.1", 8080, ["a", "b"])
    assert "service:" + name + "-1" in [check["CheckID"] for check in await client.agent.checks()]
    for bad in ({"ttl": "10s", "httpcheck": "http://127.0.0.1", "interval": "1s"}, {"interval": "1s"}, {"port": 70000}):
        with pytest.raises(ValueError, match="check|port"):
            await register(name, **bad)
    for service_id in (name + "-1", name + "-2", name + "-3", name + "-plain"):
        await client.agent.service.deregister(service_id)


@row("Agent.Service.deregister", "If there is an associated check, that is also deregistered.")
async def service_deregister(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.service.register(name, ttl="10s")
    assert await client.agent.service.deregister(service_id=name) is True
    assert name not in [service["ID"] for service in await client.agent.services()]
    assert "service:" + name not in [check["CheckID"] for check in await client.agent.checks()]
    with pytest.raises(ConsulateException, match=name):
        await client.agent.service.deregister(name)


@row("Agent.checks", "return the all the checks that are registered with the local agent.")
async def checks(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl="10s")
    found = await client.agent.checks()
    assert isinstance(found, list)
    assert name in [check["CheckID"] for check in found]
    await client.agent.check.deregister(name)


@row("Agent.services", "return the all the services that are registered with the local agent.")
async def services(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.service.register(name)
    found = await client.agent.services()
    assert isinstance(found, list)
    assert name in [service["Service"] for service in found]
    await client.agent.service.deregister(name)


@row("Agent.members", "Returns the members the agent sees in the cluster gossip pool.")
async def members(client: Any, world: World) -> None:
    found = await client.agent.members()
    assert [(member["Name"], member["Status"]) for member in found] == [(world.agent.node_name, 1)]
    assert [member["Name"] for member in await client.agent.members(wan=True)] == [f"{world.agent.node_name}.{world.agent.datacenter}"]


@row("Agent.join", "setting wan=True causes the agent to attempt to join using the WAN pool.")
async def join(client: Any, world: World) -> None:
    member = (await client.agent.members())[0]
    assert await client.agent.join(f"{member['Addr']}:{member['Port']}") is True
    wan = (await client.agent.members(wan=True))[0]
    assert await client.agent.join(address=f"{wan['Addr']}:{wan['Port']}", wan=True) is True
    with pytest.raises(ConsulateException, match="127.0.0.1:1"):
        await client.agent.join("127.0.0.1:1")


@row("Agent.force_leave", "Instructs the agent to force a node into the left state.")
async def force_leave(client: Any, world: World) -> None:
    with pytest.raises(ConsulateException, match="No node found with name"):
        await client.agent.force_leave(node=world.name("nobody"))
