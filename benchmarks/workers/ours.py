"""A worker that calls with Consulate: python -m benchmarks.workers.ours KIND ADDRESSES PREFIX [FOLDER].

KIND: socket, unix, urllib3, asyncio or trio; with "-msgspec" at its end, the decoders of the extra `fast` are used. FOLDER: another copy of
Consulate, to be used instead of this one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import anyio

from benchmarks.bodies import KEY
from benchmarks.workers.protocol import TASKS, THREADS, TIME_LIMIT, announce, put_body, repeated, repeated_async, serve, serve_async

# Whether they are installed must not change what the other lines measure.
if not sys.argv[1].endswith("-msgspec"):
    for _name in ("orjson", "msgspec"):
        sys.modules[_name] = None  # type: ignore[assignment] # importing it raises ImportError

if len(sys.argv) > 4:
    sys.path.insert(0, sys.argv[4])

from consulate import AsyncConsul, Consul, adapters


def connect(kind: str, port: int, unix_path: str) -> Consul:
    """Return a client for threads."""
    if kind == "unix":
        return Consul(unix_path, scheme="http+unix", timeout=TIME_LIMIT)
    adapter = adapters.Request if kind == "urllib3" else adapters.SocketRequest
    return Consul("127.0.0.1", port, adapter=adapter, timeout=TIME_LIMIT)


def threads_of(call: Callable[[], object], threads: ThreadPoolExecutor) -> Callable[[int], None]:
    """Return a function that makes a number of calls, in threads at a time."""

    def run(calls: int) -> None:
        for running in [threads.submit(repeated(call), max(calls // THREADS, 1)) for _ in range(THREADS)]:
            running.result()

    return run


def _serve_threads(client: Consul, prefix: str) -> None:
    kv, health, body = client.kv, client.health, put_body()
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: kv.get(KEY),
        "put": lambda: kv.put(KEY, body),
        "health-200": lambda: health.service("web-200"),
        "health-5000": lambda: health.service("web-5000"),
        "items": lambda: kv.items(prefix),
        "records": lambda: kv.records(prefix),
        "get_records": lambda: kv.get_records(prefix),
    }
    with ThreadPoolExecutor(THREADS) as threads:
        serve({name: repeated(call) for name, call in calls.items()} | {"threads": threads_of(calls["get"], threads)})


async def _serve_tasks(port: int) -> None:
    async with AsyncConsul("127.0.0.1", port, timeout=TIME_LIMIT) as client:
        kv, health, body = client.kv, client.health, put_body()
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "get": lambda: kv.get(KEY),
            "put": lambda: kv.put(KEY, body),
            "health-200": lambda: health.service("web-200"),
            "health-5000": lambda: health.service("web-5000"),
        }

        async def some(number: int) -> None:
            for _ in range(number):
                await kv.get(KEY)

        async def concurrent(number: int) -> None:
            async with anyio.create_task_group() as group:
                for _ in range(TASKS):
                    group.start_soon(some, max(number // TASKS, 1))

        await serve_async({name: repeated_async(call) for name, call in calls.items()} | {"concurrent": concurrent})


def main() -> None:
    kind, addresses, prefix = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    if kind in ("asyncio", "trio"):
        announce("anyio", *(["trio"] if kind == "trio" else []))
        anyio.run(partial(_serve_tasks, addresses["port"]), backend=kind)
    else:
        announce("urllib3", "h11", *(["msgspec"] if kind.endswith("-msgspec") else []))
        with connect(kind, addresses["port"], addresses["unix_path"]) as client:
            _serve_threads(client, prefix)


if __name__ == "__main__":
    main()
