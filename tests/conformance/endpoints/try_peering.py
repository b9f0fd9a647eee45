"""Trials of peering.* on an agent without the port that it needs. What needs another cluster is in test_two_agents.py."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import Place, fails, succeeds
from tests.conformance.world import World

_NOT_SIMULATED: dict[Place, str] = {"simulator": "peering is not simulated"}


@fails("peering.generate_token", _NOT_SIMULATED)
async def no_token_without_a_port(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="TLS for gRPC must be enabled when generating peering tokens"):
        await client.peering.generate_token("two")
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).peering.generate_token("two")


@fails("peering.establish", _NOT_SIMULATED)
async def no_peering_with_a_wrong_token(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="invalid character") as raised:
        await client.peering.establish("two", "abcd")
    assert "abcd" not in str(raised.value)


@fails("peering.read", _NOT_SIMULATED)
async def an_unknown_peering(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match='Peering not found for "nobody"'):
        await client.peering.read("nobody")


@succeeds("peering.delete", _NOT_SIMULATED)
async def the_end_of_an_unknown_peering(client: Any, world: World) -> None:
    assert await client.peering.delete("nobody") is True


@succeeds("peering.list", _NOT_SIMULATED)
async def no_peerings(client: Any, world: World) -> None:
    assert await client.peering.list() == []


@fails("peering.delete", _NOT_SIMULATED)
@fails("peering.list", _NOT_SIMULATED)
async def nothing_without_a_right(client: Any, world: World) -> None:
    peering = client.using(token=None).peering
    with pytest.raises(Forbidden, match="Permission denied"):
        await peering.delete("two")
    with pytest.raises(Forbidden, match="Permission denied"):
        await peering.list()
