"""Answer every request with the same canned answer, over TCP and a UNIX socket, with as little work as possible.

The benchmarks run this in its own process. It prints its addresses as a line of JSON, and ends when its standard input ends, or on SIGTERM.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

#: Without white space, as an agent writes it outside of development mode.
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
    ],
    separators=(",", ":"),
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
    """Requests of the benchmarks have no body and are not pipelined, so a request is complete when its head is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._begun = b""
        _OPEN.add(transport)

    def data_received(self, data: bytes) -> None:
        if self._begun:
            data = self._begun + data
        if data.endswith(b"\r\n\r\n"):
            self._begun = b""
            self._transport.write(_ANSWER)
        else:
            self._begun = data

    def connection_lost(self, _exc: Exception | None) -> None:
        _OPEN.discard(self._transport)


_OPEN: set[asyncio.Transport] = set()


def _read_to_the_end(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    # Not sys.stdin.read: a thread inside it would keep the interpreter from ending on SIGTERM.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(over.set)


async def main() -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    with tempfile.TemporaryDirectory() as folder:
        unix_path = str(Path(folder) / "canned.sock")
        server = await loop.create_server(_Canned, "127.0.0.1", 0)
        unix_server = await loop.create_unix_server(_Canned, unix_path)
        print(json.dumps({"port": server.sockets[0].getsockname()[1], "unix_path": unix_path}), flush=True)
        threading.Thread(target=_read_to_the_end, args=(loop, over), daemon=True).start()
        await over.wait()
        server.close()
        unix_server.close()
        for transport in list(_OPEN):
            transport.abort()
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
