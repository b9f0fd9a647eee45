"""Trials of connect.ca.* and agent.connect.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, ServerError
from tests.conformance.endpoints.trial import UNTRIED, Place, fails, succeeds
from tests.conformance.world import World

_PEM = "-----BEGIN CERTIFICATE-----"

#: Why the simulator does not have the rest of the certificate authority.
_NO_KEY: dict[Place, str] = {"simulator": "it has no private key, so it signs nothing"}

UNTRIED["agent.connect.proxy_config", "success"] = "Consul 1.5 was the last with managed proxies"
UNTRIED["agent.connect.proxy_config", "error"] = "Consul 1.5 was the last with managed proxies"


def _uri(service: str) -> str:
    return f"spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/{service}"


@succeeds("connect.ca.roots")
async def the_roots(client: Any, world: World) -> None:
    found = await client.connect.ca.roots()
    [active] = [root for root in found["Roots"] if root["Active"]]
    assert active["ID"] == found["ActiveRootID"]
    assert active["RootCert"].startswith(_PEM)
    assert await client.connect.ca.roots_pem() == "".join(root["RootCert"] for root in found["Roots"])


@fails("connect.ca.roots")
async def the_roots_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.connect.ca.roots(datacenter="nowhere")


@succeeds("connect.ca.config_get", not_on=_NO_KEY)
async def the_configuration(client: Any, world: World) -> None:
    found = await client.connect.ca.config_get()
    assert (found["Provider"], "LeafCertTTL" in found["Config"]) == ("consul", True)


@fails("connect.ca.config_get", not_on=_NO_KEY)
async def the_configuration_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).connect.ca.config_get()


@succeeds("connect.ca.config_set", not_on=_NO_KEY)
async def change_the_configuration(client: Any, world: World) -> None:
    before = await client.connect.ca.config_get()
    assert await client.connect.ca.config_set(before["Provider"], {**before["Config"], "LeafCertTTL": "48h"}) is True
    try:
        assert (await client.connect.ca.config_get())["Config"]["LeafCertTTL"] == "48h"
    finally:
        await client.connect.ca.config_set(before["Provider"], before["Config"])


@fails("connect.ca.config_set", not_on=_NO_KEY)
async def choose_an_unknown_provider(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="unknown CA provider"):
        await client.connect.ca.config_set("nobody", {})
    with pytest.raises(ServerError, match="error parsing private key") as raised:
        await client.connect.ca.config_set("consul", {"PrivateKey": "not-a-private-key"})
    assert "not-a-private-key" not in f"{raised.value} {raised.value.body!r}"


@succeeds("agent.connect.ca_roots")
async def the_roots_of_the_agent(client: Any, world: World) -> None:
    assert (await client.agent.connect.ca_roots())["ActiveRootID"] == (await client.connect.ca.roots())["ActiveRootID"]


@fails("agent.connect.ca_roots")
async def the_roots_of_an_unknown_datacenter_from_the_agent(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.agent.connect.ca_roots(datacenter="nowhere")


@succeeds("agent.connect.ca_leaf", not_on=_NO_KEY)
async def the_certificate_of_a_service(client: Any, world: World) -> None:
    service = world.name("svc")
    found = await client.agent.connect.ca_leaf(service)
    assert (found["Service"], found["ServiceURI"].rpartition("/")[2]) == (service, service)
    assert found["CertPEM"].startswith(_PEM)
    assert "PRIVATE KEY" in found["PrivateKeyPEM"]


@fails("agent.connect.ca_leaf", not_on=_NO_KEY)
async def the_certificate_of_a_service_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.connect.ca_leaf(world.name("svc"))


@succeeds("agent.connect.authorize")
async def authorize_a_connection(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    intention = await client.connect.intentions.create(web, db, "allow")
    found = await client.agent.connect.authorize(db, _uri(web))
    assert (found["Authorized"], web in found["Reason"]) == (True, True)
    assert (await client.agent.connect.authorize(db, _uri("other")))["Authorized"] is False
    await client.connect.intentions.delete(intention)


@fails("agent.connect.authorize")
async def authorize_a_client_that_is_no_service(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="not a valid Connect identifier"):
        await client.agent.connect.authorize(world.name("db"), "web")
