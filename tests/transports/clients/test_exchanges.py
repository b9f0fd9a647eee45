"""Exchanges, whose answers are read as they arrive: each outcome is that of an ordinary call over the same connection."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from select import POLLIN, POLLOUT, poll
from time import monotonic
from typing import Any

import pytest

from consul_proto.errors import StaleConnection
from consul_proto.message import Request, Response, StreamedBody
from consul_proto.operation import Operation
from consulate import Consul, Limits, adapters
from consulate.exceptions import ClientError, ConsulateException, RequestError
from tests.faces import SOCKET, UNIX, Face
from tests.fakes.certificates import Certificates
from tests.fakes.faults import FAULTS, GOOD, HEALTHY, ODD_BUT_GOOD, TEMPORARY_REFUSALS, UNUSABLE_IDLE, refuse_then_answer
from tests.fakes.raw_server import (
    Close,
    ClosedPort,
    FullPort,
    Hang,
    RawServer,
    ReadHead,
    ReadRequest,
    Repeat,
    Reset,
    Script,
    Send,
    SetEvent,
    answer,
)
from tests.transports.conftest import Serve
from transports.cancel import Cancel
from transports.clients.sync_socket import SocketTransport
from transports.started import Started, starter

_FACES = pytest.mark.parametrize("face", [SOCKET, UNIX], ids=str)

#: The first call of a connection, so that it is idle.
_FIRST: Script = [ReadRequest(), Send(GOOD)]

_TIMEOUT, _SHORT = 5.0, 0.3


def _client(face: Face, server: RawServer, **options: Any) -> Consul:
    return Consul(server.url, adapter=face.adapter or adapters.UnixSocketRequest, **options)


def _started(client: Consul, operation: Operation[Any]) -> Started | None:
    start = starter(client._transport, client._context)
    assert start is not None
    return start(operation, Cancel())


def _advance(started: Started) -> None:
    """Read what arrives until the exchange is over."""
    exchange = started.exchange
    poller = poll()
    while not exchange.is_over:
        poller.register(exchange.descriptor, POLLIN | POLLOUT if exchange.is_sending else POLLIN)
        left = exchange.deadline - monotonic()
        if left <= 0:
            exchange.expire()
        elif poller.poll(min(left, 10.0) * 1000):
            exchange.advance()


def _result(client: Consul, operation: Operation[Any], *, at_once: bool) -> Any:
    """Return the value of an operation, or its error. at_once: whether an exchange carries it."""
    try:
        if not at_once:
            return client.perform(operation)
        started = _started(client, operation)
        assert started is not None
        _advance(started)
        return started.result()
    except ConsulateException as error:
        return error


def _story(
    face: Face, serve: Serve, script: Script, *, at_once: bool, write: bool, timeout: float = _TIMEOUT, is_new: bool = False
) -> list[object]:
    """Return what a user sees of a call over an idle connection, or a new one, and what the server sees. script: of the connection."""
    server = serve(face, script if is_new else [*_FIRST, *script], HEALTHY)
    with _client(face, server, timeout=timeout) as client:
        if not is_new:
            assert client.kv.get("k") == "v"
        found = _result(client, client.ops.kv.put("k", "w", cas=7) if write else client.ops.kv.get("k"), at_once=at_once)
        if isinstance(found, ConsulateException):
            text = str(found).replace(server.url, "AGENT").replace(f":{server.port}" if not face.unix else "\0", "")
            found = (type(found), text, found.maybe_applied, found.status, found.method, found.path, type(found.__cause__))
        after = client.using(timeout=_TIMEOUT).kv.get("k")
        return [found, after, [(each.connection, each.method, each.target, each.body) for each in server.requests]]


@_FACES
@pytest.mark.parametrize("is_new", [False, True], ids=["idle", "new"])
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("fault", [*FAULTS, *ODD_BUT_GOOD])
def test_each_fault(face: Face, fault: str, write: bool, is_new: bool, serve: Serve) -> None:
    script = (FAULTS | ODD_BUT_GOOD)[fault]
    timeout = _SHORT if fault == "never answers" or "dripped" in fault else _TIMEOUT
    ordinary, exchanged = [
        _story(face, serve, script, at_once=at_once, write=write, timeout=timeout, is_new=is_new) for at_once in (False, True)
    ]
    assert exchanged == ordinary


@_FACES
@pytest.mark.parametrize("is_new", [False, True], ids=["idle", "new"])
@pytest.mark.parametrize("refusal", TEMPORARY_REFUSALS)
def test_a_refusal_for_now_is_retried(face: Face, refusal: str, is_new: bool, serve: Serve) -> None:
    script = refuse_then_answer(TEMPORARY_REFUSALS[refusal], 2)
    ordinary, exchanged = [
        _story(face, serve, script, at_once=at_once, write=False, timeout=20, is_new=is_new) for at_once in (False, True)
    ]
    assert exchanged == ordinary
    assert exchanged[0] == "v"


@_FACES
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_connection_that_the_server_closes_meanwhile(face: Face, write: bool, serve: Serve) -> None:
    """A read is sent again; of a write, it is unknown what became of it."""
    ordinary, exchanged = [_story(face, serve, [ReadRequest()], at_once=at_once, write=write) for at_once in (False, True)]
    assert exchanged == ordinary


@_FACES
@pytest.mark.parametrize("spoiler", UNUSABLE_IDLE)
def test_an_idle_connection_with_stray_bytes_is_not_used(face: Face, spoiler: str, serve: Serve) -> None:
    first, then = UNUSABLE_IDLE[spoiler]
    spoiled = threading.Event()
    server = serve(face, [ReadRequest(), Send(first), *then, SetEvent(spoiled), *HEALTHY], HEALTHY)
    with _client(face, server, timeout=_TIMEOUT) as client:
        assert client.kv.get("k") == "v"
        while not (spoiled.is_set() or 0 in server.closed):
            spoiled.wait(0.01)
        assert _result(client, client.ops.kv.get("k"), at_once=True) == "v"
        assert [request.connection for request in server.requests] == [0, 1]


@_FACES
def test_a_large_request_is_sent_as_the_server_reads_it(face: Face, serve: Serve) -> None:
    server = serve(face, [*_FIRST, *HEALTHY])
    body = bytes(range(256)) * 40_000
    with _client(face, server, timeout=_TIMEOUT) as client:
        client.kv.get("k")
        started = _started(client, client.ops.kv.put("k", body))
        assert started is not None
        assert started.exchange.is_sending
        _advance(started)
        assert started.result() is True
        assert server.requests[1].body == body
        assert client.kv.get("k") == "v"
        assert server.connections == 1


@_FACES
def test_an_answer_before_the_request_is_read(face: Face, serve: Serve) -> None:
    """The connection is not used again: the rest of the request was not sent."""
    refusal = answer(413, b"Request body(10240000 bytes) too large")
    server = serve(face, [*_FIRST, ReadHead(), Send(refusal), Hang()], HEALTHY)
    with _client(face, server, timeout=_TIMEOUT) as client:
        client.kv.get("k")
        error = _result(client, client.ops.kv.put("k", b"x" * 10_240_000), at_once=True)
        assert type(error) is ClientError
        assert (error.status, error.maybe_applied) == (413, False)
        assert client.kv.get("k") == "v"
        assert server.connections == 2


@_FACES
@pytest.mark.parametrize("then", [Close(), Reset()], ids=["closed", "reset"])
def test_a_large_request_that_is_cut_off(face: Face, then: Any, serve: Serve) -> None:
    found = []
    for at_once in (False, True):
        server = serve(face, [*_FIRST, ReadHead(), then], HEALTHY)
        with _client(face, server, timeout=_TIMEOUT) as client:
            client.kv.get("k")
            error = _result(client, client.ops.kv.put("k", b"x" * 10_240_000), at_once=at_once)
            found.append((type(error), error.maybe_applied))
            assert client.kv.get("k") == "v"
            assert server.connections == 2
    assert found == [(StaleConnection, True)] * 2


@_FACES
def test_what_must_wait_is_not_started(face: Face, serve: Serve) -> None:
    server = serve(face, [Repeat((ReadRequest(), Send(GOOD)))])
    with _client(face, server, timeout=_TIMEOUT, limits=Limits(connections=1)) as client:
        get = client.ops.kv.get("k")
        assert _started(client, get.blocking(index=7)) is None
        assert _started(client, client.ops.snapshot.restore(StreamedBody(lambda: iter([b"a"]), 1))) is None
        start = starter(client._transport, client._context)
        assert start is not None
        assert start(client.ops.kv.get_many(["k"]), Cancel()) is None, "a flow"
        for _ in range(2):  # over a new connection, and over an idle one
            first = _started(client, get)
            assert first is not None
            assert _started(client, get) is None, "all places are taken"
            _advance(first)
            assert first.result() == "v"
        client.close()
        assert _started(client, get) is None, "the client is closed"
    assert len(server.requests) == 2


def test_with_tls_nothing_is_started(certificates: Certificates) -> None:
    with (
        RawServer(HEALTHY, tls=certificates.server) as server,
        Consul(server.tls_url, adapter=adapters.SocketRequest, ca_file=certificates.ca_file, timeout=_TIMEOUT) as client,
    ):
        assert client.kv.get("k") == "v"
        assert _started(client, client.ops.kv.get("k")) is None
        assert client.kv.get("k") == "v"


class _Counting(SocketTransport):
    """A user's transport: it sees each request."""

    count = 0

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        self.count += 1
        return super().send(request, timeout, cancel)


class _Wrapper:
    """A user's transport around another."""

    def __init__(self, inner: SocketTransport) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_users_own_transport_gets_every_request(serve: Serve) -> None:
    server = serve(SOCKET, HEALTHY)
    with _client(SOCKET, server) as client:
        transport = client._transport
        assert isinstance(transport, SocketTransport)
        assert starter(_Wrapper(transport), client._context) is None
        transport.__class__ = _Counting
        assert starter(transport, client._context) is None


@_FACES
def test_one_that_is_given_up_closes_its_connection(face: Face, serve: Serve) -> None:
    server = serve(face, [*_FIRST, ReadRequest(), Hang()], HEALTHY)
    with _client(face, server, timeout=_TIMEOUT, limits=Limits(connections=1)) as client:
        client.kv.get("k")
        started = _started(client, client.ops.kv.get("k"))
        assert started is not None
        started.exchange.give_up()
        assert client.kv.get("k") == "v"
        assert server.connections == 2


@_FACES
def test_an_answer_that_came_before_the_time_limit_counts_after_it(face: Face, serve: Serve) -> None:
    server = serve(face, [*_FIRST, *HEALTHY])
    with _client(face, server, timeout=_TIMEOUT) as client:
        client.kv.get("k")
        started = _started(client, client.ops.kv.get("k"))
        assert started is not None
        came = poll()
        came.register(started.exchange.descriptor, POLLIN)
        assert came.poll(10_000)
        started.exchange.expire()
        assert started.result() == "v"


@_FACES
def test_closing_the_client_ends_it(face: Face, serve: Serve) -> None:
    server = serve(face, [*_FIRST, ReadRequest(), Hang()])
    client = _client(face, server, timeout=_TIMEOUT)
    client.kv.get("k")
    started = _started(client, client.ops.kv.put("k", "w"))
    assert started is not None
    threading.Thread(target=client.close).start()
    _advance(started)
    with pytest.raises(RequestError) as caught:
        started.result()
    assert caught.value.maybe_applied


def test_attempts_are_logged_as_in_every_call(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "consulate")
    lines = []
    for at_once in (False, True):
        refusal = TEMPORARY_REFUSALS["a 500 without a leader"]
        server = serve(SOCKET, [*_FIRST, *refuse_then_answer(refusal, 1)])
        with _client(SOCKET, server, timeout=_TIMEOUT) as client:
            client.kv.get("k")
            caplog.clear()
            assert _result(client, client.ops.kv.get("k"), at_once=at_once) == "v"
        lines.append([re.sub(r"\d+\.\d+", "N", record.getMessage()) for record in caplog.records])
    ordinary, exchanged = lines
    assert exchanged == ordinary
    assert len(ordinary) == 3


def _unreachable(host: str | Path, port: int | None, *, at_once: bool, timeout: float = _TIMEOUT) -> object:
    """Return what a user sees of an agent that cannot be reached."""
    options: dict[str, Any] = {"scheme": "http+unix"} if isinstance(host, Path) else {"adapter": adapters.SocketRequest}
    with Consul(str(host), port, timeout=timeout, **options) as client:
        if at_once and (started := _started(client, client.ops.kv.put("k", "w"))) is not None:
            _advance(started)
            error = _error(started.result)
        else:
            error = _error(lambda: client.kv.put("k", "w"))
        return type(error), str(error), error.maybe_applied, type(error.__cause__)


def _error(call: Callable[[], object]) -> ConsulateException:
    with pytest.raises(ConsulateException) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_connection_that_is_refused(host: str) -> None:
    with ClosedPort() as refused:
        ordinary, exchanged = [_unreachable(host, refused.port, at_once=at_once) for at_once in (False, True)]
    assert exchanged == ordinary


def test_a_socket_file_that_does_not_exist(tmp_path: Path) -> None:
    ordinary, exchanged = [_unreachable(tmp_path / "none.sock", None, at_once=at_once) for at_once in (False, True)]
    assert exchanged == ordinary


@pytest.mark.parametrize("is_unix", [False, True], ids=["tcp", "unix"])
def test_a_server_that_accepts_no_more_connections(is_unix: bool, tmp_path: Path) -> None:
    path = tmp_path / "full.sock"
    with FullPort(path if is_unix else None) as full:
        where = (path, None) if is_unix else ("127.0.0.1", full.port)
        ordinary, exchanged = [_unreachable(*where, at_once=at_once, timeout=_SHORT) for at_once in (False, True)]
    assert exchanged == ordinary


def test_closing_the_client_ends_an_attempt_to_connect() -> None:
    with FullPort() as full:
        client = Consul("127.0.0.1", full.port, adapter=adapters.SocketRequest, timeout=None)
        started = _started(client, client.ops.kv.put("k", "w"))
        assert started is not None
        threading.Thread(target=client.close).start()
        _advance(started)
        assert not _error(started.result).maybe_applied


def test_a_name_is_resolved_by_a_worker(serve: Serve) -> None:
    server = serve(SOCKET, HEALTHY)
    with Consul("localhost", server.port, adapter=adapters.SocketRequest, timeout=_TIMEOUT) as client:
        assert _started(client, client.ops.kv.get("k")) is None
        assert client.kv.get("k") == "v"
        assert _result(client, client.ops.kv.get("k"), at_once=True) == "v"
        assert server.connections == 1
