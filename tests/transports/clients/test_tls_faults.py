"""Faults of TLS: failed handshakes, and streams that are cut off."""

from __future__ import annotations

import os
import signal
import ssl
import time
from threading import Thread
from typing import Any

import pytest

from consulate import Consul
from consulate.exceptions import RequestError, RequestTimeout
from tests.faces import URLLIB3, Face, on_every_face, outcome, wait_until
from tests.fakes.certificates import Certificates
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import Close, Drip, Hang, Pause, ReadRequest, Reset, Script, Send
from tests.transports.conftest import Serve

#: A record of TLS 1.2 that says "handshake failure".
_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"

HANDSHAKES: dict[str, tuple[Script, type[RequestError], str]] = {
    "never answered": ([Hang()], RequestTimeout, "could not connect within the time limit"),
    "dripped": ([Drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 200, 0.03)], RequestTimeout, "could not connect within the time limit"),
    "closed": ([Pause(0.05), Close()], RequestError, ""),
    "reset": ([Pause(0.05), Reset()], RequestError, "the connection was reset"),
    "refused": ([Send(_ALERT), Hang()], RequestError, "TLS failed"),
    "garbage": ([Send(b"\x00" * 100), Hang()], RequestError, "TLS failed"),
}


@on_every_face
@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_failed_handshake_sends_nothing(face: Face, name: str, serve: Serve) -> None:
    script, kind, says = HANDSHAKES[name]
    server = serve(face, script)

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.put("k", "v"))
        assert time.monotonic() - begun < 2
        assert type(error) is kind
        assert error.maybe_applied is False
        assert says in str(error)
        assert server.connections == 1

    face.run(scenario, server.tls_url, timeout=0.4 if kind is RequestTimeout else 5)


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_the_error_of_a_missing_client_certificate_says_so(
    face: Face,
    method: str,
    serve: Serve,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serve(face, HEALTHY, tls=certificates.server_for_clients)

    def late(send: Any) -> Any:
        """Delay sending until the server has sent its alert, and closed."""

        def send_late(*args: Any) -> Any:
            wait_until(lambda: 0 in server.closed)
            return send(*args)

        return send_late

    monkeypatch.setattr(ssl.SSLSocket, "sendall", late(ssl.SSLSocket.sendall))
    monkeypatch.setattr(ssl.SSLObject, "write", late(ssl.SSLObject.write))

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k") if method == "get" else client.kv.put("k", "v"))
        assert type(error) is RequestError
        assert "certificate required" in str(error)
        assert server.requests == []

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
def test_an_answer_without_length_needs_the_end_of_tls(
    face: Face, serve: Serve, certificates: Certificates, request: pytest.FixtureRequest
) -> None:
    """Anyone on the network path can close a TCP connection; only the server can end TLS properly (RFC 9110, section 4.3.4)."""
    server = serve(face, [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\nhalf a val"), Close()], HEALTHY, tls=certificates.server)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k", raw=True))
        assert type(error) is RequestError, repr(error)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=5)


@on_every_face
def test_a_large_answer_and_a_large_value_inside_tls(face: Face, serve: Serve, certificates: Certificates) -> None:
    """Several records of 16 KiB each, in both directions."""
    server = serve(face, HEALTHY, tls=certificates.server)
    value = os.urandom(300_000)

    async def scenario(client: Any) -> None:
        for _ in range(2):
            await client.kv.put("k", value)
            assert await client.kv.get("k") == "v"
        assert [request.body for request in server.requests] == [value, b""] * 2
        assert server.connections == 1

    face.run(scenario, server.url, ca_file=certificates.ca_file, timeout=10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_parent_and_child_of_a_fork_both_work(serve: Serve, certificates: Certificates) -> None:
    """The child neither uses the parent's TLS session nor closes it."""
    server = serve(URLLIB3, HEALTHY, tls=certificates.server)
    with Consul(server.url, ca_file=certificates.ca_file, timeout=5) as client:
        assert client.kv.get("k") == "v"
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            good = client.kv.get("k") == client.kv.get("k") == "v"
            client.close()
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client.kv.get("k") == "v"
    assert [request.connection for request in server.requests] == [0, 1, 1, 0]


@pytest.mark.parametrize("blocking", [False, True])
def test_closing_ends_a_call_of_another_thread(blocking: bool, serve: Serve, certificates: Certificates) -> None:
    server = serve(URLLIB3, [ReadRequest(), Hang()], tls=certificates.server)
    client = Consul(server.url, ca_file=certificates.ca_file, timeout=20)
    failures: list[BaseException] = []

    def call() -> None:
        with pytest.raises(RequestError) as caught:
            client.kv.get("k", index=1, wait="60s") if blocking else client.kv.get("k")
        failures.append(caught.value)

    thread = Thread(target=call)
    thread.start()
    wait_until(lambda: len(server.requests) == 1)
    client.close()
    thread.join(10)
    assert not thread.is_alive()
    assert len(failures) == 1
