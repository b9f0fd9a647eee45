"""A fake Consul agent over TCP and UNIX sockets. Each of its answers shows which request it belongs to.

It runs in its own thread. It delays and splits answers and closes connections at random, from a seeded generator. It records what no client
may do: send a second request before the first answer, or a body that belongs to another key.
"""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zlib import crc32

from consul_proto.durations import seconds

#: The time limit of `wait_until`, in seconds.
_PATIENCE = 30.0


def value_of(key: str) -> str:
    """Return the value of a key."""
    return f"value of {key}"


def index_of(key: str) -> int:
    """Return the ModifyIndex of a key, which is also the X-Consul-Index of every answer about it."""
    return crc32(key.encode()) + 1


@dataclass(frozen=True)
class Behavior:
    """How the server behaves.

    slow: the share of answers that are late, by up to `delay` seconds. cut: the share that comes in two pieces.
    chunked: the share without Content-Length. closing: the share with "Connection: close".
    """

    slow: float = 0.3
    delay: float = 0.004
    cut: float = 0.1
    chunked: float = 0.1
    closing: float = 0.02


PROMPT = Behavior(slow=0.0, cut=0.0, chunked=0.0, closing=0.0)


class EchoServer:
    """The server. Use it in a `with` block. path: of a UNIX socket; None: TCP on a free port.

    address: for `host=` of a client. accepted, served: connections and requests so far. open: connections at the moment.
    parked: blocking queries at the moment. max_busy: the most ordinary calls, and the most blocking queries, at one time.
    violations: what clients did that they may not do.
    """

    def __init__(self, path: str | None = None, behavior: Behavior = PROMPT, seed: int = 0) -> None:
        self.behavior = behavior
        self.random = Random(seed)
        self.accepted = self.served = self.open = self.parked = 0
        self.busy = [0, 0]
        self.max_busy = [0, 0]
        self.violations: list[str] = []
        self._path = path
        self._connections: set[_Connection] = set()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="echo server")
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        loop = self._loop
        if self._path is None:
            server = loop.run_until_complete(loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=512))
            host, port = server.sockets[0].getsockname()
            self.address = f"http://{host}:{port}"
        else:
            server = loop.run_until_complete(loop.create_unix_server(lambda: _Connection(self), self._path, backlog=512))
            self.address = f"unix://{self._path}"
        self._listening.set()
        loop.run_forever()
        server.close()
        for connection in list(self._connections):
            connection.abort()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def release(self) -> None:
        """Answer every parked blocking query now."""

        def answer() -> None:
            for connection in list(self._connections):
                connection.release()

        self._loop.call_soon_threadsafe(answer)

    def drop_idle(self) -> None:
        """Close every connection that has no open request, and wait until this is done."""

        def drop() -> None:
            for connection in list(self._connections):
                connection.close_if_idle()

        self._loop.call_soon_threadsafe(drop)
        self.settle()

    def settle(self) -> None:
        """Wait until the server has run its pending callbacks."""

        async def turn() -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(turn(), self._loop).result(_PATIENCE)

    def wait_until(self, holds: Callable[[EchoServer], bool]) -> None:
        """Wait until a condition holds. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self), _PATIENCE):
                raise TimeoutError(f"open {self.open}, parked {self.parked}, accepted {self.accepted}, served {self.served}")
        self.settle()

    def note(self, connection: _Connection, *, opened: int = 0, parked: int = 0) -> None:
        """Count a connection or a parked query, and wake `wait_until`."""
        with self._changed:
            if opened:
                (self._connections.add if opened > 0 else self._connections.discard)(connection)
                self.accepted += opened > 0
                self.open += opened
            self.parked += parked
            self._changed.notify_all()

    def begin(self, blocking: bool) -> None:
        """Count a call that was received completely."""
        self.busy[blocking] += 1
        self.max_busy[blocking] = max(self.max_busy[blocking], self.busy[blocking])

    def end(self, blocking: bool) -> None:
        """Count a call that is answered now, or was abandoned."""
        self.busy[blocking] -= 1
        self.served += 1


class _Connection(asyncio.Protocol):
    def __init__(self, server: EchoServer) -> None:
        self._server = server
        self._received = b""
        self._blocking: bool | None = None
        self._later: asyncio.TimerHandle | None = None
        self._answer: Callable[[], None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport
        self._server.note(self, opened=1)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._later is not None:
            self._later.cancel()
        if self._answer is not None:
            self._server.note(self, parked=-1)
        if self._blocking is not None:
            self._server.end(self._blocking)
        self._server.note(self, opened=-1)

    def abort(self) -> None:
        self._transport.abort()

    def close_if_idle(self) -> None:
        if self._blocking is None and not self._received:
            self._transport.close()

    def release(self) -> None:
        if self._answer is not None:
            self._answer()

    def data_received(self, data: bytes) -> None:
        if self._blocking is not None:
            self._server.violations.append(f"sent before the answer to the request before it: {data[:80]!r}")
            self.abort()
            return
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if len(body) < int(headers.get("content-length", "0")):
            return
        self._received = b""
        method, target, _ = lines[0].split(" ")
        self._request(method, target, body)

    def _request(self, method: str, target: str, body: bytes) -> None:
        server, url = self._server, urlsplit(target)
        query = parse_qs(url.query, keep_blank_values=True)
        self._blocking = "index" in query
        server.begin(self._blocking)
        name, value = _find_answer(method, unquote(url.path), query, body)
        if value is None:
            server.violations.append(f"{method} {target} with a body of another call: {body[:80]!r}")
        answer = _Answer(index_of(name), json.dumps(value).encode(), server)
        if self._blocking:
            self._park(seconds(query["wait"][0]), answer)
            return
        behavior, chance = server.behavior, server.random.random
        late = chance() * behavior.delay if chance() < behavior.slow else 0.0
        if late:
            self._later = server._loop.call_later(late, self._send, answer)
        else:
            self._send(answer)

    def _park(self, longest: float, answer: _Answer) -> None:
        def send() -> None:
            if self._later is not None:
                self._later.cancel()
            self._answer = None
            self._server.note(self, parked=-1)
            self._send(answer)

        self._answer = send
        self._later = self._server._loop.call_later(longest, send)
        self._server.note(self, parked=1)

    def _send(self, answer: _Answer) -> None:
        self._later = None
        if answer.rest:
            self._transport.write(answer.first)
            self._later = self._server._loop.call_later(self._server.behavior.delay / 4, self._finish, answer.rest, answer.closing)
        else:
            self._finish(answer.first, answer.closing)

    def _finish(self, data: bytes, closing: bool) -> None:
        assert self._blocking is not None
        self._later = None
        self._server.end(self._blocking)
        self._blocking = None
        self._transport.write(data)
        if closing:
            self._transport.close()


class _Answer:
    """The bytes of an answer, whole or in two pieces."""

    def __init__(self, index: int, body: bytes, server: EchoServer) -> None:
        behavior, chance = server.behavior, server.random.random
        self.closing = chance() < behavior.closing
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Consul-Index: {index}\r\n"
        if self.closing:
            head += "Connection: close\r\n"
        if chance() < behavior.chunked:
            middle = len(body) // 2
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:middle], body[middle:], b"") if part or not middle)
            data = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks.removesuffix(b"0\r\n\r\n") + b"0\r\n\r\n"
        else:
            data = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        cut = server.random.randrange(1, len(data)) if chance() < behavior.cut else len(data)
        self.first, self.rest = data[:cut], data[cut:]


def _entry(key: str) -> dict[str, Any]:
    value = b64encode(value_of(key).encode()).decode()
    index = index_of(key)
    return {"Key": key, "Flags": index, "Value": value, "CreateIndex": index, "ModifyIndex": index, "LockIndex": 0}


def _find_answer(method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[str, Any]:
    """Return the key or name of a request, and the value of its answer; None if the body belongs to another key."""
    name = path.rpartition("/")[2]
    if path == "/v1/txn":
        keys = [operation["KV"]["Key"] for operation in json.loads(body)]
        return ",".join(keys), {"Results": [{"KV": _entry(key)} for key in keys], "Errors": None}
    if path.startswith("/v1/kv/"):
        key = path.removeprefix("/v1/kv/")
        if method == "PUT":
            return key, True if body.decode() == value_of(key) else None
        if method == "DELETE":
            return key, True
        if "keys" in query:
            return key, [f"{key}{number}" for number in range(3)]
        return key, [_entry(key)]
    if path.startswith("/v1/health/service/"):
        return name, [{"Node": {"Node": f"node of {name}"}, "Service": {"Service": name}, "Checks": []}]
    if path.startswith("/v1/catalog/service/"):
        return name, [{"ServiceName": name, "ServiceTags": query.get("tag", [])}]
    if path.startswith("/v1/session/info/"):
        return name, [{"ID": name}]
    return name, f"answer to {path}"
