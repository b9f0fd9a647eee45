"""Each blocking query uses a connection for minutes. Any number of them must not delay other calls."""

from __future__ import annotations

import anyio
import pytest

from consulate import AsyncConsul, Consul, Limits
from consulate.exceptions import RequestTimeout
from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import value_of
from tests.concurrency.leftovers import check_no_server_leaks
from tests.concurrency.tasks import until
from tests.concurrency.threads import run_in_threads

QUERIES = 100


def test_threads_write_while_queries_are_parked(serve: Serve) -> None:
    server = serve()

    def query(number: int) -> None:
        key = f"q{number}"
        assert consul.kv.get(key, index=1, wait="10m") == value_of(key)

    with check_no_server_leaks(server), Consul(server.address) as consul, run_in_threads.background(QUERIES, query):
        server.wait_until(lambda seen: seen.parked == QUERIES)
        assert consul.kv.put("k", value_of("k")) is True
        consul.kv["k"] = value_of("k")
        assert server.parked == QUERIES
        server.release()


def test_tasks_write_while_queries_are_parked(serve: Serve, backend: str) -> None:
    server = serve()

    async def main() -> None:
        async with AsyncConsul(server.address) as consul:

            async def query(number: int) -> None:
                key = f"q{number}"
                assert await consul.kv.get(key, index=1, wait="10m") == value_of(key)

            async with anyio.create_task_group() as group:
                for number in range(QUERIES):
                    group.start_soon(query, number)
                await until(server, lambda seen: seen.parked == QUERIES)
                assert await consul.kv.put("k", value_of("k")) is True
                await consul.kv.set("k", value_of("k"))
                assert server.parked == QUERIES
                server.release()

    anyio.run(main, backend=backend)
    server.wait_until(lambda seen: seen.open == 0)
    assert server.violations == []


def test_more_queries_than_their_limit_delay_no_write(serve: Serve) -> None:
    server = serve()

    def query(number: int) -> None:
        key = f"q{number}"
        assert consul.kv.get(key, index=1, wait="10m") == value_of(key)

    with Consul(server.address, limits=Limits(connections=1, blocking=2)) as consul, run_in_threads.background(6, query):
        for _ in range(3):
            server.wait_until(lambda seen: seen.parked == 2)
            assert consul.kv.put("k", value_of("k")) is True
            server.release()
            server.settle()


def test_a_query_without_a_free_connection_times_out(serve: Serve) -> None:
    server = serve()

    def query(_number: int) -> None:
        assert consul.kv.get("q", index=1, wait="10m") == value_of("q")

    with Consul(server.address, limits=Limits(connections=1, blocking=1)) as consul, run_in_threads.background(1, query):
        server.wait_until(lambda seen: seen.parked == 1)
        with pytest.raises(RequestTimeout, match="all connections of the client were in use until the time limit") as caught:
            consul.using(timeout=0.05).kv.get("r", index=1, wait="10ms")
        assert caught.value.maybe_applied is False
        server.release()
