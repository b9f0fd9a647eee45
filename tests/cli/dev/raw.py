"""Send raw bytes to a server and read raw bytes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.agents import Agent

#: Seconds after which a server that says nothing hangs.
PATIENCE = 10.0

#: A request that any agent answers with 200.
LEADER = b"GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n"

CLOSE = b"Connection: close\r\n\r\n"


@contextmanager
def connect(agent: Agent) -> Iterator[socket.socket]:
    """Open a TCP connection for a block."""
    with socket.create_connection((agent.host, agent.port), timeout=PATIENCE) as sock:
        yield sock


def read_to_end(sock: socket.socket) -> bytes:
    """Return all bytes until the other side closes or resets the connection. Raises TimeoutError if it does neither."""
    said = b""
    try:
        while data := sock.recv(1 << 16):
            said += data
    except ConnectionError:
        pass
    return said


def exchange(agent: Agent, data: bytes, *, then_end: bool = False) -> bytes:
    """Send bytes, and return all bytes until the server closes. then_end: shut down the sending side afterwards."""
    with connect(agent) as sock:
        try:
            sock.sendall(data)
            if then_end:
                sock.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # refused before all of it was sent
        return read_to_end(sock)


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 if the connection was closed without one."""
    if not answer:
        return 0
    version, status, _ = answer.split(b" ", 2)
    assert version in (b"HTTP/1.1", b"HTTP/1.0"), answer[:80]
    return int(status)


def request(agent: Agent, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Send a request on a new connection; return the status and the body of its answer. headers: "_" stands for "-"."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    answer = exchange(agent, "\r\n".join(lines).encode() + b"\r\n" + CLOSE + body)
    return status_of(answer), answer.partition(b"\r\n\r\n")[2]


def is_healthy(agent: Agent) -> bool:
    """Return whether the server still answers correctly."""
    return request(agent, "GET", "/v1/status/leader") == (200, b'"127.0.0.1:8300"')
