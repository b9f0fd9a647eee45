"""Trials of exported_services.* and imported_services.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World

_NOT_SIMULATED: Any = {"simulator": "the simulator does not list exported and imported services"}


@succeeds("exported_services.list", not_on=_NOT_SIMULATED)
async def the_services_for_two_peers(client: Any, world: World) -> None:
    name = world.name("svc")
    consumers = [{"Peer": "east"}, {"Peer": "west"}]
    await client.config.apply({"Kind": "exported-services", "Name": "default", "Services": [{"Name": name, "Consumers": consumers}]})
    assert await client.exported_services.list() == [{"Service": name, "Consumers": {"Peers": ["east", "west"]}}]
    await client.config.delete("exported-services", "default")
    assert await client.exported_services.list() == []


@fails("exported_services.list", not_on=_NOT_SIMULATED)
async def the_exported_services_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).exported_services.list()


@succeeds("imported_services.list", not_on=_NOT_SIMULATED)
async def the_services_that_a_peer_may_reach(client: Any, world: World) -> None:
    name = world.name("svc")
    sources = [{"Name": "api", "Peer": "east", "Action": "allow"}]
    await client.config.apply({"Kind": "service-intentions", "Name": name, "Sources": sources})
    assert {"Service": name, "SourcePeer": "east"} in await client.imported_services.list()
    await client.config.delete("service-intentions", name)


@fails("imported_services.list", not_on=_NOT_SIMULATED)
async def the_imported_services_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).imported_services.list()
