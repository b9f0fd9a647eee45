"""The scripted server, tested over plain sockets: it follows its script, and leaves nothing open."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.fakes.certificates import Certificates, make
from tests.fakes.faults import DONE, GOOD, HEALTHY
from tests.fakes.plain_client import GET, PATIENCE, PUT, connect, exchange, read_exactly, read_to_end
from tests.fakes.raw_server import (
    Close,
    ClosedPort,
    Drip,
    Echo,
    FullPort,
    Hang,
    Pause,
    RawServer,
    ReadRequest,
    Repeat,
    Reset,
    Script,
    Send,
    SendBy,
    SetEvent,
    WaitFor,
    answer,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["tcp", "unix", "tls"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(kind: str, tmp_path: Path, certificates: Certificates) -> Iterator[Callable[..., RawServer]]:
    with ExitStack() as stack:
        yield lambda *scripts: stack.enter_context(server_of(kind, tmp_path, certificates, *scripts))


def server_of(kind: str, folder: Path, certificates: Certificates, *scripts: Script) -> RawServer:
    return RawServer(
        *scripts, unix_path=folder / "fake.sock" if kind == "unix" else None, tls=certificates.server if kind == "tls" else None
    )


# The server


def test_it_answers_and_records(start: Callable[..., RawServer], certificates: Certificates) -> None:
    server = start(HEALTHY)
    with connect(server, certificates) as sock:
        exchange(sock, GET, GOOD)
        exchange(sock, PUT, DONE)
    with connect(server, certificates) as sock:
        exchange(sock, GET, GOOD)
    assert [(r.connection, r.method, r.target, r.body) for r in server.requests] == [
        (0, "GET", "/v1/kv/k", b""),
        (0, "PUT", "/v1/kv/k", b"w"),
        (1, "GET", "/v1/kv/k", b""),
    ]
    assert server.requests[1].headers == (("Host", "x"), ("Content-Length", "1"))
    assert server.requests[1].header("content-length") == "1"
    assert server.connections == 2


def test_each_connection_has_its_script_and_the_last_one_repeats() -> None:
    scripts: list[Script] = [[Repeat((ReadRequest(), Send(answer(200, body))))] for body in (b"a", b"b", b"c")]
    with RawServer(*scripts) as server:
        for body in (b"a", b"b", b"c", b"c"):
            with connect(server) as sock:
                exchange(sock, GET, answer(200, body))
    assert server.connections == 4


def test_a_request_in_pieces_with_chunks() -> None:
    with RawServer(HEALTHY) as server, connect(server) as sock:
        request = b"PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n"
        for byte in request:
            sock.sendall(bytes([byte]))
        exchange(sock, GET, DONE + GOOD)
        assert [r.body for r in server.requests] == [b"abc0123456789", b""]


def test_an_answer_is_well_formed() -> None:
    assert answer() == b"HTTP/1.1 200 Whatever\r\nContent-Length: 0\r\n\r\n"
    assert answer(404, b"no", [("X-A", "1"), ("X-A", "2")]) == b"HTTP/1.1 404 Whatever\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nno"
    assert answer(200, b"no", [("content-length", "7")]) == b"HTTP/1.1 200 Whatever\r\ncontent-length: 7\r\n\r\nno"


def test_it_closes_in_good_order() -> None:
    with RawServer([ReadRequest(), Send(b"last words"), Close()]) as server, connect(server) as sock:
        sock.sendall(GET)
        assert read_to_end(sock) == b"last words"


def test_it_resets() -> None:
    with RawServer([ReadRequest(), Reset()]) as server, connect(server) as sock:
        sock.sendall(GET)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_it_drips() -> None:
    with RawServer([ReadRequest(), Drip(b"abcd", 0.03), Close()]) as server, connect(server) as sock:
        sock.sendall(GET)
        begun = time.monotonic()
        assert read_to_end(sock) == b"abcd"
        assert time.monotonic() - begun >= 0.12


def test_scripts_wait_for_events_and_set_them() -> None:
    taken, go = threading.Event(), threading.Event()
    with RawServer([ReadRequest(), SetEvent(taken), WaitFor(go), Send(GOOD)]) as server, connect(server) as sock:
        sock.sendall(GET)
        assert taken.wait(PATIENCE)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        sock.settimeout(PATIENCE)
        go.set()
        assert read_exactly(sock, len(GOOD)) == GOOD


def test_send_by_counts_seconds_from_the_first_request() -> None:
    with RawServer([Repeat((ReadRequest(), SendBy(0.1, b"early", b"later")))]) as server:
        with connect(server) as sock:
            # The time before the first request does not count.
            time.sleep(0.15)
            exchange(sock, GET, b"early")
        time.sleep(0.1)
        with connect(server) as sock:
            exchange(sock, GET, b"later")


def test_it_echoes() -> None:
    with RawServer([ReadRequest(), Echo(418)]) as server, connect(server) as sock:
        exchange(sock, GET, answer(418, GET.removesuffix(b"\r\n\r\n")))


def test_the_server_can_use_a_given_port() -> None:
    with ClosedPort() as refused:
        port = refused.port
    with RawServer(HEALTHY, port=port) as server:
        assert server.port == port
        with connect(server) as sock:
            exchange(sock, GET, GOOD)


# The end of the server


@pytest.mark.parametrize(
    "script",
    [
        [Hang()],
        [ReadRequest()],
        [Pause(60)],
        [WaitFor(threading.Event())],
        [Drip(b"x" * 1000, 60)],
        [Send(b"x" * 50_000_000)],
        HEALTHY,
    ],
    ids=["hangs", "reads", "pauses", "waits", "drips", "sends what nobody reads", "serves"],
)
def test_the_server_ends_at_once_while_clients_hang(kind: str, script: Script, tmp_path: Path, certificates: Certificates) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        with server_of(kind, tmp_path, certificates, script) as server:
            # With TLS, the first client never does the handshake. It comes first, so that its thread is already waiting.
            stack.enter_context(connect(server))
            stack.enter_context(connect(server, certificates))
            begun = time.monotonic()
            while server.connections < 2:
                time.sleep(0.001)
                assert time.monotonic() - begun < PATIENCE
            begun = time.monotonic()
        assert time.monotonic() - begun < PATIENCE
        assert threading.active_count() == before
        assert server.closed == {0, 1}
    # A socket that was left open is a ResourceWarning here.
    gc.collect()


@pytest.mark.parametrize(
    "script", [[ReadRequest(), Drip(b"x" * 50, 0.001), Reset()], [Send(b"x" * 5_000_000)], [ReadRequest()]], ids=["drips", "sends", "reads"]
)
def test_a_client_that_goes_away_causes_no_error(start: Callable[..., RawServer], script: Script, certificates: Certificates) -> None:
    server = start(script)
    raised: list[object] = []
    before, threading.excepthook = threading.excepthook, raised.append
    try:
        for secure in (certificates, None):
            with connect(server, secure) as sock:
                sock.sendall(GET[:20] if script == [ReadRequest()] else GET)
        begun = time.monotonic()
        while len(server.closed) < 2:
            time.sleep(0.001)
            assert time.monotonic() - begun < PATIENCE
    finally:
        threading.excepthook = before
    assert raised == []


def test_200_connections_can_wait_to_be_accepted() -> None:
    with RawServer(HEALTHY) as server, ExitStack() as stack:
        begun = time.monotonic()
        socks = [stack.enter_context(connect(server)) for _ in range(200)]
        # A client that finds the queue full would retry only after a second, and then after two.
        assert time.monotonic() - begun < PATIENCE
        for sock in socks:
            exchange(sock, GET, GOOD)
        assert server.connections == 200


# Ports that do not accept


def test_a_closed_port_refuses() -> None:
    with ClosedPort() as refused, closing(socket.socket()) as sock:
        assert sock.connect_ex(("127.0.0.1", refused.port)) == errno.ECONNREFUSED


def test_a_full_tcp_port_accepts_nothing() -> None:
    with FullPort() as full, closing(socket.socket()) as sock:
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.connect(("127.0.0.1", full.port))


def test_a_full_unix_socket_accepts_nothing(tmp_path: Path) -> None:
    with FullPort(tmp_path / "full.sock"), closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.settimeout(0.2)
        with pytest.raises((TimeoutError, BlockingIOError)):
            sock.connect(str(tmp_path / "full.sock"))


def test_only_certificates_of_the_authority_are_trusted(certificates: Certificates) -> None:
    with (
        RawServer(HEALTHY, tls=certificates.stranger) as server,
        pytest.raises(ssl.SSLCertVerificationError, match="self-signed|local issuer"),
    ):
        connect(server, certificates)
    with (
        RawServer(HEALTHY, tls=certificates.other_name) as server,
        pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"),
    ):
        connect(server, certificates)


def test_a_server_that_asks_for_a_certificate(certificates: Certificates) -> None:
    with RawServer(HEALTHY, tls=certificates.server_for_clients) as server:
        # With TLS 1.3 the refusal comes with the first answer.
        with closing(connect(server, certificates)) as sock, pytest.raises((ssl.SSLError, ConnectionError)):
            sock.recv(1)
        context = ssl.create_default_context(cafile=certificates.ca_file)
        context.load_cert_chain(certificates.client_cert, certificates.client_key)
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost") as known:
            exchange(known, GET, GOOD)
