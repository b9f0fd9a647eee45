"""Trials of status.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("status.leader")
async def the_leader(client: Any, world: World) -> None:
    assert (await client.status.leader()).startswith("127.0.0.1:")


@fails("status.leader")
async def the_leader_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.status.leader(datacenter="nowhere")


@succeeds("status.peers")
async def the_peers(client: Any, world: World) -> None:
    assert await client.status.peers() == [await client.status.leader()]


@fails("status.peers")
async def the_peers_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.status.peers(datacenter="nowhere")
