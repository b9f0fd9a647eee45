"""Whatever is sent to `consulate dev`, it answers with an HTTP error or closes the connection, and goes on serving.

That it said nothing of an exception is checked when it ends: see `start_dev`.
"""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agents import Agent
from tests.cli.dev.raw import CLOSE, LEADER, PATIENCE, connect, exchange, is_healthy, read_to_end, status_of
from tests.cli.dev.requests import BAD, CUT


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_request_gets_an_error(dev: Agent, name: str) -> None:
    data, statuses = BAD[name]
    # Where more comes than the server reads, the system may take the answer back.
    assert status_of(exchange(dev, data)) in statuses | ({0} if len(data) > 1 << 20 else set())
    assert is_healthy(dev)


@pytest.mark.parametrize("name", CUT)
def test_a_request_that_is_cut_off_gets_an_error(dev: Agent, name: str) -> None:
    data, statuses = CUT[name]
    assert status_of(exchange(dev, data, then_end=True)) in statuses
    assert is_healthy(dev)


def test_a_body_above_the_limit_is_not_read(dev: Agent) -> None:
    head = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with connect(dev) as sock:
        try:
            sock.sendall(head)
            for _ in range(80):
                sock.sendall(chunk)
        except ConnectionError:
            pass
        assert status_of(read_to_end(sock)) in {0, 413}
    assert is_healthy(dev)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: LEADER + data))
def test_random_bytes_do_no_harm(dev: Agent, data: bytes) -> None:
    answer = exchange(dev, data, then_end=True)
    assert status_of(answer) in {0, 200, 400, 405, 413, 417, 431, 501, 505}
    assert is_healthy(dev)


def test_a_thousand_connections_at_once(dev: Agent) -> None:
    """All are open before the first request is sent; half of them are then closed in the middle of a request."""
    count = 1000
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(dev)) for _ in range(count)]
        for place, sock in enumerate(sockets):
            sock.sendall(LEADER + CLOSE if place % 2 else LEADER)
        for sock in sockets[::2]:
            sock.close()
        assert {status_of(read_to_end(sock)) for sock in sockets[1::2]} == {200}
    assert is_healthy(dev)


def test_a_thousand_idle_connections_delay_nobody(dev: Agent) -> None:
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connect(dev))
        assert is_healthy(dev)


def test_it_serves_on_after_connections_are_reset(dev: Agent) -> None:
    for data in (b"", LEADER, LEADER + b"\r\n", b"GET /v1/kv/none?index=9&wait=60s HTTP/1.1\r\nHost: x\r\n\r\n"):
        with connect(dev) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.sendall(data)
        assert is_healthy(dev)


def test_pipelined_requests_are_all_answered(dev: Agent) -> None:
    with connect(dev) as sock:
        sock.sendall((LEADER + b"\r\n") * 200 + LEADER + CLOSE)
        assert read_to_end(sock).count(b"HTTP/1.1 200 OK\r\n") == 201


def test_garbage_after_a_request_does_not_affect_its_answer(dev: Agent) -> None:
    with connect(dev) as sock:
        sock.sendall(LEADER + b"\r\n" + b"garbage\r\n\r\n")
        said = read_to_end(sock)
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"400"]


def test_a_client_that_reads_no_answers_delays_nobody(dev: Agent) -> None:
    """The client asks for far more than the system buffers, and reads nothing."""
    value = bytes(500_000)
    put = b"PUT /v1/kv/large HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(value)
    assert status_of(exchange(dev, put + CLOSE + value)) == 200
    with connect(dev) as sock:
        sock.sendall(b"GET /v1/kv/large HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        assert is_healthy(dev)
        assert sock.recv(15) == b"HTTP/1.1 200 OK"
    assert is_healthy(dev)


def test_malformed_requests_over_a_unix_socket(dev: Agent) -> None:
    for data, statuses in [*BAD.values(), *CUT.values()]:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(dev.unix_path)
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            assert status_of(read_to_end(sock)) in statuses | {0}
    assert is_healthy(dev)
