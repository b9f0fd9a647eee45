"""Transactions. https://developer.hashicorp.com/consul/api-docs/txn

`kv_set` and its siblings build the KV operations of a transaction; operations on nodes, services and checks are written as Consul has them:
`{"Service": {"Verb": "get", "Node": "n1", "Service": {"ID": "web"}}}`.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING, Any, cast

from consul_proto.argument_types import checked
from consul_proto.codec import encode
from consul_proto.decode import json_value, wrong
from consul_proto.errors import ConsulateException, DecodeError, Forbidden, TransactionFailed
from consul_proto.message import Response
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_text, write_operation
from consul_proto.paths import checked_text
from consul_proto.query import nonempty, uint64

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Unpack

    from consul_proto.codec import Value
    from consul_proto.types.options import TxnOptions
    from consul_proto.types.txn import KVTxnOp, TxnError, TxnOp, TxnResult

#: The most operations in a transaction that every version accepts, and that Consul 1.14 and newer accept.
#: https://developer.hashicorp.com/consul/api-docs/txn
MOST_OPERATIONS, MORE_OPERATIONS = 64, 128

#: The largest body of a transaction (limits.txn_max_req_len): 512 KiB unless the operator changed it.
MOST_BYTES = 512 * 1024

#: The answer to a transaction, and to one that was rolled back.
_ANSWERS = (200, 409)


#: An option of a call that sends a transaction -> the member of each KV operation.
_IN_OPERATIONS = {"namespace": "Namespace", "partition": "Partition"}

#: The client's settings that apply to a transaction, and to one that only reads.
_DEFAULTS = ("datacenter", "Namespace", "Partition")
READ_DEFAULTS = (*_DEFAULTS, "consistency")


def _kv(verb: str, key: str, **members: Any) -> TxnOp:
    if key or verb not in ("get-tree", "delete-tree"):
        checked_text(key, "a key")
    for name in {"Flags", "Index"} & members.keys():
        uint64(name.lower(), members[name])
    operation: dict[str, Any] = {"Verb": verb, "Key": key}
    operation |= {name: value for name, value in members.items() if value is not None}
    return {"KV": cast("KVTxnOp", operation)}


def _value(value: Value) -> str:
    return b2a_base64(encode(value), newline=False).decode()


@checked
def kv_set(key: str, value: Value, flags: int = 0) -> TxnOp:
    """Write a key."""
    return _kv("set", key, Value=_value(value), Flags=flags)


@checked
def kv_cas(key: str, value: Value, index: int, flags: int = 0) -> TxnOp:
    """Write a key if its ModifyIndex is `index`; with 0, if it does not exist. Otherwise the transaction fails."""
    return _kv("cas", key, Value=_value(value), Flags=flags, Index=index)


@checked
def kv_lock(key: str, value: Value, session: str, flags: int = 0) -> TxnOp:
    """Take the lock on a key for a session, and write the key. If another session holds it, the transaction fails."""
    return _kv("lock", key, Value=_value(value), Flags=flags, Session=session)


@checked
def kv_unlock(key: str, value: Value, session: str, flags: int = 0) -> TxnOp:
    """Release the lock on a key that a session holds, and write the key. If the session does not hold it, the transaction fails."""
    return _kv("unlock", key, Value=_value(value), Flags=flags, Session=session)


@checked
def kv_get(key: str) -> TxnOp:
    """Read a key. If it does not exist, the transaction fails."""
    return _kv("get", key)


@checked
def kv_get_tree(prefix: str) -> TxnOp:
    """Read every key with a prefix."""
    return _kv("get-tree", prefix)


@checked
def kv_check_index(key: str, index: int) -> TxnOp:
    """Fail the transaction if the key's ModifyIndex is not `index`."""
    return _kv("check-index", key, Index=index)


@checked
def kv_check_session(key: str, session: str) -> TxnOp:
    """Fail the transaction if the session does not hold the lock on the key."""
    return _kv("check-session", key, Session=session)


@checked
def kv_check_not_exists(key: str) -> TxnOp:
    """Fail the transaction if the key exists."""
    return _kv("check-not-exists", key)


@checked
def kv_delete(key: str) -> TxnOp:
    """Delete a key, whether it exists or not."""
    return _kv("delete", key)


@checked
def kv_delete_tree(prefix: str) -> TxnOp:
    """Delete every key with a prefix."""
    return _kv("delete-tree", prefix)


@checked
def kv_delete_cas(key: str, index: int) -> TxnOp:
    """Delete a key if its ModifyIndex is `index`. Otherwise the transaction fails."""
    return _kv("delete-cas", key, Index=index)


def _errors(response: Response) -> list[TxnError]:
    value = json_value(response)
    errors = value.get("Errors") if isinstance(value, dict) else None
    if not isinstance(errors, list) or not errors:
        raise wrong("an object with a list of Errors", value)
    for error in errors:
        if not (isinstance(error, dict) and isinstance(error.get("What"), str) and isinstance(error.get("OpIndex"), int)):
            raise DecodeError("expected each of the Errors to have an OpIndex and a What, got something else")
    return cast("list[TxnError]", errors)


def failure(response: Response) -> ConsulateException:
    """Return the exception for a transaction that was rolled back (409)."""
    errors = _errors(response)
    said = "; ".join(f"operation {error['OpIndex']}: {error['What']}" for error in errors)
    if any("Permission denied" in error["What"] for error in errors):
        return Forbidden(said, maybe_applied=False)
    return TransactionFailed(said, errors=errors)


def has_too_many_operations(error: ConsulateException) -> bool:
    """Return whether Consul refused a transaction because of the number of its operations. Then it has carried out none of them."""
    return error.status == 413 and b"too many operations" in error.body


def refused_operations(error: ConsulateException) -> list[tuple[int, str]]:
    """Return the operations that made a transaction fail, each with Consul's words; none if Consul named none."""
    if error.status != 409 or isinstance(error, DecodeError):
        return []
    return [(each["OpIndex"], each["What"]) for each in _errors(Response(409, body=error.body))]


def results(response: Response) -> list[TxnResult]:
    """Return the results of a transaction. Raises what `failure` returns."""
    if response.status == 409:
        raise failure(response)
    value = json_value(response)
    found = value.get("Results", value) if isinstance(value, dict) else value
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(result, dict) for result in found):
        raise wrong("an object with a list of Results", value)
    return cast("list[TxnResult]", found)


class Txn(Namespace[M]):
    """Run several operations in one transaction: all of them, or none."""

    @operation
    def commit(self, operations: Sequence[TxnOp], **options: Unpack[TxnOptions]) -> Operation[list[TxnResult]]:
        """Carry out all these operations, or none. Return the results, each as `{"KV": {...}}`.

        operations: at most 64, or 128 since Consul 1.14. Operations that delete have no result, so there can be fewer results.
        Only the results of reads ("get", "get-tree") have a Value, in base64.

        Raises TransactionFailed with the `errors` of a transaction that was rolled back, Forbidden, ClientError if it is too large.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return commit(operations, {**options})


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options of a transaction that go into its query, and the members that each of its operations gets."""
    query = {name: value for name, value in options.items() if name not in _IN_OPERATIONS}
    members = {
        _IN_OPERATIONS[name]: nonempty(name, value) for name, value in options.items() if name in _IN_OPERATIONS and value is not None
    }
    return query, members


def commit(operations: Iterable[TxnOp], options: Mapping[str, Any], defaults: Collection[str] = _DEFAULTS) -> Operation[list[TxnResult]]:
    """Return the transaction of these operations. Consul reads namespace and partition from each operation, not from the query."""
    query, members = split_options(options)
    written = [{"KV": {**one["KV"], **members}} if members and "KV" in one else one for one in operations]
    body = json_text("operations", written).encode()
    return write_operation("txn", "/v1/txn", results, query, body=body, defaults=defaults, answers=_ANSWERS)


def commit_written(name: str, operations: Iterable[str], query: Mapping[str, Any]) -> Operation[None]:
    """Return the transaction of operations that are written as JSON, and whose results do not matter. name: of the call."""
    body = f"[{', '.join(operations)}]".encode()
    return write_operation(name, "/v1/txn", _succeeded, query, body=body, defaults=_DEFAULTS, answers=_ANSWERS)


def _succeeded(response: Response) -> None:
    """Raise what `failure` returns, if the transaction was rolled back."""
    if response.status == 409:
        raise failure(response)
