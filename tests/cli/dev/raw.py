"""Bytes to a server and back, with nothing in between."""

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
def connected(agent: Agent) -> Iterator[socket.socket]:
    """A connection over TCP."""
    with socket.create_connection((agent.host, agent.port), timeout=PATIENCE) as sock:
        yield sock


def everything(sock: socket.socket) -> bytes:
    """What comes until the other side closes, whether it does so nicely or not. Raises TimeoutError where it does not."""
    said = b""
    try:
        while data := sock.recv(1 << 16):
            said += data
    except ConnectionError:
        pass
    return said


def exchanged(agent: Agent, data: bytes, *, then_end: bool = False) -> bytes:
    """Send bytes, and take what comes until the server closes. then_end: send no more, and tell the server so."""
    with connected(agent) as sock:
        try:
            sock.sendall(data)
            if then_end:
                sock.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # refused before all of it was sent
        return everything(sock)


def status_of(answer: bytes) -> int:
    """The status of an answer, 0 where the connection was closed without one."""
    if not answer:
        return 0
    version, status, _ = answer.split(b" ", 2)
    assert version in (b"HTTP/1.1", b"HTTP/1.0"), answer[:80]
    return int(status)


def asked(agent: Agent, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """The status and the body of an answer on a connection of its own. headers: "_" stands for "-"."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    answer = exchanged(agent, "\r\n".join(lines).encode() + b"\r\n" + CLOSE + body)
    return status_of(answer), answer.partition(b"\r\n\r\n")[2]


def is_well(agent: Agent) -> bool:
    """Whether the server answers as ever."""
    return asked(agent, "GET", "/v1/status/leader") == (200, b'"127.0.0.1:8300"')
