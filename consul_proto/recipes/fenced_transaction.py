"""The transaction that acquires, and returns the fencing token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consul_proto.decode import wrong
from consul_proto.endpoints.txn import commit, results
from consul_proto.operation import Operation

if TYPE_CHECKING:
    from consul_proto.message import Response
    from consul_proto.types.txn import TxnOp


def fenced_transaction(operations: list[TxnOp]) -> Operation[int]:
    """Return a transaction that returns the ModifyIndex of its last write, the fencing token."""
    transaction = commit(operations, {})
    return Operation(transaction.name, transaction.request, _token, transaction.defaults, transaction.answers)


def _token(response: Response) -> int:
    found: list[Any] = [*results(response)]
    entry = found[-1].get("KV") if found else None
    index = entry.get("ModifyIndex") if isinstance(entry, dict) else None
    if not isinstance(index, int):
        raise wrong("the result of a write, with its ModifyIndex", found)
    return index
