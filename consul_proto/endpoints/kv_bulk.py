"""Many keys at once: transactions within the limits of every Consul version. https://developer.hashicorp.com/consul/api-docs/txn"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.codec import encode
from consul_proto.decode import boolean, wrong
from consul_proto.endpoints.kv_entries import only_missing
from consul_proto.endpoints.txn import MOST_BYTES, MOST_OPERATIONS, commit, kv_delete, kv_get, kv_set, results
from consul_proto.flow import call
from consul_proto.operation import Operation
from consul_proto.options import write_operation
from consul_proto.paths import key_path, prefix_is_found_by_path

if TYPE_CHECKING:
    from consul_proto.codec import Stored, Value
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consul_proto.types.txn import TxnOp


#: Bytes to reserve for each operation: its separator, and a namespace and a partition of 64 letters each that may be added to it.
_SCOPE = 2 + len(json.dumps({"Namespace": "n" * 64, "Partition": "p" * 64}))


def _length(operation: TxnOp) -> int:
    return len(json.dumps(operation)) + _SCOPE


def batches(operations: Iterable[TxnOp]) -> Iterator[list[TxnOp]]:
    """Split operations into transactions that Consul accepts. An operation that is too large by itself is alone."""
    batch: list[TxnOp] = []
    size = 2
    for operation in operations:
        length = _length(operation)
        if batch and (len(batch) == MOST_OPERATIONS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 2
        batch.append(operation)
        size += length
    if batch:
        yield batch


def put_many(items: Mapping[str, Value], flags: int | Mapping[str, int], options: Any) -> Flow[None]:
    """Return the flow that writes these keys. Raises ValueError or TypeError at once for a value that cannot be written."""
    numbers = dict.fromkeys(items, flags) if isinstance(flags, int) else flags
    if unknown := numbers.keys() - items.keys():
        raise ValueError(f"flags are given for keys that are not written: {', '.join(sorted(map(repr, unknown)))}")
    bodies = {key: encode(value) for key, value in items.items()}
    operations = [kv_set(key, body, numbers.get(key, 0)) for key, body in bodies.items()]
    return _carry_out([_put(batch, bodies, options) for batch in batches(operations)])


def _put(batch: list[TxnOp], bodies: Mapping[str, bytes], options: Any) -> Operation[Any]:
    """Return the request that writes a batch: a transaction, or a single write of a value that is too large for one."""
    written: Any = batch[0]
    key, flags = written["KV"]["Key"], written["KV"]["Flags"]
    if len(batch) > 1 or _length(written) + 2 <= MOST_BYTES or not prefix_is_found_by_path(key):
        return commit(batch, options)
    return write_operation("kv.put", key_path(key), boolean, {"flags": flags or None, **options}, body=bodies[key])


def delete_many(items: Iterable[str], options: Any) -> Flow[None]:
    """Return the flow that deletes these keys."""
    return _carry_out([commit(batch, options) for batch in batches([kv_delete(key) for key in items])])


def _carry_out(operations: list[Operation[Any]]) -> Flow[None]:
    for operation in operations:
        yield from call(operation)


def get_many(items: Iterable[str], read: Callable[[dict[str, Any]], Stored], options: Any) -> Flow[dict[str, Stored]]:
    """Return the flow that reads the values of the keys that exist. read: gives the value of an entry."""
    return _read([kv_get(key) for key in dict.fromkeys(items)], read, options)


def _read(wanted: list[TxnOp], read: Callable[[dict[str, Any]], Stored], options: Any) -> Flow[dict[str, Stored]]:
    """Read these keys. If some are missing, the whole transaction fails, and the error names them; it is sent again without them."""
    found: dict[str, Stored] = {}
    for start in range(0, len(wanted), MOST_OPERATIONS):
        batch = wanted[start : start + MOST_OPERATIONS]
        while batch:
            answer = yield from call(_snapshot(batch, read, options))
            if isinstance(answer, dict):
                found |= answer
                break
            batch = [each for index, each in enumerate(batch) if index not in answer]
    return found


def _snapshot(batch: list[TxnOp], read: Callable[[dict[str, Any]], Stored], options: Any) -> Operation[dict[str, Stored] | set[int]]:
    """Return the transaction of these reads. Its value: their values, or the positions of the missing keys."""
    transaction = commit(batch, options)

    def decoded(response: Response) -> dict[str, Stored] | set[int]:
        if response.status == 409:
            return only_missing(response)
        return dict(_pair(result, read) for result in results(response))

    return Operation(transaction.name, transaction.request, decoded, transaction.defaults, answers=transaction.answers)


def _pair(result: Mapping[str, Any], read: Callable[[dict[str, Any]], Stored]) -> tuple[str, Stored]:
    entry = result.get("KV")
    if not isinstance(entry, dict) or not isinstance(entry.get("Key"), str):
        raise wrong("a result with a KV entry", entry)
    return entry["Key"], read(entry)
