"""Each fault does what its name says, as seen by the standard library's HTTP client, and good answers follow it."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from contextlib import suppress

import pytest

from tests.fakes.faults import DONE, FAULTS, FOUND, GOOD, HEALTHY, ODD_BUT_GOOD, TEMPORARY_REFUSALS, UNUSABLE_IDLE, refuse_then_answer
from tests.fakes.plain_client import GET, PUT, connect, exchange, read_exactly, read_to_end
from tests.fakes.raw_server import Close, Drip, RawServer, ReadRequest, Repeat, Reset, Send


def read(sock: socket.socket) -> tuple[int, bytes]:
    """Return status and body as http.client reads them, decompressed."""
    sock.sendall(GET)
    response = http.client.HTTPResponse(sock, method="GET")
    try:
        response.begin()
        body = response.read()
        encoding = response.getheader("Content-Encoding")
        if encoding not in (None, "gzip"):
            raise LookupError(encoding)
        return response.status, gzip.decompress(body) if encoding else body
    finally:
        response.close()


def outcome(server: RawServer) -> object:
    """Return the value of a 200, the status of any other answer, or the class of the exception."""
    with connect(server) as sock:
        try:
            status, body = read(sock)
            return status if status != 200 else json.loads(body)[0]["Value"]
        except Exception as exc:
            return type(exc)


OUTCOMES: dict[str, object] = {
    "reset before the answer": ConnectionResetError,
    "reset in the middle of the head": ConnectionResetError,
    "reset in the middle of the body": ConnectionResetError,
    "closed before the answer": http.client.RemoteDisconnected,
    "truncated body": http.client.IncompleteRead,
    "Content-Length smaller than the body": json.JSONDecodeError,
    "Content-Length larger than the body": http.client.IncompleteRead,
    "garbage instead of HTTP": http.client.BadStatusLine,
    "invalid JSON": json.JSONDecodeError,
    "an empty 200": json.JSONDecodeError,
    "an HTML 502": 502,
    "an HTML 200": json.JSONDecodeError,
    "JSON: a number": TypeError,
    "JSON: another object": KeyError,
    "JSON: a list of numbers": TypeError,
    "JSON: null": TypeError,
    "a value that is not base64": "!?!?",
    "a body that is not UTF-8": UnicodeDecodeError,
    "not gzip, but says so": gzip.BadGzipFile,
    "gzip, cut off": EOFError,
    "an unknown Content-Encoding": LookupError,
    "10,000 headers": http.client.HTTPException,
    "a 301": 301,
    "a 307": 307,
    "a 400": 400,
    "a 403": 403,
    "a 413": 413,
    "a 500": 500,
    "an answer of 10 MB": "A" * 10_000_000,
    "chunks, cut off": http.client.IncompleteRead,
    "chunks, not a size": http.client.IncompleteRead,
}

#: Faults that http.client accepts, that take too long, or that differ between Pythons: each has its own test.
BY_THEMSELVES = {
    "never answers",
    "closed in the middle of the head",
    "two different Content-Lengths",
    "Content-Length is not a number",
    "headers dripped",
    "body dripped",
    "JSON 20,000 levels deep",
}


def test_every_fault_is_tested() -> None:
    assert OUTCOMES.keys() | BY_THEMSELVES == FAULTS.keys()
    assert not OUTCOMES.keys() & BY_THEMSELVES


@pytest.mark.parametrize("fault", OUTCOMES)
def test_each_fault_does_what_its_name_says(fault: str) -> None:
    with RawServer(FAULTS[fault], HEALTHY) as server:
        # Not a plain ==, which would print 10 MB if it fails.
        assert (outcome(server) == OUTCOMES[fault]) is True, fault


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_new_connections_work(fault: str) -> None:
    with RawServer(FAULTS[fault], HEALTHY) as server, connect(server) as sock:
        sock.sendall(GET)
        with connect(server) as later:
            exchange(later, GET, GOOD)
            exchange(later, PUT, DONE)


@pytest.mark.parametrize("fault", [name for name, script in FAULTS.items() if isinstance(script[-1], Repeat)])
def test_after_a_fault_that_keeps_the_connection_open_it_works(fault: str) -> None:
    first = FAULTS[fault][1]
    assert isinstance(first, Send)
    with RawServer(FAULTS[fault]) as server, connect(server) as sock:
        sock.sendall(GET)
        assert (read_exactly(sock, len(first.data)) == first.data) is True
        exchange(sock, GET, GOOD)
        exchange(sock, PUT, DONE)


def test_it_never_answers() -> None:
    with RawServer(FAULTS["never answers"]) as server, connect(server) as sock:
        sock.sendall(GET)
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_the_head_ends_in_the_middle() -> None:
    with RawServer(FAULTS["closed in the middle of the head"]) as server, connect(server) as sock:
        sock.sendall(GET)
        assert read_to_end(sock) == GOOD[:30]
        assert b"\r\n\r\n" not in GOOD[:30]


@pytest.mark.parametrize(
    ("fault", "lengths"), [("two different Content-Lengths", ["5", str(len(FOUND))]), ("Content-Length is not a number", ["many"])]
)
def test_the_lengths_are_wrong(fault: str, lengths: list[str]) -> None:
    with RawServer(FAULTS[fault]) as server, connect(server) as sock:
        sock.sendall(GET)
        response = http.client.HTTPResponse(sock, method="GET")
        response.begin()
        assert response.headers.get_all("Content-Length") == lengths
        response.close()


def test_the_deep_json_is_20_000_levels_deep() -> None:
    with RawServer(FAULTS["JSON 20,000 levels deep"], HEALTHY) as server, connect(server) as sock:
        status, body = read(sock)
    assert status == 200
    assert (body == b"[" * 20_000 + b"]" * 20_000) is True


@pytest.mark.parametrize("fault", ["headers dripped", "body dripped"])
def test_dripping_faults_last_longer_than_any_time_limit(fault: str) -> None:
    drip = next(step for step in FAULTS[fault] if isinstance(step, Drip))
    assert len(drip.data) * drip.interval > 2
    with RawServer(FAULTS[fault]) as server, connect(server) as sock:
        sock.sendall(GET)
        received = b""
        while len(received) < len(GOOD) and GOOD.find(drip.data) + 3 > len(received):
            received += sock.recv(1000)
        # The bytes of a good answer arrive one by one, but not all of them.
        assert GOOD.startswith(received)
        assert received != GOOD


@pytest.mark.parametrize("oddity", ODD_BUT_GOOD)
def test_unusual_answers_are_valid(oddity: str) -> None:
    with RawServer(ODD_BUT_GOOD[oddity], HEALTHY) as server:
        if oddity == "100 Continue first":
            with connect(server) as sock:
                exchange(sock, GET, b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD)
        else:
            assert outcome(server) == "dg=="
        assert outcome(server) == "dg=="


@pytest.mark.parametrize("spoiler", UNUSABLE_IDLE)
def test_an_unusable_idle_connection_gives_a_good_answer_first(spoiler: str) -> None:
    first, then = UNUSABLE_IDLE[spoiler]
    unasked = first[len(GOOD) :] + b"".join(step.data for step in then if isinstance(step, Send))
    ends = [step for step in then if isinstance(step, Close | Reset)]
    with RawServer([ReadRequest(), Send(first), *then, *([] if ends else HEALTHY)], HEALTHY) as server, connect(server) as sock:
        exchange(sock, GET, GOOD)
        assert unasked or ends
        assert read_exactly(sock, len(unasked)) == unasked
        if ends:
            with suppress(ConnectionResetError):
                assert sock.recv(1) == b""
        assert outcome(server) == "dg=="


@pytest.mark.parametrize(("refusal", "status"), list(zip(TEMPORARY_REFUSALS, [429, 500, 500, 503], strict=True)))
def test_refusals_end_after_a_while(refusal: str, status: int) -> None:
    with RawServer(refuse_then_answer(TEMPORARY_REFUSALS[refusal], 2)) as server, connect(server) as sock:
        assert read(sock)[0] == status
        assert read(sock)[0] == status
        assert read(sock) == (200, FOUND)
        assert read(sock) == (200, FOUND)
