"""What depends on how an agent is configured, or on which characters it knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consulate.exceptions import ClientError, ServerError
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, require_binary, start_agent, start_dev
from tests.conformance.world import World
from tests.faces import ALL, Face, outcome

pytestmark = [pytest.mark.parametrize("face", ALL, ids=str)]


_BINARIES: list[Binary | None] = [*find_binaries()] or [None]


def _named(param: Binary | str | None) -> str:
    return "no Consul" if param is None else str(param.version) if isinstance(param, Binary) else f"dev {param}"


@pytest.fixture(scope="module", params=[*_BINARIES, *find_dev_versions()], ids=_named)
def short_sessions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent that allows sessions of three seconds."""
    file: Path = tmp_path_factory.mktemp("agent") / "sessions.json"
    file.write_text(json.dumps({"session_ttl_min": "3s"}))
    if isinstance(request.param, str):
        with start_dev(request.param, "--config-file", str(file), acls=True, named=False) as running:
            yield running
    else:
        with start_agent(require_binary(request.param), acls=True, files=[file]) as running:
            yield running


@pytest.fixture(scope="module", params=_BINARIES, ids=_named)
def real_agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    """A real agent: which characters `consulate dev` prints depends on its Python."""
    with start_agent(require_binary(request.param), acls=True) as running:
        yield running


def test_a_session_as_short_as_the_agent_allows(short_sessions: Agent, face: Face) -> None:
    async def scenario(client: Any, _world: World) -> None:
        for ttl in ("3s", 3, 3.5):
            assert await client.session.destroy(await client.session.create(ttl=ttl)) is True
        error = await outcome(client.session.create(ttl="2s"))
        assert type(error) is ServerError
        assert "must be between [3s=24h0m0s]" in str(error)

    World(face, short_sessions).run(scenario)


def test_a_character_that_not_every_consul_knows(real_agent: Agent, face: Face) -> None:
    """The shaking face is of Unicode 15: newer than Consul 1.8.7 and than Python 3.11, and 1.22.5 takes it."""

    async def scenario(client: Any, world: World) -> None:
        key = f"{world.name()}/\U0001fae8"
        if world.is_before(1, 22):
            error = await outcome(client.kv.put(key, "v"))
            assert type(error) is ClientError
            assert (error.status, error.maybe_applied) == (400, False)
            assert "cannot print a character of the path; older agents know fewer" in str(error)
            await client.kv.put_many({key: "v"})
        else:
            assert await client.kv.put(key, "v") is True
            await client.kv.set(key, "v")
            assert await client.kv.keys(key) == [key]
        assert await client.kv.get(key) == "v"
        assert await client.kv.get_many([key]) == {key: "v"}
        assert await client.kv.delete(key) is True

    World(face, real_agent).run(scenario)
