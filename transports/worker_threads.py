"""Run a function that blocks, such as one that reads a file, in a worker thread of the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *args: object) -> T:
    """Return the result of the function. If the task is cancelled, it waits until the function has returned."""
    from anyio import to_thread  # imported here, so that threads need no anyio

    return await to_thread.run_sync(function, *args)
