"""A `Cancel` handle ends a call of another thread within 100 ms, wherever it waits. `maybe_applied` is right."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from consul_proto.flow import Flow, sleep
from consul_proto.message import Request, Response
from consulate import Cancel, Consul, Limits
from consulate.exceptions import Cancelled
from consulate.testing import ConsulAgent
from tests.faces import UNIX, URLLIB3, Face, measure_lateness, wait_until
from tests.fakes.faults import GOOD, HEALTHY
from tests.fakes.raw_server import ClosedPort, FullPort, Hang, ReadRequest, Send, SetEvent, answer
from tests.transports.conftest import Serve

_THREADS = pytest.mark.parametrize("face", [URLLIB3, UNIX], ids=str)

#: Seconds within which a cancelled call must end, besides the time by which threads wake late on a busy machine.
_AT_ONCE = 0.1


@contextmanager
def assert_cancelled(cancel: Cancel, waits: Callable[[], object]) -> Iterator[pytest.ExceptionInfo[Cancelled]]:
    """Set the handle shortly after `waits` has returned. The block must raise Cancelled within 100 ms."""
    when: list[float] = []

    def end() -> None:
        waits()
        time.sleep(0.05)  # so that the call most likely waits; the result does not depend on it
        when.append(time.monotonic())
        cancel.set()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        with pytest.raises(Cancelled) as caught:
            yield caught
        took = time.monotonic() - when[0]
        assert took < _AT_ONCE + measure_lateness()
    finally:
        thread.join()


@_THREADS
@pytest.mark.parametrize("timeout", [None, 60.0])
def test_cancel_a_call_that_waits_for_its_answer(face: Face, timeout: float | None, serve: Serve) -> None:
    waits, cancel = threading.Event(), Cancel()
    server = serve(face, [ReadRequest(), SetEvent(waits), Hang()], HEALTHY)
    with Consul(server.url, timeout=timeout) as client:
        with assert_cancelled(cancel, lambda: waits.wait(10)) as caught:
            client.perform(client.ops.kv.put("k", "v"), cancel=cancel)
        assert caught.value.maybe_applied is True
        assert str(caught.value).startswith("PUT /v1/kv/k on ")
        assert client.kv.get("k") == "v"
    transport: Any = client._transport
    assert (transport._pool.busy, transport._busy) == (0, set())


@_THREADS
def test_cancel_a_call_on_an_idle_connection(face: Face, serve: Serve) -> None:
    waits, cancel = threading.Event(), Cancel()
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), SetEvent(waits), Hang()], HEALTHY)
    with Consul(server.url, timeout=60) as client:
        assert client.kv.get("k") == "v"
        with assert_cancelled(cancel, lambda: waits.wait(10)):
            client.perform(client.ops.kv.get("k"), cancel=cancel)
        assert client.kv.get("k") == "v"


@_THREADS
def test_cancel_a_call_that_sends_a_large_body(face: Face, serve: Serve) -> None:
    cancel = Cancel()
    server = serve(face, [Hang()], HEALTHY)
    with Consul(server.url, timeout=60) as client:
        transport: Any = client._transport
        with assert_cancelled(cancel, lambda: wait_until(lambda: any(used.sent for used in list(transport._busy)))) as caught:
            client.perform(client.ops.kv.put("k", b"x" * 30_000_000), cancel=cancel)
        assert caught.value.maybe_applied is True


@_THREADS
def test_cancel_a_call_that_waits_for_a_connection(face: Face, serve: Serve) -> None:
    waits, cancel, free = threading.Event(), Cancel(), Cancel()
    server = serve(face, [ReadRequest(), SetEvent(waits), Hang()], HEALTHY)
    with Consul(server.url, timeout=60, limits=Limits(connections=1)) as client:

        def hold() -> None:
            with pytest.raises(Cancelled):
                client.perform(client.ops.kv.get("k"), cancel=free)

        first = threading.Thread(target=hold)
        first.start()
        waits.wait(10)
        with assert_cancelled(cancel, lambda: None) as caught:
            client.perform(client.ops.kv.put("k", "v"), cancel=cancel)
        assert caught.value.maybe_applied is False
        free.set()
        first.join()
        assert client.kv.get("k") == "v"


def test_cancel_a_call_that_connects() -> None:
    cancel = Cancel()
    with FullPort() as server, Consul("127.0.0.1", server.port, timeout=60) as client:
        with assert_cancelled(cancel, lambda: None) as caught:
            client.perform(client.ops.kv.put("k", "v"), cancel=cancel)
        assert caught.value.maybe_applied is False


def test_cancel_a_call_that_resolves_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    looks_up, found = threading.Event(), threading.Event()

    def slow(*_args: Any, **_options: Any) -> list[Any]:
        looks_up.set()
        found.wait(10)
        return []

    monkeypatch.setattr("socket.getaddrinfo", slow)
    cancel = Cancel()
    with Consul("consul.test", timeout=60) as client:
        with assert_cancelled(cancel, lambda: looks_up.wait(10)) as caught:
            client.perform(client.ops.kv.get("k"), cancel=cancel)
        assert caught.value.maybe_applied is False
    found.set()


@_THREADS
def test_cancel_a_call_that_pauses_before_a_retry(face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    cancel, waits = Cancel(), threading.Event()
    refusals = [step for _ in range(9) for step in (ReadRequest(), Send(answer(429, b"slow down")))]
    server = serve(face, [*refusals[:8], SetEvent(waits), *refusals[8:]])
    with Consul(server.url, timeout=60) as client, assert_cancelled(cancel, lambda: waits.wait(10)) as caught:
        client.perform(client.ops.kv.put("k", "v"), cancel=cancel)
    assert caught.value.maybe_applied is False


@_THREADS
def test_cancel_a_flow_that_sleeps(face: Face, serve: Serve) -> None:
    def sleeps() -> Flow[None]:
        yield from sleep(60)

    server = serve(face, HEALTHY)
    cancel = Cancel()
    with Consul(server.url) as client, assert_cancelled(cancel, lambda: None):
        client.perform(sleeps(), cancel=cancel)


def test_cancel_a_blocking_query_in_memory() -> None:
    agent, cancel = ConsulAgent(), Cancel()
    client = agent.client()
    client.kv.put("k", "v")
    index = client.perform_with_meta(client.ops.kv.get("k")).meta.index or 0
    with assert_cancelled(cancel, lambda: wait_until(lambda: agent.waiting)):
        client.perform(client.ops.kv.get("k", index=index, wait="10m"), cancel=cancel)
    assert agent.waiting == 0


@_THREADS
def test_a_call_with_a_handle_that_is_set_sends_nothing(face: Face, serve: Serve) -> None:
    server = serve(face, HEALTHY)
    cancel = Cancel()
    cancel.set()
    with Consul(server.url) as client, pytest.raises(Cancelled) as caught:
        client.perform(client.ops.kv.put("k", "v"), cancel=cancel)
    assert caught.value.maybe_applied is False
    assert server.requests == []


def test_one_handle_cancels_many_calls(serve: Serve) -> None:
    server = serve(URLLIB3, *[[ReadRequest(), Hang()]] * 5)
    cancel = Cancel()
    errors: list[BaseException] = []
    with Consul(server.url, timeout=60) as client:

        def call() -> None:
            try:
                client.perform(client.ops.kv.get("k"), cancel=cancel)
            except Cancelled as error:
                errors.append(error)

        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(server.requests) == 5)
        assert (cancel.is_set(), repr(cancel)) == (False, "<Cancel not set>")
        cancel.set()
        for thread in threads:
            thread.join(10)
    assert len(errors) == 5
    assert (cancel.is_set(), repr(cancel), cancel.wait(0)) == (True, "<Cancel set>", True)


def test_a_cancel_after_the_call_does_nothing(serve: Serve) -> None:
    server = serve(URLLIB3, [ReadRequest(), Send(GOOD), *HEALTHY])
    cancel = Cancel()
    with Consul(server.url) as client:
        assert client.perform(client.ops.kv.get("k"), cancel=cancel) == "v"
        cancel.set()
        assert client.kv.get("k") == "v"
    assert {request.connection for request in server.requests} == {0}


def test_another_error_is_not_reported_as_cancelled() -> None:
    with ClosedPort() as refused, Consul("127.0.0.1", refused.port) as client, pytest.raises(Exception, match="refused") as caught:
        client.perform(client.ops.kv.get("k"), cancel=Cancel())
    assert not isinstance(caught.value, Cancelled)


def test_cancel_is_a_type_error_for_a_transport_without_it() -> None:
    class CannedTransport:
        def send(self, request: Request, timeout: float | None) -> Response:
            raise AssertionError("nothing is to be sent")

        def close(self) -> None: ...

    client = Consul(transport=CannedTransport())
    with pytest.raises(TypeError, match=r"CannedTransport\.send has no parameter `cancel`"):
        client.perform(client.ops.kv.get("k"), cancel=Cancel())
