"""TLS on every client that supports it, and HTTP proxies for threads."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from consulate import AsyncConsul, Consul
from consulate.exceptions import RequestError
from tests.faces import URLLIB3, Face, on_every_face, outcome, wait_until
from tests.fakes.certificates import Certificates
from tests.fakes.faults import FAULTS, HEALTHY, UNUSABLE_IDLE
from tests.fakes.raw_server import RawServer, ReadRequest, Send, SetEvent, answer
from tests.transports.conftest import Serve


@on_every_face
def test_a_valid_certificate_is_accepted(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        for _ in range(3):
            assert await client.kv.get("k") == "v"
        assert server.connections == 1

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
@pytest.mark.parametrize("server_is", ["stranger", "other_name"])
def test_a_certificate_that_cannot_be_verified_is_refused(face: Face, server_is: str, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=getattr(certificates, server_is))

    async def scenario(client: Any) -> None:
        for call in (client.kv.get("k"), client.kv.put("k", "v")):
            error = await outcome(call)
            assert type(error) is RequestError
            assert error.maybe_applied is False
            assert "certificate could not be verified" in str(error)
        assert server.requests == []

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
def test_verify_false_accepts_any_certificate(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.stranger)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, verify=False, timeout=5)


@on_every_face
def test_server_name_is_checked_instead_of_the_host(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.other_name)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, ca_file=certificates.ca_file, server_name="consul.example.com", timeout=5)


@on_every_face
def test_a_client_certificate(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.server_for_clients)

    async def works(client: Any) -> None:
        assert await client.kv.get("k") == "v"

    async def fails(client: Any) -> None:
        assert isinstance(await outcome(client.kv.get("k")), RequestError)

    files = {"client_cert": certificates.client_cert, "client_key": certificates.client_key}
    face.run(works, server.url, ca_file=certificates.ca_file, timeout=5, **files)
    face.run(fails, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
@pytest.mark.parametrize(
    "fault", ["closed before the answer", "truncated body", "garbage instead of HTTP", "body dripped", "never answers"]
)
def test_faults_inside_tls(face: Face, fault: str, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, FAULTS[fault], HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert isinstance(error, RequestError)
        assert error.maybe_applied is True
        assert len(server.requests) == 1
        assert await client.kv.get("k") == "v"

    times_out = fault in ("body dripped", "never answers")
    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=0.4 if times_out else 5)


@on_every_face
@pytest.mark.parametrize("spoiler", UNUSABLE_IDLE)
def test_idle_connections_inside_tls(face: Face, spoiler: str, serve: Serve, certificates: Certificates) -> None:
    first, then = UNUSABLE_IDLE[spoiler]
    spoiled = threading.Event()
    server = serve(face, [ReadRequest(), Send(first), *then, SetEvent(spoiled), *HEALTHY], HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        wait_until(lambda: spoiled.is_set() or 0 in server.closed)
        for _ in range(3):
            assert await client.kv.get("k") == "v"
        assert server.connections == 2

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
def test_plain_http_where_tls_is_expected(face: Face, serve: Serve) -> None:
    server = serve(face, [Send(answer(400, b"Client sent something else to an HTTP server."))])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert type(error) is RequestError
        assert error.maybe_applied is False

    face.run(scenario, server.tls_url, timeout=1)


@contextmanager
def _tunnel_to(server: RawServer) -> Iterator[RawServer]:
    """Yield a proxy that opens one tunnel to a server, and records the request for it."""
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def work() -> None:
        inner, _ = listener.accept()
        with inner, socket.create_connection(("127.0.0.1", server.port)) as outer:
            head = b""
            while b"\r\n\r\n" not in head:
                head += inner.recv(65536)
            heads.append(head)
            inner.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(outer, inner))
            back.start()
            pump(inner, outer)
            back.join()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield type("Proxy", (), {"url": f"http://127.0.0.1:{listener.getsockname()[1]}", "heads": heads})  # type: ignore[misc] # the two that are used
    finally:
        thread.join(10)
        listener.close()


def test_https_through_a_proxy(serve: Serve, certificates: Certificates) -> None:
    server = serve(URLLIB3, HEALTHY, tls=certificates.server)
    password = uuid.uuid4().hex
    with _tunnel_to(server) as proxy:
        address = proxy.url.replace("http://", f"http://operator:{password}@")
        with Consul(server.url, ca_file=certificates.ca_file, proxy=address, timeout=5) as client:
            assert client.kv.get("k") == client.kv.get("k") == "v"
            assert password not in repr(client)
        head = proxy.heads[0]  # type: ignore[attr-defined] # see _tunnel_to
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.".encode())
        assert b"proxy-authorization: basic " in head.lower()


def test_http_through_a_proxy(serve: Serve) -> None:
    proxy = serve(URLLIB3, HEALTHY)
    with Consul("http://consul.example.com:8500/api", proxy=proxy.url, timeout=5) as client:
        assert client.kv.get("k", consistency="stale") == "v"
    assert proxy.requests[0].target == "http://consul.example.com:8500/api/v1/kv/k?stale"
    assert proxy.requests[0].header("Host") == "consul.example.com:8500"


def test_a_proxy_that_opens_no_tunnel(serve: Serve) -> None:
    proxy = serve(URLLIB3, [ReadRequest(), Send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")])
    password = uuid.uuid4().hex
    address = proxy.url.replace("http://", f"http://operator:{password}@")
    with Consul("https://consul.example.com", proxy=address, timeout=5) as client, pytest.raises(RequestError) as raised:
        client.kv.put("k", "v")
    assert raised.value.maybe_applied is False
    assert "407" in str(raised.value)
    assert password not in str(raised.value)


def test_an_async_client_refuses_a_proxy() -> None:
    with pytest.raises(ValueError, match="AsyncConsul does not support proxies"):
        AsyncConsul(proxy="http://127.0.0.1:3128")
