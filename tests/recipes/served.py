"""A simulated agent behind real sockets, in this process, with short TTLs; and a proxy in front of any agent that can swallow packets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import anyio

from consul_proto.simulator import Settings, Simulator
from transports.hosting.clock import Host
from transports.hosting.serve import listen_tcp, serve


@contextmanager
def serve_simulator(ttl_min: float = 0.1) -> Iterator[tuple[str, Simulator]]:
    """Serve a simulator from a thread. Give its address and the simulator. ttl_min: the shortest TTL of a session, in seconds."""
    simulator = Simulator(Settings(session_ttl_min=int(ttl_min * 1e9)))
    stopped, loop = threading.Event(), threading.Event()
    failures: list[Exception] = []

    async def main(sock: socket.socket) -> None:
        host = Host(simulator, on_failure=failures.append)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: serve(host, [sock]))
            loop.set()
            while not stopped.is_set():  # noqa: ASYNC110 # another thread sets it
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    with listen_tcp(0) as sock:
        thread = threading.Thread(target=lambda: anyio.run(main, sock), daemon=True)
        thread.start()
        loop.wait(10)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}", simulator
        finally:
            stopped.set()
            thread.join(10)
    assert failures == []


class Proxy:
    """A TCP proxy on 127.0.0.1. Once `swallow()` is called, it reads everything, and neither forwards nor answers anything."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._swallows = threading.Event()
        # Bound for ever, so that nobody else gets the port while nothing listens on it.
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind(("127.0.0.1", 0))
        self._port = self._bound.getsockname()[1]
        self._listener = self._listen()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Proxy:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._threads:
            self.kill()
        self._bound.close()

    def _listen(self) -> socket.socket:
        return socket.create_server(("127.0.0.1", self._port))

    def kill(self) -> None:
        """Close every connection, and refuse new ones."""
        acceptor = self._threads[0]
        _end(self._listener)
        acceptor.join(10)  # so that it accepts nobody whom this does not see
        for sock in self._sockets:
            _end(sock)
        for thread in self._threads:
            thread.join(10)
        self._sockets, self._threads = [], []

    def restart(self) -> None:
        """After `kill`: accept connections again, on the same port."""
        self._listener = self._listen()
        self._start(self._accept)

    def swallow(self) -> None:
        """From now on, swallow every packet in both directions."""
        self._swallows.set()

    def _start(self, target: object, *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type] # a function of sockets
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        listener = self._listener
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._sockets.append(client)
                server = socket.create_connection(self._target)
                self._sockets.append(server)
                self._start(self._pump, client, server)
                self._start(self._pump, server, client)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._swallows.is_set():
                    target.sendall(data)
            if not self._swallows.is_set():
                target.shutdown(socket.SHUT_WR)


def _end(sock: socket.socket) -> None:
    """Wake whoever uses a socket, and close it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
