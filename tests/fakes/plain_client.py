"""A client of plain sockets, for the tests of the fakes. It uses nothing of Consulate."""

from __future__ import annotations

import socket
import ssl

from tests.fakes.certificates import Certificates
from tests.fakes.raw_server import RawServer

GET = b"GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nw"

#: The time limit of the sockets of these tests, in seconds.
PATIENCE = 5.0


def connect(server: RawServer, certificates: Certificates | None = None) -> socket.socket:
    """Return a connection, with TLS if the server uses it and certificates are given."""
    sock = socket.socket(socket.AF_INET if server.unix_path is None else socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", server.port) if server.unix_path is None else server.unix_path)
    if server.url.startswith("https:") and certificates is not None:
        return ssl.create_default_context(cafile=certificates.ca_file).wrap_socket(sock, server_hostname="127.0.0.1")
    return sock


def read_exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := sock.recv(size - len(data))):
        data += more
    return data


def read_to_end(sock: socket.socket) -> bytes:
    data = b""
    while more := sock.recv(65536):
        data += more
    return data


def exchange(sock: socket.socket, request: bytes, expected: bytes) -> None:
    sock.sendall(request)
    assert read_exactly(sock, len(expected)) == expected
