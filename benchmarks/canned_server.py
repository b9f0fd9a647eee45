"""Serves one canned answer to every request, over TCP and a UNIX socket, with as little work as possible.

Run by the benchmarks in a process of its own. It prints its addresses as a line of JSON, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import tempfile
from pathlib import Path

_BODY = json.dumps(
    [
        {
            "LockIndex": 0,
            "Key": "bench/key",
            "Flags": 0,
            "Value": base64.b64encode(b"v" * 40).decode(),
            "CreateIndex": 10,
            "ModifyIndex": 12,
        }
    ]
).encode()

#: The headers of a Consul 1.22.5.
_ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Vary: Accept-Encoding\r\n"
    b"X-Consul-Default-Acl-Policy: allow\r\n"
    b"X-Consul-Index: 12\r\n"
    b"X-Consul-Knownleader: true\r\n"
    b"X-Consul-Lastcontact: 0\r\n"
    b"X-Consul-Query-Backend: blocking-query\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class _Canned(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # A request of the benchmarks has no body and comes in one piece.
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)


async def main() -> None:
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        unix_path = str(Path(folder) / "canned.sock")
        server = await loop.create_server(_Canned, "127.0.0.1", 0)
        unix_server = await loop.create_unix_server(_Canned, unix_path)
        print(json.dumps({"port": server.sockets[0].getsockname()[1], "unix_path": unix_path}), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        server.close()
        unix_server.close()


if __name__ == "__main__":
    asyncio.run(main())
