"""The surroundings of a row: its agent, unique names, and the operators of `kv` for any kind of client."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import anyio

import consulate
from tests.agents import Agent
from tests.conformance.documented_client import DocumentedClient
from tests.faces import AwaitableClient, Face, run_sync

#: The time limit of every wait, in seconds.
_PATIENCE = 30.0

#: Seconds for a blocking read to reach the agent. The result does not depend on it: a late read finds the change at once.
_HEAD_START = 0.05

#: Seconds between two polls.
_PAUSE = 0.02


@dataclass(frozen=True)
class World:
    """A kind of client, and its agent."""

    face: Face
    agent: Agent
    _names: list[str] = field(default_factory=list)

    def is_before(self, *version: int) -> bool:
        """Return whether the agent is older than a version."""
        return tuple(int(part) for part in self.agent.version.split(".")) < version

    @property
    def has_legacy_acls(self) -> bool:
        """Whether the agent has the ACL system that the document describes."""
        return self.is_before(1, 11)

    @property
    def uri(self) -> str:
        """The base URI as the documented classes take it."""
        if self.face.unix:
            return f"http+unix://{self.agent.unix_path}"
        return f"http://{self.agent.host}:{self.agent.port}/v1"

    @property
    def adapter(self) -> Any:
        """The adapter for `uri`."""
        return self.face.adapter or (consulate.adapters.UnixSocketRequest if self.face.unix else consulate.adapters.Request)

    @property
    def standalone_arguments(self) -> tuple[Any, ...]:
        """The arguments to make a documented class on its own."""
        return self.uri, self.adapter, self.agent.datacenter, self.agent.management_token

    @property
    def address(self) -> tuple[Any, ...]:
        """The arguments to make a client."""
        if self.face.unix:
            return self.agent.unix_path, None, None, self.agent.management_token, "http+unix", self.adapter
        return self.agent.host, self.agent.port, None, self.agent.management_token

    def run(self, row: Callable[[Any, World], Coroutine[Any, Any, None]]) -> None:
        """Run a row on a client of this kind, then delete the keys under the names that it used."""

        async def scenario(target: Any) -> None:
            try:
                await row(DocumentedClient(target), self)
            finally:
                for name in self._names:
                    await target.kv.delete(name, recurse=True)

        self.face.run(scenario, *self.address, timeout=30)

    @asynccontextmanager
    async def another(self, **options: Any) -> AsyncIterator[Any]:
        """Yield a further client of this kind."""
        if self.face.adapter is not None:
            options["adapter"] = self.face.adapter
        if self.face.backend is None:
            with closing(consulate.Consul(*self.address, **options)) as client:
                yield DocumentedClient(AwaitableClient(client))
        else:
            async with consulate.AsyncConsul(*self.address, **options) as client:
                yield DocumentedClient(client)

    def name(self, what: str = "t") -> str:
        """Return a unique name."""
        name = f"{what}-{uuid.uuid4().hex[:12]}"
        self._names.append(name)
        return name

    def for_threads(self, client: Any) -> Any:
        """Return the plain client if it is for threads, to use the operators of the document; None for tasks."""
        return client._target._target if self.face.backend is None else None

    async def set_item(self, client: Any, key: str, value: Any) -> None:
        """`kv[key] = value`."""
        if plain := self.for_threads(client):
            plain.kv[key] = value
        else:
            await client.kv.set(key, value)

    async def get_item(self, client: Any, key: str) -> Any:
        """`kv[key]`."""
        plain = self.for_threads(client)
        return plain.kv[key] if plain else await client.kv.read(key)

    async def del_item(self, client: Any, key: str) -> None:
        """`del kv[key]`."""
        if plain := self.for_threads(client):
            del plain.kv[key]
        else:
            await client.kv.delete(key)

    async def contains(self, client: Any, key: str) -> bool:
        """`key in kv`."""
        plain = self.for_threads(client)
        return key in plain.kv if plain else await client.kv.contains(key)

    async def length(self, client: Any) -> int:
        """`len(kv)`."""
        plain = self.for_threads(client)
        return len(plain.kv) if plain else await client.kv.count()

    async def keys(self, client: Any) -> list[str]:
        """`for key in kv`."""
        plain = self.for_threads(client)
        return list(plain.kv) if plain else [key async for key in client.kv]

    async def pairs(self, client: Any) -> list[tuple[str, Any]]:
        """`for key, value in kv.iteritems()`."""
        if plain := self.for_threads(client):
            return list(plain.kv.iteritems())
        iteritems: AsyncIterator[tuple[str, Any]] = client.kv.iteritems()
        return [pair async for pair in iteritems]

    async def pause(self, seconds: float) -> None:
        """Sleep, in a thread or a task."""
        if self.face.backend is None:
            time.sleep(seconds)  # noqa: ASYNC251 - a client for threads: there is no event loop
        else:
            await anyio.sleep(seconds)

    async def wait_until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """Poll until the answer is true: the catalog may need some time to follow the agent."""
        deadline = time.monotonic() + _PATIENCE
        while not (answer := await look()):
            if time.monotonic() > deadline:
                raise TimeoutError("the answer did not become true in time")
            await self.pause(_PAUSE)
        return answer

    async def meanwhile(self, waits: Callable[[], Coroutine[Any, Any, Any]], acts: Callable[[], Awaitable[Any]]) -> Any:
        """Start to wait for an answer in another thread or task, act, and return the answer."""
        if self.face.backend is None:
            with ThreadPoolExecutor(1) as threads:
                future = threads.submit(lambda: run_sync(waits()))
                await self.pause(_HEAD_START)
                await acts()
                return future.result(_PATIENCE)
        answers: list[Any] = []

        async def wait() -> None:
            answers.append(await waits())

        with anyio.fail_after(_PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await self.pause(_HEAD_START)
                await acts()
        return answers[0]
