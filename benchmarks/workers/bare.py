"""A worker without a Consul client: python -m benchmarks.workers.bare KIND ADDRESSES PREFIX. KIND: socket, unix or urllib3. bare_tasks.py
has the same for event loops.

It does what the answers of the canned server need and no more. So the time that it takes is the least that Python needs.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from binascii import a2b_base64
from collections.abc import Callable

from benchmarks.bodies import KEY
from benchmarks.workers.protocol import TIME_LIMIT, announce, put_body, repeated, serve

_HEADERS = b"Host: 127.0.0.1\r\nUser-Agent: bare\r\nAccept-Encoding: identity\r\n"
#: The requests.
GET = b"GET /v1/kv/%s HTTP/1.1\r\n%s\r\n" % (KEY.encode(), _HEADERS)
PUT = b"PUT /v1/kv/%s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (KEY.encode(), _HEADERS, len(put_body())) + put_body()

_STATUS, _FIELDS = rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", rb"(?:[A-Za-z-]+: [^\r\n]*\r\n)*"

#: The head of an answer that has a length: its status and its length.
_SHORT = re.compile(_STATUS + _FIELDS + rb"?Content-Length: (\d+)\r\n" + _FIELDS + rb"\r\n")

#: The head of an answer in chunks, and the length of the first chunk.
_CHUNKED = re.compile(_STATUS + _FIELDS + rb"?Transfer-Encoding: chunked\r\n" + _FIELDS + rb"\r\n([0-9a-f]+)\r\n")


def body_of(data: bytes) -> bytes | None:
    """Return the body of a short answer, or None if it is not complete."""
    head = _SHORT.match(data)
    if head is None or len(data) < head.end() + int(head[2]):
        return None
    assert head[1] == b"200"
    return data[head.end() :]


def value_of(body: bytes) -> str:
    """Return the value of the only key in a body."""
    return a2b_base64(json.loads(body)[0]["Value"]).decode()


def values_of(body: bytes | bytearray) -> dict[str, str]:
    """Return the keys and values in a body."""
    return {pair["Key"]: a2b_base64(pair["Value"]).decode() for pair in json.loads(body)}


class _Socket:
    """A connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.settimeout(TIME_LIMIT)

    def short(self, request: bytes) -> bytes:
        """Send a request, and return the body of an answer that has a length."""
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while (body := body_of(data)) is None:
            data += self._socket.recv(65536)
        return body

    def long(self, path: str) -> bytearray:
        """Send a GET, and return the body of an answer in one chunk, as agents send long ones."""
        self._socket.sendall(b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), _HEADERS))
        data = self._socket.recv(65536)
        while (head := _CHUNKED.match(data)) is None:
            data += self._socket.recv(65536)
        assert head[1] == b"200"
        size = int(head[2], 16)
        body = bytearray(size + 7)  # the chunk, and the end: \r\n0\r\n\r\n
        begun = len(data) - head.end()
        body[:begun] = data[head.end() :]
        with memoryview(body) as rest:
            while begun < len(rest):
                begun += self._socket.recv_into(rest[begun:])
        assert body.endswith(b"\r\n0\r\n\r\n")
        del body[size:]
        return body


def _serve_socket(connected: socket.socket, prefix: str) -> None:
    announce()
    with connected:
        bare = _Socket(connected)
        calls: dict[str, Callable[[], object]] = {
            "get": lambda: value_of(bare.short(GET)),
            "put": lambda: bare.short(PUT) == b"true",
            "health-200": lambda: json.loads(bare.long("/v1/health/service/web-200")),
            "health-5000": lambda: json.loads(bare.long("/v1/health/service/web-5000")),
            "keys": lambda: values_of(bare.long(f"/v1/kv/{prefix}?recurse")),
        }
        serve({name: repeated(call) for name, call in calls.items()})


def _serve_urllib3(port: int) -> None:
    import urllib3

    announce("urllib3")
    with urllib3.HTTPConnectionPool("127.0.0.1", port, timeout=TIME_LIMIT) as pool:
        calls: dict[str, Callable[[], object]] = {
            "get": lambda: value_of(pool.urlopen("GET", f"/v1/kv/{KEY}").data),
            "put": lambda: pool.urlopen("PUT", f"/v1/kv/{KEY}", body=put_body()).data == b"true",
        }
        serve({name: repeated(call) for name, call in calls.items()})


def main() -> None:
    kind, addresses, prefix = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    if kind == "urllib3":
        _serve_urllib3(addresses["port"])
    elif kind == "unix":
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(addresses["unix_path"])
        _serve_socket(connected, prefix)
    else:
        _serve_socket(socket.create_connection(("127.0.0.1", addresses["port"])), prefix)


if __name__ == "__main__":
    main()
