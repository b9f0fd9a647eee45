"""Trials of discovery_chain.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World

_NOT_SIMULATED: Any = {"simulator": "the simulator does not have discovery chains"}


@succeeds("discovery_chain.read", not_on=_NOT_SIMULATED)
async def the_chain_of_a_redirect(client: Any, world: World) -> None:
    name, other = world.name("svc"), world.name("svc")
    entry = {"Kind": "service-resolver", "Name": name, "Redirect": {"Service": other}}
    await client.config.apply(entry)
    chain = (await client.discovery_chain.read(name))["Chain"]
    assert (chain["ServiceName"], chain["Datacenter"]) == (name, world.agent.datacenter)
    assert [target["Service"] for target in chain["Targets"].values()] == [other]
    assert chain["StartNode"] in chain["Nodes"]
    await client.config.delete("service-resolver", name)
    # A service without an entry has the default chain.
    chain = (await client.discovery_chain.read(name, compile_dc="dc9"))["Chain"]
    assert [(target["Service"], target["Datacenter"]) for target in chain["Targets"].values()] == [(name, "dc9")]


@succeeds("discovery_chain.read_with_overrides", not_on=_NOT_SIMULATED)
async def a_chain_with_other_settings(client: Any, world: World) -> None:
    name = world.name("svc")
    overrides = {"override_connect_timeout": 33, "override_protocol": "grpc", "override_mesh_gateway": {"Mode": "local"}}
    chain = (await client.discovery_chain.read_with_overrides(name, **overrides))["Chain"]
    assert chain["Protocol"] == "grpc"
    assert [node["Resolver"]["ConnectTimeout"] for node in chain["Nodes"].values()] == ["33s"]
    # They are not stored, and without any it is the chain as it is.
    assert (await client.discovery_chain.read_with_overrides(name)) == await client.discovery_chain.read(name)


@fails("discovery_chain.read_with_overrides", not_on=_NOT_SIMULATED)
async def a_chain_with_an_unknown_mode(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Invalid OverrideMeshGateway.Mode parameter"):
        await client.discovery_chain.read_with_overrides("web", override_mesh_gateway={"Mode": "wrong"})


@fails("discovery_chain.read", not_on=_NOT_SIMULATED)
@fails("discovery_chain.read_with_overrides", not_on=_NOT_SIMULATED)
async def a_chain_without_a_token(client: Any, world: World) -> None:
    anonymous = client.using(token=None)
    with pytest.raises(Forbidden):
        await anonymous.discovery_chain.read("web")
    with pytest.raises(Forbidden):
        await anonymous.discovery_chain.read_with_overrides("web", override_protocol="http")
