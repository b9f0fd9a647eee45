"""What a row of the table has at hand besides the client: names of its own, the agent, and operators that suit the client."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio

import consulate
from tests.agents import Agent
from tests.faces import Awaitably, Face


@dataclass(frozen=True)
class World:
    """A face, and the agent that it speaks to."""

    face: Face
    agent: Agent

    @property
    def has_legacy_acls(self) -> bool:
        """Whether the agent is older than Consul 1.11."""
        return tuple(int(part) for part in self.agent.version.split(".")[:2]) < (1, 11)

    def is_before(self, *version: int) -> bool:
        """Whether the agent is older than a version."""
        return tuple(int(part) for part in self.agent.version.split(".")) < version

    @property
    def uri(self) -> str:
        """The base URI as the documented classes take it."""
        if self.face.unix:
            return f"http+unix://{self.agent.unix_path}"
        return f"http://{self.agent.host}:{self.agent.port}/v1"

    @property
    def adapter(self) -> Any:
        """The adapter that suits it."""
        return consulate.adapters.UnixSocketRequest if self.face.unix else consulate.adapters.Request

    @property
    def on_its_own(self) -> tuple[Any, ...]:
        """The arguments that a documented class is made with."""
        return self.uri, self.adapter, self.agent.datacenter, self.agent.management_token

    @property
    def address(self) -> tuple[Any, ...]:
        """The arguments that a client is made with."""
        if self.face.unix:
            return self.agent.unix_path, None, None, self.agent.management_token, "http+unix", self.adapter
        return self.agent.host, self.agent.port, None, self.agent.management_token

    def run(self, row: Callable[[Any, World], Coroutine[Any, Any, None]]) -> None:
        """Run a row on a client of this face."""
        self.face.run(lambda client: row(client, self), *self.address, timeout=30)

    def name(self, what: str = "t") -> str:
        """A name that nothing else has."""
        return f"{what}-{uuid.uuid4().hex[:12]}"

    async def set_item(self, client: Any, key: str, value: Any) -> None:
        """`kv[key] = value`."""
        if isinstance(client, Awaitably):
            client._target.kv[key] = value
        else:
            await client.kv.set(key, value)

    async def get_item(self, client: Any, key: str) -> Any:
        """`kv[key]`."""
        return client._target.kv[key] if isinstance(client, Awaitably) else await client.kv.read(key)

    async def del_item(self, client: Any, key: str) -> None:
        """`del kv[key]`."""
        if isinstance(client, Awaitably):
            del client._target.kv[key]
        else:
            await client.kv.delete(key)

    async def contains(self, client: Any, key: str) -> bool:
        """`key in kv`."""
        return key in client._target.kv if isinstance(client, Awaitably) else await client.kv.contains(key)

    async def length(self, client: Any) -> int:
        """`len(kv)`."""
        return len(client._target.kv) if isinstance(client, Awaitably) else await client.kv.count()

    async def keys(self, client: Any) -> list[str]:
        """`for key in kv`."""
        return list(client._target.kv) if isinstance(client, Awaitably) else [key async for key in client.kv]

    async def pairs(self, client: Any) -> list[tuple[str, Any]]:
        """`for key, value in kv.iteritems()`."""
        if isinstance(client, Awaitably):
            return list(client._target.kv.iteritems())
        iteritems: AsyncIterator[tuple[str, Any]] = client.kv.iteritems()
        return [pair async for pair in iteritems]

    async def eventually(self, look: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
        """Ask until the answer is true, as long as the catalog may need to catch up with the agent."""
        deadline = time.monotonic() + seconds
        while not (answer := await look()):
            assert time.monotonic() < deadline, "what was waited for did not happen"
            if self.face.backend is None:
                time.sleep(0.05)  # noqa: ASYNC251 - a client for threads, and no event loop
            else:
                await anyio.sleep(0.05)
        return answer
