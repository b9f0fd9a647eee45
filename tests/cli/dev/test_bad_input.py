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
from tests.cli.dev.raw import CLOSE, LEADER, PATIENCE, connected, everything, exchanged, is_well, status_of
from tests.cli.dev.requests import BAD, CUT


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_answered_with_an_error(dev: Agent, name: str) -> None:
    data, statuses = BAD[name]
    # Where more comes than the server reads, the system may take the answer back.
    assert status_of(exchanged(dev, data)) in statuses | ({0} if len(data) > 1 << 20 else set())
    assert is_well(dev)


@pytest.mark.parametrize("name", CUT)
def test_what_ends_early_is_answered_with_an_error(dev: Agent, name: str) -> None:
    data, statuses = CUT[name]
    assert status_of(exchanged(dev, data, then_end=True)) in statuses
    assert is_well(dev)


def test_a_body_above_the_limit_is_not_read(dev: Agent) -> None:
    head = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with connected(dev) as sock:
        try:
            sock.sendall(head)
            for _ in range(80):
                sock.sendall(chunk)
        except ConnectionError:
            pass
        assert status_of(everything(sock)) in {0, 413}
    assert is_well(dev)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: LEADER + data))
def test_garbage(dev: Agent, data: bytes) -> None:
    answer = exchanged(dev, data, then_end=True)
    assert status_of(answer) in {0, 200, 400, 405, 413, 417, 431, 501, 505}
    assert is_well(dev)


def test_a_thousand_connections_at_once(dev: Agent) -> None:
    """Each is open before the first is asked anything; a half of them then goes away in the middle of a request."""
    count = 1000
    with ExitStack() as stack:
        sockets = [stack.enter_context(connected(dev)) for _ in range(count)]
        for place, sock in enumerate(sockets):
            sock.sendall(LEADER + CLOSE if place % 2 else LEADER)
        for sock in sockets[::2]:
            sock.close()
        assert {status_of(everything(sock)) for sock in sockets[1::2]} == {200}
    assert is_well(dev)


def test_a_thousand_silent_connections_keep_nobody_waiting(dev: Agent) -> None:
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connected(dev))
        assert is_well(dev)


def test_connections_that_are_reset(dev: Agent) -> None:
    for data in (b"", LEADER, LEADER + b"\r\n", b"GET /v1/kv/none?index=9&wait=60s HTTP/1.1\r\nHost: x\r\n\r\n"):
        with connected(dev) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.sendall(data)
        assert is_well(dev)


def test_requests_one_behind_the_other(dev: Agent) -> None:
    with connected(dev) as sock:
        sock.sendall((LEADER + b"\r\n") * 200 + LEADER + CLOSE)
        assert everything(sock).count(b"HTTP/1.1 200 OK\r\n") == 201


def test_what_comes_behind_a_request_is_its_own_affair(dev: Agent) -> None:
    with connected(dev) as sock:
        sock.sendall(LEADER + b"\r\n" + b"garbage\r\n\r\n")
        said = everything(sock)
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"400"]


def test_a_client_that_takes_no_answers_is_not_waited_for(dev: Agent) -> None:
    """It asks for far more than the system buffers, and reads nothing."""
    value = bytes(500_000)
    put = b"PUT /v1/kv/large HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(value)
    assert status_of(exchanged(dev, put + CLOSE + value)) == 200
    with connected(dev) as sock:
        sock.sendall(b"GET /v1/kv/large HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        assert is_well(dev)
        assert sock.recv(15) == b"HTTP/1.1 200 OK"
    assert is_well(dev)


def test_over_a_unix_socket_as_well(dev: Agent) -> None:
    for data, statuses in [*BAD.values(), *CUT.values()]:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(dev.unix_path)
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            assert status_of(everything(sock)) in statuses | {0}
    assert is_well(dev)
