"""After any fault, and after an interrupt, no descriptor, thread or socket is left, and the next call gets its own answer."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from consulate import Consul, Limits
from consulate.exceptions import ConsulateException, RequestTimeout
from tests.concurrency.leftovers import check_no_leaks, open_files
from tests.faces import UNIX, URLLIB3, Face, on_every_face, on_every_tcp_face, outcome, wait_until
from tests.fakes.certificates import Certificates
from tests.fakes.faults import DONE, FAULTS, GOOD, HEALTHY
from tests.fakes.raw_server import Close, ClosedPort, Hang, Pause, RawServer, ReadRequest, Script, Send, SetEvent, answer
from tests.transports.conftest import Serve

#: The faults, and two that fail while the connection is open.
_CLOSING: dict[str, Script] = {
    **FAULTS,
    "larger than the limit, and closes": [ReadRequest(), Send(answer(200, b"x" * 5000, [("Connection", "close")])), Hang()],
    "no length, and never ends": [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\n[{"), Hang()],
}

#: Faults in which http.client hands the socket to an answer that it does not close.
_KEPT_OPEN = ("closed in the middle of the head", "Content-Length is not a number", "larger than the limit, and closes")


def _find_leaks(face: Face, faults: Iterable[str], folder: Path) -> list[str]:
    """Return the faults after which a closed client still has an open descriptor, while the exception is kept."""
    kept, left = [], []

    async def scenario(client: Any) -> None:
        kept.append(await outcome(client.kv.get("k")))
        await outcome(client.kv.get("k"))

    for number, fault in enumerate(faults):
        before = open_files()
        with RawServer(_CLOSING[fault], unix_path=folder / f"{number}.sock" if face.unix else None) as server:
            face.run(scenario, server.url, timeout=0.1, limits=Limits(response_size=4000))
        if open_files().keys() != before.keys():
            left.append(fault)
    return left


@on_every_face
def test_no_fault_leaves_descriptors_threads_or_sockets(face: Face, tmp_path: Path) -> None:
    with check_no_leaks():
        assert _find_leaks(face, [fault for fault in _CLOSING if fault not in _KEPT_OPEN], tmp_path) == []


@on_every_face
@pytest.mark.parametrize("fault", _KEPT_OPEN)
def test_an_exception_keeps_no_descriptor_open(face: Face, fault: str, tmp_path: Path) -> None:
    assert _find_leaks(face, [fault], tmp_path) == []


@on_every_tcp_face
def test_failed_connections_leave_nothing_open(face: Face, serve: Serve, certificates: Certificates) -> None:
    async def scenario(client: Any) -> None:
        for _ in range(5):
            assert isinstance(await outcome(client.kv.put("k", "v")), ConsulateException)

    with check_no_leaks():
        with ClosedPort() as refused:
            face.run(scenario, "127.0.0.1", refused.port, timeout=1)
        with RawServer([Hang()]) as silent:
            face.run(scenario, f"https://127.0.0.1:{silent.port}", timeout=0.1)
        with RawServer(HEALTHY, tls=certificates.stranger) as stranger:
            face.run(scenario, stranger.url, ca_file=certificates.ca_file, timeout=2)


@on_every_face
def test_no_more_connections_than_calls_at_once(face: Face, tmp_path: Path) -> None:
    """A failed call gives its place in the pool back."""

    async def scenario(client: Any) -> None:
        for _ in range(100):
            assert isinstance(await outcome(client.kv.get("k")), ConsulateException)
        assert server.connections == 100
        assert len(server.requests) == 100

    with RawServer([ReadRequest(), Send(b"garbage\r\n\r\n"), Close()], unix_path=tmp_path / "s" if face.unix else None) as server:
        face.run(scenario, server.url, timeout=5)


@on_every_face
def test_a_write_uses_a_new_connection_if_the_server_closed_the_idle_one(face: Face, serve: Serve) -> None:
    """The client sees that the connection is closed before it sends, so the write is sent once, on a new connection."""
    server = serve(face, [ReadRequest(), Send(GOOD), Pause(0.02), Close()], [ReadRequest(), Send(DONE)])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        wait_until(lambda: 0 in server.closed)
        assert await client.kv.put("k", "w", cas=3) is True
        assert [(request.connection, request.method) for request in server.requests] == [(0, "GET"), (1, "PUT")]

    face.run(scenario, server.url, timeout=5)


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_call_that_times_out_on_a_reused_connection_is_not_resent(face: Face, method: str, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), Pause(0.4), Send(GOOD), Hang()], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        view = client.using(timeout=0.2)
        error = await outcome(view.kv.get("k") if method == "get" else view.kv.put("k", "w"))
        assert type(error) is RequestTimeout
        assert error.maybe_applied is True
        assert len(server.requests) == 2
        # No call gets the late answer.
        assert await client.kv.get("other") == "v"
        assert [request.connection for request in server.requests] == [0, 0, 1]

    face.run(scenario, server.url, timeout=5)


class InterruptedCall(BaseException):
    """Raised by a signal handler, as KeyboardInterrupt is."""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system sends no signals to threads")
@pytest.mark.parametrize("face", [URLLIB3, UNIX], ids=str)
def test_an_interrupt_closes_the_connection_of_the_call(face: Face, tmp_path: Path) -> None:
    """The next call must not read the answer of the one that was interrupted."""
    asked = threading.Event()
    script: Script = [ReadRequest(), Send(GOOD), ReadRequest(), SetEvent(asked), Pause(0.3), Send(DONE), Hang()]

    def interrupt(_number: int, _frame: object) -> None:
        raise InterruptedCall

    def send_signal() -> None:
        asked.wait(10)
        time.sleep(0.05)  # so that the call most likely waits for its answer; the result does not depend on it
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    thread = threading.Thread(target=send_signal)
    try:
        with (
            check_no_leaks(),
            RawServer(script, HEALTHY, unix_path=tmp_path / "s" if face.unix else None) as server,
            Consul(server.url, timeout=10) as client,
        ):
            assert client.kv.get("k") == "v"
            thread.start()
            with pytest.raises(InterruptedCall):
                client.kv.put("k", "w")
            thread.join()
            assert client.kv.get("k") == "v"
        assert [request.connection for request in server.requests] == [0, 0, 1]
    finally:
        signal.signal(signal.SIGUSR1, before)
