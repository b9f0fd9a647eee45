"""`tag` of the mesh reads, which no Consul handles as the docstrings promise ("Parameters as of `service`").

`health.connect` and `catalog.connect` take it and ignore it; `health.ingress` forgets the gateways and looks for instances of the service
itself. Filters work: `rows_services.py`. Each of these must be taken off the list when the call keeps its promise.
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.decode import boolean, json_value
from consul_proto.options import json_body, write_operation
from tests.agents import Agent
from tests.conformance.world import World
from tests.faces import URLLIB3

pytestmark = [pytest.mark.real, pytest.mark.xfail(reason="Consul does not filter these by tag", raises=AssertionError, strict=True)]


def _ids(entries: list[Any]) -> list[str]:
    return [entry["Service"]["ID"] if "Service" in entry else entry["ServiceID"] for entry in entries]


@pytest.mark.parametrize("group", ["health", "catalog"])
def test_connect(agent: Agent, group: str) -> None:
    async def row(client: Any, world: World) -> None:
        service = world.name("svc")
        proxies = {service + "-one": ["a"], service + "-two": ["b"]}
        for proxy, tags in proxies.items():
            await client.agent.service.register(proxy, kind="connect-proxy", port=81, tags=tags, proxy={"DestinationServiceName": service})

        async def both_are_there() -> bool:
            return len(await client.health.connect(service)) == 2

        await world.eventually(both_are_there)
        found = _ids(await getattr(client, group).connect(service, tag="a"))
        for proxy in proxies:
            await client.agent.service.deregister(proxy)
        assert found == [service + "-one"]

    World(URLLIB3, agent).run(row)


@pytest.mark.parametrize(("tag", "finds_it"), [("of-the-gateway", True), ("of-the-service", False)])
def test_ingress(agent: Agent, tag: str, finds_it: bool) -> None:
    async def row(client: Any, world: World) -> None:
        gateway, service = world.name("gateway"), world.name("svc")
        listener = {"Port": 8888, "Protocol": "tcp", "Services": [{"Name": service}]}
        entry = json_body({"Kind": "ingress-gateway", "Name": gateway, "Listeners": [listener]})
        await client.perform(write_operation("config.apply", "/v1/config", boolean, {}, body=entry, defaults=()))
        await client.agent.service.register(gateway, kind="ingress-gateway", port=8888, tags=["of-the-gateway"])
        await client.agent.service.register(service, port=80, tags=["of-the-service"])
        await world.eventually(lambda: client.health.ingress(service))
        await world.eventually(lambda: client.health.service(service))
        found = _ids(await client.health.ingress(service, tag=tag))
        for service_id in (gateway, service):
            await client.agent.service.deregister(service_id)
        path = f"/v1/config/ingress-gateway/{gateway}"
        await client.perform(write_operation("config.delete", path, json_value, {}, method="DELETE", defaults=()))
        assert found == ([gateway] if finds_it else [])

    World(URLLIB3, agent).run(row)
