"""TLS to a port for plain HTTP, plain HTTP to a port for TLS, and certificates: each error names what is likely to be wrong."""

from __future__ import annotations

import ssl
import threading
from typing import Any

import pytest

from consulate import Consul
from consulate.exceptions import ClientError, RequestError, RequestTimeout
from tests.faces import URLLIB3, Face, on_every_face, on_every_tcp_face, outcome, wait_until
from tests.fakes.certificates import Certificates
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import Close, Hang, ReadRequest, ReadSome, Reset, Script, Send, answer
from tests.transports.conftest import Serve
from transports.tls_errors import tls_error

_USE_HTTP = "if its port is for plain HTTP, use http://"
_USE_HTTPS = "if its port is for TLS, use https://, or CONSUL_HTTP_SSL=true"

#: How a server for plain HTTP meets a TLS handshake, as which it can read no request.
PLAIN_SERVERS: dict[str, Script] = {
    "says 400": [Send(answer(400, b"400 Bad Request"))],
    "says 400 as Go does": [Send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request"), Close()],
    "waits for a request": [ReadRequest(), Send(answer(400, b""))],
    "closes": [ReadSome(), Close()],
    "resets": [ReadSome(), Reset()],
}

#: How a server for TLS meets plain HTTP, without its own words.
TLS_SERVERS: dict[str, Script] = {
    "an alert": [ReadRequest(), Send(b"\x15\x03\x01\x00\x02\x02\x46"), Close()],
    "an alert that is a line": [ReadRequest(), Send(b"\x15\x03\x03\x00\x02\x02\x0a"), Close()],
    "an alert, then silence": [ReadRequest(), Send(b"\x15\x03\x03\x00\x02\x02\x46\n"), Hang()],
    "closes": [ReadRequest(), Close()],
    "resets": [ReadRequest(), Reset()],
}

#: What servers for TLS say in plain text, if they say anything.
TLS_SERVERS_THAT_SAY_SO = {
    "Go": b"Client sent an HTTP request to an HTTPS server.\n",
    "nginx": b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
    "Apache": b"<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.</p>",
}


@on_every_tcp_face
@pytest.mark.parametrize("name", PLAIN_SERVERS)
def test_tls_to_a_port_for_plain_http(face: Face, name: str, serve: Serve) -> None:
    server = serve(face, PLAIN_SERVERS[name])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert type(error) is (RequestTimeout if name == "waits for a request" else RequestError)
        assert _USE_HTTP in str(error)
        assert _USE_HTTPS not in str(error)
        assert error.maybe_applied is False

    face.run(scenario, f"https://127.0.0.1:{server.port}", timeout=0.5 if name == "waits for a request" else 5)


@on_every_tcp_face
@pytest.mark.parametrize("name", TLS_SERVERS)
def test_plain_http_to_a_port_for_tls(face: Face, name: str, serve: Serve) -> None:
    server = serve(face, TLS_SERVERS[name])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert type(error) is RequestError
        assert str(error).count(_USE_HTTPS) == 1
        assert error.maybe_applied is True

    face.run(scenario, server.url, timeout=5)


@on_every_tcp_face
def test_plain_http_to_a_real_port_for_tls(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert type(error) is RequestError
        assert _USE_HTTPS in str(error)

    face.run(scenario, f"http://127.0.0.1:{server.port}", timeout=5)


@on_every_tcp_face
@pytest.mark.parametrize("name", TLS_SERVERS_THAT_SAY_SO)
def test_a_port_for_tls_that_says_so(face: Face, name: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(answer(400, TLS_SERVERS_THAT_SAY_SO[name])), Close()])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "v"))
        assert type(error) is ClientError
        assert "the port is for TLS: use https://, or CONSUL_HTTP_SSL=true" in str(error)
        assert error.maybe_applied is False

    face.run(scenario, server.url, timeout=5)


@on_every_face
def test_no_scheme_is_blamed_for_a_connection_that_worked(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(answer(200, b"true")), ReadRequest(), Send(answer(200, b"true")[:30]), Close()])

    async def scenario(client: Any) -> None:
        await client.kv.put("k", "v")
        error = await outcome(client.kv.put("k", "v"))
        assert isinstance(error, RequestError)
        assert "https://" not in str(error)

    face.run(scenario, server.url, timeout=5)


@on_every_tcp_face
def test_a_wrong_server_name(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert "it is for another name: give its name with server_name= or CONSUL_TLS_SERVER_NAME" in str(error)
        assert "authority" not in str(error)
        assert error.maybe_applied is False

    face.run(scenario, server.url, ca_file=certificates.ca_file, server_name="consul.example.com", timeout=5)


@on_every_tcp_face
def test_an_address_that_is_not_in_the_certificate(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.other_name)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert "server_name=" in str(error)
        assert "authority" not in str(error)

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_tcp_face
def test_an_unknown_authority(face: Face, serve: Serve, certificates: Certificates) -> None:
    server = serve(face, HEALTHY, tls=certificates.stranger)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert "give its authority with ca_file= or CONSUL_CACERT" in str(error)
        assert "server_name" not in str(error)

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@pytest.mark.parametrize(("code", "says"), [(10, "it has expired"), (9, "not valid yet"), (18, "give its authority"), (62, "server_name=")])
def test_why_a_certificate_is_refused(code: int, says: str) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    assert says in str(tls_error(error, sent=False))


def test_closing_a_client_blames_no_scheme(serve: Serve) -> None:
    server = serve(URLLIB3, [ReadRequest(), Hang()])
    client = Consul(server.url, timeout=20)
    errors: list[str] = []

    def call() -> None:
        with pytest.raises(RequestError) as caught:
            client.kv.get("k")
        errors.append(str(caught.value))

    thread = threading.Thread(target=call)
    thread.start()
    wait_until(lambda: len(server.requests) == 1)
    client.close()
    thread.join(10)
    assert len(errors) == 1
    assert "https://" not in errors[0]
