"""Many keys at once: transactions within the limits of every Consul version. https://developer.hashicorp.com/consul/api-docs/txn"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.codec import decode
from consul_proto.decode import from_base64, wrong
from consul_proto.endpoints.txn import MOST_BYTES, MOST_OPERATIONS, commit, failure, kv_delete, kv_get, kv_set, results
from consul_proto.errors import TransactionFailed
from consul_proto.flow import call
from consul_proto.operation import Operation

if TYPE_CHECKING:
    from consul_proto.codec import Codec, Stored, Value
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consul_proto.types.txn import TxnOp


#: Bytes for what an operation is separated by, and for a namespace and a partition, of 64 letters each, that may be added to it.
_SCOPE = 2 + len(json.dumps({"Namespace": "n" * 64, "Partition": "p" * 64}))


def batches(operations: Iterable[TxnOp]) -> Iterator[list[TxnOp]]:
    """Split operations into transactions that Consul accepts. An operation that is too large by itself is sent alone."""
    batch: list[TxnOp] = []
    size = 2
    for operation in operations:
        length = len(json.dumps(operation)) + _SCOPE
        if batch and (len(batch) == MOST_OPERATIONS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 2
        batch.append(operation)
        size += length
    if batch:
        yield batch


def put_many(items: Mapping[str, Value], options: Any) -> Flow[None]:
    """Write these keys."""
    for batch in batches([kv_set(key, value) for key, value in items.items()]):
        yield from call(commit(batch, options))


def delete_many(items: Iterable[str], options: Any) -> Flow[None]:
    """Delete these keys."""
    for batch in batches([kv_delete(key) for key in items]):
        yield from call(commit(batch, options))


def get_many(items: Iterable[str], codec: Codec, options: Any) -> Flow[dict[str, Stored]]:
    """Return the values of the keys that exist.

    A transaction fails as a whole where keys are missing, and names them: it is sent again without them.
    """
    found: dict[str, Stored] = {}
    wanted = list(dict.fromkeys(items))
    for start in range(0, len(wanted), MOST_OPERATIONS):
        keys = wanted[start : start + MOST_OPERATIONS]
        while keys:
            answer = yield from call(_snapshot(keys, codec, options))
            if isinstance(answer, dict):
                found |= answer
                break
            keys = [key for index, key in enumerate(keys) if index not in answer]
    return found


def _snapshot(keys: list[str], codec: Codec, options: Any) -> Operation[dict[str, Stored] | set[int]]:
    """Return the transaction that reads these keys. Its value: their values, or the positions of the missing keys."""
    transaction = commit([kv_get(key) for key in keys], options)

    def read(response: Response) -> dict[str, Stored] | set[int]:
        if response.status == 409:
            error = failure(response)
            if isinstance(error, TransactionFailed) and all(each["What"].endswith("doesn't exist") for each in error.errors):
                return {each["OpIndex"] for each in error.errors}
            raise error
        return dict(_pair(result, codec) for result in results(response))

    return Operation(transaction.name, transaction.request, read, transaction.defaults, answers=transaction.answers)


def _pair(result: Mapping[str, Any], codec: Codec) -> tuple[str, Stored]:
    entry = result.get("KV")
    if not isinstance(entry, dict) or not isinstance(entry.get("Key"), str):
        raise wrong("a result with a KV entry", entry)
    return entry["Key"], decode(from_base64(entry.get("Value")), codec)
