"""Streams in trials, for clients of threads and of tasks alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.world import World


@asynccontextmanager
async def opened(client: Any, world: World, call: Callable[[Any], Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """Open the stream that a call on the client gives, and yield its events."""
    if plain := world.for_threads(client):
        with call(plain) as events:
            yield _each(events)
    else:
        async with call(client._target) as events:
            yield aiter(events)


async def _each(events: Iterable[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event


async def open_only(client: Any, world: World, call: Callable[[Any], Any]) -> None:
    """Open the stream that a call gives, and close it."""
    async with opened(client, world, call):
        pass
