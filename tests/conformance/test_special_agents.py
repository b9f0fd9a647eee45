"""Calls that need an agent which is configured for them: encrypted gossip, and a metrics backend. On real agents."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from consulate.exceptions import ClientError, ConsulateException, ServerError
from tests.agents import Agent, Binary, find_binaries, require_binary, start_agent
from tests.conformance.endpoints.trial import has_endpoint, parse_version, tries
from tests.conformance.world import World
from tests.faces import ASYNCIO, URLLIB3, Face
from tests.fakes.metrics_backend import metrics_backend

pytestmark = [pytest.mark.parametrize("face", [URLLIB3, ASYNCIO], ids=str)]

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]

_METRICS_PROXY = "internal.ui.metrics_proxy"


def _new_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="module", params=_BINARIES, ids=lambda found: str(found.version) if found else "no Consul")
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    """A real agent with encrypted gossip, and with a metrics proxy if it knows what that is."""
    binary = require_binary(request.param)
    settings: dict[str, object] = {"encrypt": _new_key()}
    with metrics_backend() as url:
        if has_endpoint(_METRICS_PROXY, binary.version):
            settings["ui_config"] = {"metrics_proxy": {"base_url": url, "path_allowlist": ["/api/v1/query"]}}
        with start_agent(binary, acls=True, settings=settings) as running:
            yield running


@tries("operator.keyring.list", "operator.keyring.install", "operator.keyring.use", "operator.keyring.remove")
def test_the_gossip_keys_are_rotated(agent: Agent, face: Face) -> None:
    async def rotate(client: Any, world: World) -> None:
        keyring, new = client.operator.keyring, _new_key()
        both = await keyring.list(relay_factor=1)
        assert sorted((pool["WAN"], pool["Datacenter"], pool["NumNodes"]) for pool in both) == [(False, "dc1", 1), (True, "dc1", 1)]
        (lan,) = await keyring.list(local_only=True)
        (old,) = lan["Keys"]
        assert await keyring.install(new) is True
        assert (await keyring.list())[0]["Keys"] == {old: 1, new: 1}
        assert await keyring.use(new) is True
        with pytest.raises(ServerError, match="Removing the primary key is not allowed") as raised:
            await keyring.remove(new)
        assert new not in str(raised.value)
        assert await keyring.remove(old) is True
        for pool in await keyring.list():
            assert (pool["Keys"], pool["PrimaryKeys"]) == ({new: 1}, {new: 1})
        with pytest.raises(ServerError, match="Requested key is not in the keyring"):
            await keyring.use(old)

    World(face, agent).run(rotate)


@tries(_METRICS_PROXY)
def test_the_metrics_backend_answers(agent: Agent, face: Face) -> None:
    async def ask(client: Any, world: World) -> None:
        ui = client.internal.ui
        if parse_version(agent.version) < (1, 9):
            with pytest.raises(ConsulateException):
                await ui.metrics_proxy("api/v1/query")
            return
        answer = await ui.metrics_proxy("api/v1/query", query={"query": "up"})
        assert json.loads(answer) == {"asked": "/api/v1/query?query=up"}
        with pytest.raises(ClientError, match="the path is not in ui_config.metrics_proxy.path_allowlist"):
            await ui.metrics_proxy("api/v1/labels")

    World(face, agent).run(ask)
