"""Serve a simulator over TCP and UNIX sockets, with anyio. This file makes the sockets itself, as in `transports.clients.anyio_connection`.

No client can block the others: what is not HTTP is answered with an error, a slow request is answered with 408, and a connection takes at
most two tasks.
"""

from __future__ import annotations

import errno
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.abc

from consul_proto.message import Response
from consul_proto.simulator import OpenResponse
from transports.http1.pretty import asks_for_pretty, prettify
from transports.http1.server import CONTINUE, HTTP1ServerConnection, Refusal, RequestLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.simulator import Feed, Parked
    from transports.hosting.clock import Host

#: The most bytes read at once.
_CHUNK = 1 << 16

#: The most bytes of further requests that are read while a client waits for an answer.
_AHEAD = 1 << 16

#: The most connections that wait to be accepted; the system may lower this (net.core.somaxconn).
_BACKLOG = 4096

#: Seconds to wait when the process has no free descriptor for another connection.
_PAUSE = 0.1

_WOULD_BLOCK = (BlockingIOError, InterruptedError)

#: The temporary errors of accept: https://man7.org/linux/man-pages/man2/accept.2.html
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits of a server. Times are in seconds.

    requests: the limits on the size of requests. request_time: the time from the first byte of a request to its last. idle: the time
    without a request after which a connection is closed; Go has 120 s (with Consul 1.22.5). write: the time in which a client must read the
    next part of its answer. linger: how long bytes are still read after a refusal, so that the client receives the answer.
    """

    requests: RequestLimits = field(default_factory=RequestLimits)
    request_time: float = 30.0
    idle: float = 120.0
    write: float = 30.0
    linger: float = 1.0


def listen_tcp(port: int) -> socket.socket:
    """Listen on a port of 127.0.0.1 (0: any free port). Raises OSError."""
    return _listen(socket.AF_INET, ("127.0.0.1", port))


def listen_unix(path: str) -> socket.socket:
    """Listen on a UNIX socket, and replace a socket file that no process listens on. Raises OSError, FileExistsError for any other file."""
    file = Path(path)
    if file.exists():
        if not stat.S_ISSOCK(file.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "a file exists there that is not a socket")
        if not _has_listener(path):
            file.unlink()
    return _listen(socket.AF_UNIX, path)


def _has_listener(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


def _listen(family: int, address: tuple[str, int] | str) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


async def serve(host: Host, listening: Sequence[socket.socket], *, limits: ServerLimits | None = None, is_old: bool = False) -> None:
    """Serve requests on these sockets, and run the simulator's clock, until cancelled. The caller closes the sockets.

    is_old: whether to read HTTP as Consul 1.8.7 does.
    """
    limits = limits or ServerLimits()

    async def serve_client(sock: socket.socket) -> None:
        with sock:
            await _Connection(sock, host, limits, is_old=is_old).serve_client()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(host.run_clock)
        for sock in listening:
            tasks.start_soon(_accept, sock, lambda accepted: tasks.start_soon(serve_client, accepted))


async def _accept(listening: socket.socket, begin: Callable[[socket.socket], object]) -> None:
    while True:
        await anyio.wait_readable(listening)
        try:
            sock, _ = listening.accept()
        except OSError as error:  # the client has gone away, or no descriptor is free
            if error.errno in _NO_ROOM:
                await anyio.sleep(_PAUSE)
            continue
        sock.setblocking(False)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin(sock)


class _Connection:
    """The connection of one client."""

    def __init__(self, sock: socket.socket, host: Host, limits: ServerLimits, *, is_old: bool) -> None:
        self._socket, self._host, self._limits = sock, host, limits
        self._http1 = HTTP1ServerConnection(limits.requests, is_old=is_old)
        self._is_gone = False

    async def serve_client(self) -> None:
        """Answer the client's requests until one side ends the connection."""
        with suppress(OSError):
            try:
                while await self._serve_request():
                    pass
            except Refusal as refused:
                await self._send(self._http1.answer(refused.response, _date(), keep=False))
                await self._linger()

    async def _serve_request(self) -> bool:
        """Answer one request. Return False if it was the last."""
        http1, request = self._http1, None
        if http1.is_idle:
            with anyio.move_on_after(self._limits.idle):
                await self._receive()
            if http1.is_idle:
                return False
        with anyio.move_on_after(self._limits.request_time):
            while (request := http1.next_request()) is None:
                if http1.wants_continue:
                    await self._send(CONTINUE)
                await self._receive()
        if request is None:
            raise Refusal(408)
        answer = self._host.handle(request)
        if isinstance(answer, OpenResponse):
            await self._serve_feed(answer)
            return False
        response = answer if isinstance(answer, Response) else await self._wait(answer)
        if response is None:
            return False
        if asks_for_pretty(request):
            response = prettify(response)
        keeps_alive = http1.keeps_alive
        await self._send(http1.answer(response, _date()))
        if not keeps_alive:
            await self._linger()
        return keeps_alive and not http1.is_over

    async def _serve_feed(self, answer: OpenResponse) -> None:
        """Send an answer that does not end, until the client goes away."""
        feed = answer.feed
        await self._send(self._http1.begin_answer(answer, _date()))
        while not self._is_gone:
            if piece := feed.take():
                await self._send(self._http1.piece(piece))
            else:
                await self._wait_until_woken(feed)

    async def _wait(self, parked: Parked) -> Response | None:
        """Return the answer of a parked query, None if the client has gone away."""
        try:
            await self._wait_until_woken(parked)
        finally:
            self._host.forget(parked)
        return parked.response if not self._is_gone else None

    async def _wait_until_woken(self, parked: Parked | Feed) -> None:
        """Wait until there is something to send, or the client goes away."""
        woken = anyio.Event()
        parked.wake = woken.set
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, woken)
                await woken.wait()
                tasks.cancel_scope.cancel()
        finally:
            parked.wake = None

    async def _watch(self, gone: anyio.Event) -> None:
        """Set the event when the client goes away. Store what it sends in the meantime."""
        while self._http1.pending < _AHEAD:
            try:
                data = await self._read()
            except OSError:
                data = b""
            self._http1.receive(data)
            if not data:
                self._is_gone = True
                gone.set()
                return

    async def _receive(self) -> None:
        self._http1.receive(await self._read())

    async def _read(self) -> bytes:
        while True:
            await anyio.wait_readable(self._socket)
            try:
                return self._socket.recv(_CHUNK)
            except _WOULD_BLOCK:
                continue

    async def _send(self, data: bytes) -> None:
        """Send bytes. Raises TimeoutError, an OSError, if the client does not read them."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view[: 1 << 20]) :]
            except _WOULD_BLOCK:
                with anyio.fail_after(self._limits.write):
                    await anyio.wait_writable(self._socket)

    async def _linger(self) -> None:
        """Close for writing, and read what the client still sends: with unread bytes, the system would reset the connection."""
        self._socket.shutdown(socket.SHUT_WR)
        with anyio.move_on_after(self._limits.linger):
            while await self._read():
                pass


def _date() -> str:
    return formatdate(usegmt=True)
