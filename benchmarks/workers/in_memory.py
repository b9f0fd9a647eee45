"""A worker that calls an agent in memory: python -m benchmarks.workers.in_memory KIND. KIND: sync, asyncio or trio."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

import anyio
import trio

from benchmarks.bodies import KEY, VALUE
from benchmarks.workers.protocol import announce, repeated, repeated_async, serve, serve_async
from consulate.testing import ConsulAgent


async def _serve_tasks(kind: str) -> None:
    checkpoint = partial(asyncio.sleep, 0) if kind == "asyncio" else trio.lowlevel.checkpoint
    async with ConsulAgent().async_client() as client:
        await client.kv.put(KEY, VALUE)
        await serve_async({"get": repeated_async(lambda: client.kv.get(KEY)), "checkpoint": repeated_async(checkpoint)})


def main() -> None:
    kind = sys.argv[1]
    announce()
    if kind == "sync":
        with ConsulAgent().client() as client:
            client.kv.put(KEY, VALUE)
            serve({"get": repeated(lambda: client.kv.get(KEY))})
    else:
        anyio.run(_serve_tasks, kind, backend=kind)


if __name__ == "__main__":
    main()
