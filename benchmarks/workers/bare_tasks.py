"""A worker in an event loop, without a Consul client: python -m benchmarks.workers.bare_tasks KIND ADDRESSES. KIND: asyncio or trio."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import trio

from benchmarks.workers.bare import GET, PUT, body_of, value_of
from benchmarks.workers.protocol import TIME_LIMIT, announce, repeated_async, serve_async


class _Connection(asyncio.Protocol):
    """The answers on a connection of asyncio."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        if (body := body_of(self._data)) is not None:
            self._data = b""
            self._answer.set_result(body)

    async def short(self, request: bytes) -> bytes:
        self._answer: asyncio.Future[bytes] = self._loop.create_future()
        self.transport.write(request)
        async with asyncio.timeout(TIME_LIMIT):
            return await self._answer


async def _short_on_trio(connected: trio.socket.SocketType, request: bytes) -> bytes:
    with trio.fail_after(TIME_LIMIT):
        await connected.send(request)
        data = await connected.recv(65536)
        while (body := body_of(data)) is None:
            data += await connected.recv(65536)
        return body


async def _serve_tasks(kind: str, port: int) -> None:
    short: Callable[[bytes], Awaitable[bytes]]
    if kind == "asyncio":
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", port)
        close, short = connection.transport.close, connection.short
    else:
        connected = trio.socket.socket()
        await connected.connect(("127.0.0.1", port))
        close, short = connected.close, partial(_short_on_trio, connected)

    async def get() -> object:
        return value_of(await short(GET))

    async def put() -> object:
        return await short(PUT) == b"true"

    await serve_async({"get": repeated_async(get), "put": repeated_async(put)})
    close()


def main() -> None:
    announce()
    anyio.run(_serve_tasks, sys.argv[1], json.loads(sys.argv[2])["port"], backend=sys.argv[1])


if __name__ == "__main__":
    main()
