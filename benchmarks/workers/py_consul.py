"""A worker that calls with py-consul: python -m benchmarks.workers.py_consul KIND ADDRESSES PREFIX. KIND: sync or asyncio.

It runs in the environment of py-consul, so it imports nothing that only Consulate needs.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.bodies import KEY
from benchmarks.workers.protocol import TASKS, THREADS, TIME_LIMIT, announce, put_body, repeated, repeated_async, serve, serve_async


def _value(answer: Any) -> object:
    """Return the value, or the list, that an answer of py-consul has."""
    _, found = answer
    return found["Value"] if isinstance(found, dict) else found


def _serve_threads(port: int, prefix: str) -> None:
    client = importlib.import_module("consul").Consul(host="127.0.0.1", port=port, connections_timeout=TIME_LIMIT)
    kv, health, body = client.kv, client.health, put_body()
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: _value(kv.get(KEY)),
        "put": lambda: kv.put(KEY, body),
        "health-200": lambda: _value(health.service("web-200")),
        "health-5000": lambda: _value(health.service("web-5000")),
        "keys": lambda: _value(kv.get(prefix, recurse=True)),
    }
    with ThreadPoolExecutor(THREADS) as threads:

        def in_threads(number: int) -> None:
            for running in [threads.submit(repeated(calls["get"]), max(number // THREADS, 1)) for _ in range(THREADS)]:
                running.result()

        serve({name: repeated(call) for name, call in calls.items()} | {"threads": in_threads})


async def _serve_tasks(port: int) -> None:
    client = importlib.import_module("consul.aio").Consul(host="127.0.0.1", port=port, connections_timeout=TIME_LIMIT)
    kv, health, body = client.kv, client.health, put_body()

    async def get() -> object:
        return _value(await kv.get(KEY))

    async def instances(service: str) -> object:
        return _value(await health.service(service))

    async def concurrent(number: int) -> None:
        await asyncio.gather(*(repeated_async(get)(max(number // TASKS, 1)) for _ in range(TASKS)))

    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": get,
        "put": lambda: kv.put(KEY, body),
        "health-200": lambda: instances("web-200"),
        "health-5000": lambda: instances("web-5000"),
    }
    await serve_async({name: repeated_async(call) for name, call in calls.items()} | {"concurrent": concurrent})
    await client.close()


def main() -> None:
    kind, port, prefix = sys.argv[1], json.loads(sys.argv[2])["port"], sys.argv[3]
    if kind == "asyncio":
        announce("py-consul", "aiohttp")
        asyncio.run(_serve_tasks(port))
    else:
        announce("py-consul", "requests")
        _serve_threads(port, prefix)


if __name__ == "__main__":
    main()
