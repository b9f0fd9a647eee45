"""Answer requests with canned answers, over TCP and a UNIX socket, with as little work as possible.

    GET  /v1/kv/bench/key            one key
    GET  /v1/kv/bench/N/             N keys (chunked, as an agent sends a body above 2 KB: in one chunk)
    GET  /v1/health/service/web-N    N instances of a service (chunked)
    GET  /cpu                        the seconds of CPU that this process has used
    PUT  (anything)                  true

The benchmarks run this in its own process. It prints its addresses as a line of JSON, and ends when its standard input ends, or on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bodies

#: The headers of a Consul 1.22.5.
_READ = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Vary: Accept-Encoding\r\n"
    b"X-Consul-Default-Acl-Policy: allow\r\n"
    b"X-Consul-Index: 12\r\n"
    b"X-Consul-Knownleader: true\r\n"
    b"X-Consul-Lastcontact: 0\r\n"
    b"X-Consul-Query-Backend: blocking-query\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
)
_WRITTEN = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Vary: Accept-Encoding\r\n"
    b"X-Consul-Default-Acl-Policy: allow\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
    b"Content-Length: 4\r\n\r\ntrue"
)
_LONG = 2048


def _answer(body: bytes) -> bytes:
    if len(body) <= _LONG:
        return _READ + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return _READ + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


#: The answers by path. The long ones are made when they are first asked for.
_ANSWERS = {b"/v1/kv/" + bodies.KEY.encode(): _answer(bodies.one_key())}
_MADE = ((re.compile(rb"/v1/kv/bench/(\d+)/"), bodies.keys), (re.compile(rb"/v1/health/service/web-(\d+)"), bodies.instances))

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def _find(path: bytes) -> bytes:
    if path == b"/cpu":
        return _answer(b"%f" % time.process_time())
    for pattern, make in _MADE:
        if found := pattern.fullmatch(path):
            return _ANSWERS.setdefault(path, _answer(make(int(found[1]))))
    return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class _Canned(asyncio.Protocol):
    """Requests of the benchmarks are not pipelined."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._begun = b""
        _OPEN.add(transport)

    def data_received(self, data: bytes) -> None:
        if self._begun:
            data = self._begun + data
        if data.startswith(b"GET ") and data.endswith(b"\r\n\r\n"):
            path = data[4 : data.index(b" ", 4)].partition(b"?")[0]
            self._begun = b""
            self._transport.write(_ANSWERS.get(path) or _find(path))
        elif data.startswith(b"PUT ") and (end := data.find(b"\r\n\r\n") + 4) > 4:
            length = _LENGTH.search(data, 0, end)
            if length is None or len(data) == end + int(length[1]):
                self._begun = b""
                self._transport.write(_WRITTEN)
            else:
                self._begun = data
        else:
            self._begun = data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own name
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
        server = await loop.create_server(_Canned, "127.0.0.1", 0, backlog=1024)
        unix_server = await loop.create_unix_server(_Canned, unix_path, backlog=1024)
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
