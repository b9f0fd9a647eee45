"""An event that wakes for sockets too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.concurrency.leftovers import check_no_leaks, exhaust_descriptors
from tests.faces import wait_until
from transports.machines.readiness import Readiness


@contextmanager
def _watched() -> Iterator[tuple[Readiness, socket.socket, socket.socket]]:
    """Give one that watches a socket, the socket, and its other end."""
    with check_no_leaks():
        near, far = socket.socketpair()
        with near, far:
            ready = Readiness()
            assert ready.open()
            ready.watch(near.fileno(), is_sending=False)
            yield ready, near, far
            ready.close()


def test_setting_it_wakes_the_thread_that_waits() -> None:
    with _watched() as (ready, _near, _far):
        for _ in range(50):
            found: list[list[int]] = []
            thread = threading.Thread(target=lambda found=found: found.append(ready.wait_for_any(float("inf"))), daemon=True)
            thread.start()
            wait_until(lambda: ready._is_polling)
            ready.set()
            thread.join(10)
            assert found == [[]]
            ready.clear()


def test_a_socket_wakes_it() -> None:
    with _watched() as (ready, near, far):
        assert ready.wait_for_any(0.0) == []
        far.send(b"a")
        assert ready.wait_for_any(float("inf")) == [near.fileno()]
        assert not ready.is_set()
        near.recv(1)
        assert ready.wait_for_any(0.001) == []
        ready.watch(near.fileno(), is_sending=True)
        assert ready.wait_for_any(float("inf")) == [near.fileno()]
        ready.forget(near.fileno())
        assert ready.wait_for_any(0.001) == []


def test_one_that_is_set_does_not_wait_and_says_which_sockets_are_ready() -> None:
    with _watched() as (ready, near, far):
        ready.set()
        assert ready.wait_for_any(float("inf")) == []
        far.send(b"a")
        assert ready.wait_for_any(float("inf")) == [near.fileno()]


def test_without_sockets_it_is_an_event() -> None:
    ready = Readiness()
    assert ready.wait_for_any(0.001) == []
    ready.set()
    assert ready.wait_for_any(float("inf")) == []
    with exhaust_descriptors():
        assert not ready.open()
    assert ready.open()
    ready.close()
