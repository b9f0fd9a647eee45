"""Bulk calls: how many keys their transactions have, and how far ahead the input is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from consul_proto.message import Request, Response
from consul_proto.recipes.bulk_result import BulkResult
from tests.recipes.bulk_scenarios import DONE, KINDS, keys, on_function


def operations_of(request: Request) -> list[dict[str, Any]]:
    """The operations of a transaction."""
    body = request.read_body()
    assert body is not None
    return [each["KV"] for each in json.loads(body)]


class OneStore:
    """A Consul that accepts transactions of at most so many operations. `sizes` has how many operations each request had."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.sizes: list[int] = []
        self.values: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        operations = operations_of(request)
        self.sizes.append(len(operations))
        if len(operations) > self.most:
            return Response(413, body=b"Transaction contains too many operations (%d > %d)" % (len(operations), self.most))
        self.values |= {each["Key"]: each["Value"] for each in operations}
        return DONE


@pytest.mark.parametrize("kind", KINDS)
def test_transactions_are_as_large_as_this_consul_accepts(kind: str) -> None:
    older, newer = OneStore(64), OneStore(128)

    async def scenario(client: Any) -> None:
        result = await client.kv.put_many(dict.fromkeys(keys(1000), 1), connections=1)
        assert (result.applied, result.written) == ((range(1000),), 1000)

    for store in (older, newer):
        on_function(kind, store.answer, scenario)
        assert sorted(store.values) == keys(1000)
    assert older.sizes == [128, *[64] * 15, 40], "one is refused, sent as two, and no other is too large"
    assert newer.sizes == [128, 64, 64, *[128] * 5, 104], "what is made before the first answer has 64"


@pytest.mark.parametrize("kind", KINDS)
def test_a_transaction_that_is_sent_as_two_keeps_the_order_of_its_keys(kind: str) -> None:
    store = OneStore(64)
    reports: list[BulkResult] = []

    async def scenario(client: Any) -> None:
        # Each key ten times, in one transaction and in the next one.
        pairs = [(key, f"{number}") for number in range(10) for key in keys(30)]
        result = await client.kv.put_many(pairs, connections=4, progress=reports.append)
        assert (result.applied, result.total, result.written) == ((range(300),), 300, 300)

    on_function(kind, store.answer, scenario)
    assert store.values == dict.fromkeys(keys(30), "OQ==")
    assert all(report.applied in ((), *((range(end),) for end in (64, 128, 192, 256, 300))) for report in reports)


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_keys_are_one_request(kind: str) -> None:
    store = OneStore(64)

    async def scenario(client: Any) -> None:
        await client.kv.put_many(dict.fromkeys(keys(64), 1))

    on_function(kind, store.answer, scenario)
    assert store.sizes == [64]


@pytest.mark.parametrize("kind", KINDS)
def test_the_input_is_read_as_it_is_sent(kind: str) -> None:
    taken, sent = 0, 0
    ahead: list[int] = []

    def pairs() -> Iterator[tuple[str, bytes]]:
        nonlocal taken
        for taken in range(1, 5001):
            yield f"k{taken}", b""

    def answer(request: Request) -> Response:
        nonlocal sent
        ahead.append(taken - sent)
        sent += len(operations_of(request))
        return DONE

    async def scenario(client: Any) -> None:
        await client.kv.put_many(pairs(), connections=2)

    on_function(kind, answer, scenario)
    assert taken == 5000
    assert max(ahead) <= 128 * (2 * 2 + 2)
