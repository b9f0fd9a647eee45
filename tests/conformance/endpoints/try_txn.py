"""Trials of txn."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.api.txn import kv_check_index, kv_get, kv_set
from consulate.exceptions import TransactionFailed
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("txn")
async def write_and_read_a_key(client: Any, world: World) -> None:
    key = world.name()
    written, read = await client.txn.commit([kv_set(key, "value"), kv_get(key)])
    assert (written["KV"]["Value"], read["KV"]["Value"]) == (None, "dmFsdWU=")


@fails("txn")
async def check_the_index_of_a_missing_key(client: Any, world: World) -> None:
    key = world.name()
    with pytest.raises(TransactionFailed) as raised:
        await client.txn.commit([kv_set(f"{key}/other", 1), kv_check_index(key, 7)])
    assert [error["OpIndex"] for error in raised.value.errors] == [1]
    assert await client.kv.get(f"{key}/other") is None
