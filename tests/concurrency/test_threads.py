"""Many threads share one `Consul`: every answer belongs to its call, the pool keeps its limits, and nothing leaks."""

from __future__ import annotations

import threading
import time
from typing import cast

import pytest

from consulate import Consul, Limits
from consulate.exceptions import ClientClosed, RequestError, RequestTimeout
from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import Behavior, value_of
from tests.concurrency.full_listener import full_listener
from tests.concurrency.leftovers import check_no_server_leaks, exhaust_descriptors
from tests.concurrency.mixed_calls import calls
from tests.concurrency.threads import run_in_threads
from transports.clients.pooled import PooledTransport

THREADS = 64

#: Over TCP and over UNIX together: 10,000.
CALLS = 5_000

LIMITS = Limits(connections=8, blocking=4)


def transport_of(consul: Consul) -> PooledTransport:
    return cast(PooledTransport, consul._transport)


def test_mixed_calls(serve: Serve) -> None:
    server = serve(Behavior(), seed=1)

    def work(number: int) -> None:
        for call in calls(f"t{number}", CALLS // THREADS + 1):
            call.check(call.start(consul))

    with check_no_server_leaks(server), Consul(server.address, limits=LIMITS) as consul:
        run_in_threads(THREADS, work)
        pool = transport_of(consul)._pool
        assert pool.busy == 0
        assert 0 < pool.idle <= LIMITS.connections
        assert server.served >= CALLS
        assert server.max_busy[False] <= LIMITS.connections
        assert server.max_busy[True] <= LIMITS.blocking
        # Connections are reused until the server closes them.
        assert server.accepted < server.served / 10


def test_views_share_connections_and_nothing_else(serve: Serve) -> None:
    server = serve(Behavior(), seed=2)

    def work(number: int) -> None:
        view = consul.using(datacenter=f"dc{number}", timeout=20 + number)
        for call in calls(f"v{number}", 20):
            call.check(call.start(view))
        view.close()

    with check_no_server_leaks(server), Consul(server.address, limits=LIMITS) as consul:
        run_in_threads(16, work)
        assert transport_of(consul)._pool.idle <= LIMITS.connections
        assert server.max_busy[False] <= LIMITS.connections


def test_more_calls_than_connections_wait_for_their_turn(serve: Serve) -> None:
    server = serve(seed=3)

    def query(number: int) -> None:
        key = f"q{number}"
        assert consul.kv.get(key, index=1, wait="60s") == value_of(key)

    with check_no_server_leaks(server), Consul(server.address, limits=Limits(connections=3, blocking=3)) as consul:
        with run_in_threads.background(12, query):
            for _ in range(4):
                server.wait_until(lambda seen: seen.parked == 3)
                assert transport_of(consul)._pool.busy == 3
                server.release()
                server.settle()
        assert server.max_busy == [0, 3]
        assert server.accepted == 3


def test_closing_ends_the_calls_of_other_threads(serve: Serve) -> None:
    server = serve(seed=4)
    failures: list[RequestError] = []

    def query(number: int) -> None:
        with pytest.raises(RequestError) as caught:
            consul.kv.get(f"q{number}", index=1, wait="60s")
        failures.append(caught.value)

    with check_no_server_leaks(server):
        consul = Consul(server.address, limits=Limits(connections=1, blocking=5))
        with run_in_threads.background(10, query):
            server.wait_until(lambda seen: seen.parked == 5)
            consul.close()
        assert len(failures) == 10
        with pytest.raises(ClientClosed):
            consul.kv.get("k")
        consul.close()


def test_waiting_calls_get_their_turn(serve: Serve) -> None:
    server = serve()
    order: list[int] = []
    together = threading.Barrier(3)

    def work(number: int) -> None:
        together.wait(30)
        for turn in range(200):
            assert consul.kv.get(f"{number}-{turn}") == value_of(f"{number}-{turn}")
            order.append(number)

    with check_no_server_leaks(server), Consul(server.address, limits=Limits(connections=1)) as consul:
        run_in_threads(3, work)
    # Each thread gets the connection while the others still wait for it.
    assert max(order.index(number) for number in range(3)) < 100


def test_closing_ends_a_call_that_is_connecting() -> None:
    with full_listener() as address:
        consul = Consul(address, timeout=1)

        def work(_number: int) -> None:
            with pytest.raises(RequestError) as caught:
                consul.kv.get("k")
            assert not isinstance(caught.value, RequestTimeout)

        with run_in_threads.background(1, work):
            while not transport_of(consul)._pool.busy:
                time.sleep(0.001)
            consul.close()


def test_no_free_descriptor_is_a_request_error(serve: Serve) -> None:
    server = serve()
    with Consul(server.address) as consul:
        with exhaust_descriptors(), pytest.raises(RequestError, match="Too many open files"):
            consul.kv.get("k")
        assert transport_of(consul)._pool.busy == 0
        assert consul.kv.get("k") == value_of("k")


def test_a_stale_connection_is_noticed_by_every_thread(serve: Serve) -> None:
    server = serve(seed=5)
    ready = threading.Barrier(8, timeout=30)

    def work(number: int) -> None:
        for turn in range(10):
            call = calls(f"s{number}-{turn}", 1)[0]
            call.check(call.start(consul))
            if ready.wait() == 0:
                server.drop_idle()
            ready.wait()

    with check_no_server_leaks(server), Consul(server.address, limits=LIMITS) as consul:
        run_in_threads(8, work)
