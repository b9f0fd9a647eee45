"""Maintenance, TTL reports, and the service mesh. Beyond the document."""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.decode import boolean, json_value
from consul_proto.options import json_body, write_operation
from tests.conformance.table import beyond
from tests.conformance.world import World


async def _check(client: Any, check_id: str) -> Any:
    return next((check for check in await client.agent.checks() if check["CheckID"] == check_id), None)


@beyond
async def a_service_in_maintenance(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.agent.service.register(name)
    assert await client.agent.service.maintenance(name, True, "new disks & more") is True
    check = await _check(client, "_service_maintenance:" + name)
    assert (check["Status"], check["Notes"]) == ("critical", "new disks & more")
    reply = await client.perform_with_meta(client.ops.agent.service.health_by_id(name))
    assert reply.value["AggregatedStatus"] == reply.meta.reason == "maintenance"
    assert await client.agent.service.maintenance(name, enable=False) is True
    assert await _check(client, "_service_maintenance:" + name) is None
    assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "passing"
    await client.agent.service.deregister(name)


@beyond
async def a_node_in_maintenance(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.agent.service.register(name)
    try:
        assert await client.agent.maintenance(reason="new disks") is True
        check = await _check(client, "_node_maintenance")
        assert (check["Status"], check["Notes"]) == ("critical", "new disks")
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "maintenance"
    finally:
        assert await client.agent.maintenance(enable=False) is True
    assert await _check(client, "_node_maintenance") is None
    await client.agent.service.deregister(name)


@beyond
async def reports_of_a_ttl_check(client: Any, world: World) -> None:
    name = world.name("check")
    await client.agent.check.register(name, ttl="60s", status="passing", notes="n")
    assert (await _check(client, name))["Status"] == "passing"
    for status in ("warning", "critical", "passing"):
        assert await client.agent.check.update(name, status, f"it is {status}\nand so on") is True
        check = await _check(client, name)
        assert (check["Status"], check["Output"]) == (status, f"it is {status}\nand so on")
    for report, status in (("ttl_fail", "critical"), ("ttl_warn", "warning"), ("ttl_pass", "passing")):
        assert await getattr(client.agent.check, report)(name, "said so & more") is True
        check = await _check(client, name)
        assert (check["Status"], check["Output"]) == (status, "said so & more")
    with pytest.raises(ValueError, match="passing, warning, critical"):
        await client.agent.check.update(name, "fine")
    await client.agent.check.deregister(name)


@beyond
async def a_sidecar(client: Any, world: World) -> None:
    service = world.name("svc")
    proxy = service + "-proxy"
    await client.agent.service.register(service, port=80)
    await client.agent.service.register(proxy, kind="connect-proxy", port=81, tags=["p"], proxy={"DestinationServiceName": service})
    await world.wait_until(lambda: client.health.connect(service))
    assert [(entry["ServiceName"], entry["ServicePort"]) for entry in await client.catalog.connect(service)] == [(proxy, 81)]
    assert [entry["ServiceProxy"]["DestinationServiceName"] for entry in await client.catalog.connect(service)] == [service]
    assert [entry["Service"]["Port"] for entry in await client.health.connect(service, passing=True)] == [81]
    assert [entry["Service"]["Port"] for entry in await client.health.connect(service, filter='"p" in Service.Tags')] == [81]
    assert await client.health.connect(service, filter='"other" in Service.Tags') == []
    assert await client.catalog.connect(service, filter='"other" in ServiceTags') == []
    assert [entry["ServicePort"] for entry in await client.catalog.service(service)] == [80]
    for service_id in (proxy, service):
        await client.agent.service.deregister(service_id)


@beyond
async def an_ingress_gateway(client: Any, world: World) -> None:
    gateway, service = world.name("gateway"), world.name("svc")
    listener = {"Port": 8888, "Protocol": "tcp", "Services": [{"Name": service}]}
    entry = json_body({"Kind": "ingress-gateway", "Name": gateway, "Listeners": [listener]})
    # Consulate has no calls for configuration entries. Own operations run on every client as well.
    assert await client.perform(write_operation("config.apply", "/v1/config", boolean, {}, body=entry, defaults=())) is True
    await client.agent.service.register(gateway, kind="ingress-gateway", port=8888)
    await world.wait_until(lambda: client.health.ingress(service))
    found = await client.catalog.gateway_services(gateway)
    assert [(one["Gateway"]["Name"], one["Service"]["Name"], one["Port"]) for one in found] == [(gateway, service, 8888)]
    assert [one["Service"]["Service"] for one in await client.health.ingress(service, passing=True)] == [gateway]
    await client.agent.service.deregister(gateway)
    path = f"/v1/config/ingress-gateway/{gateway}"
    await client.perform(write_operation("config.delete", path, json_value, {}, method="DELETE", defaults=()))


@beyond
async def the_services_of_a_node(client: Any, world: World) -> None:
    node = world.name("node")
    for service in ("a", "b"):
        await client.catalog.register(node, "10.0.0.1", service={"Service": service})
    found = await client.catalog.node_services(node)
    assert found["Node"]["Node"] == node
    assert [service["Service"] for service in found["Services"]] == ["a", "b"]
    await client.catalog.deregister(node)
