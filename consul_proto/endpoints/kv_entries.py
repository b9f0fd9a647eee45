"""Read keys: by their path, or in a transaction if no path reaches them, such as "a//b" and ".".

https://developer.hashicorp.com/consul/api-docs/kv#read-key
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.codec import decode
from consul_proto.decode import from_base64, json_value, texts, wrong
from consul_proto.endpoints.txn import READ_DEFAULTS, commit, failure, kv_get, kv_get_tree, results
from consul_proto.errors import ClientError, KeyNotFound, TransactionFailed, words
from consul_proto.operation import Operation, T
from consul_proto.options import read_operation
from consul_proto.paths import is_found_by_path, key_path, prefix_is_found_by_path

if TYPE_CHECKING:
    from consul_proto.codec import Codec, Stored
    from consul_proto.message import Response
    from consul_proto.types.kv import Record
    from consul_proto.types.txn import TxnOp

#: Reads the entries of an answer; there are none if the key does not exist.
Read = Callable[[list[dict[str, Any]]], T]

#: A missing key is an answer, not an error: https://developer.hashicorp.com/consul/api-docs/kv#read-key
_OR_MISSING = (200, 404)


def missing(item: str) -> KeyNotFound:
    """Return the error for a key that does not exist."""
    return KeyNotFound(f"no key {item!r}", maybe_applied=False)


def one_key(item: str, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads one key."""
    # A transaction cannot be a blocking query.
    if is_found_by_path(item) or options.get("index") is not None:
        return read_operation("kv.get", key_path(item), lambda response: read(_entries(response)), options, answers=_OR_MISSING)
    return _by_transaction(kv_get(item), read, options)


def tree(prefix: str, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads every key with a prefix."""
    if not prefix_is_found_by_path(prefix) and options.get("index") is None:
        return _by_transaction(kv_get_tree(prefix), read, options)
    path = key_path(prefix, prefix=True)
    return read_operation("kv.get", path, lambda response: read(_entries(response)), {"recurse": True, **options}, answers=_OR_MISSING)


def key_names(prefix: str, separator: str | None, read: Callable[[list[str]], T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads the names of the keys with a prefix."""
    if separator == "":
        raise ValueError("separator must not be empty")
    if not prefix_is_found_by_path(prefix) and options.get("index") is None:
        return _by_transaction(kv_get_tree(prefix), lambda entries: read(_folded(entries, prefix, separator)), options)

    def listed(response: Response) -> T:
        return read([] if _is_missing(response) else texts(response))

    query: dict[str, Any] = {"keys": True, "separator": separator, **options}
    return read_operation("kv.get", key_path(prefix, prefix=True), listed, query, answers=_OR_MISSING)


def cut(key: str, prefix: str, separator: str | None) -> tuple[str, bool]:
    """Return a key up to the first separator that follows the prefix, and whether something was cut off."""
    head, found, rest = key[len(prefix) :].partition(separator) if separator else (key[len(prefix) :], "", "")
    return prefix + head + found, bool(rest)


def _folded(entries: list[dict[str, Any]], prefix: str, separator: str | None) -> list[str]:
    return list(dict.fromkeys(cut(entry["Key"], prefix, separator)[0] for entry in entries))


def bytes_of(entry: Mapping[str, Any]) -> bytes:
    """Return the stored bytes of an entry."""
    return from_base64(entry.get("Value"))


def value_of(entry: Mapping[str, Any], codec: Codec, raw: bool) -> Stored:
    """Return the value of an entry. raw: the stored bytes."""
    return bytes_of(entry) if raw else decode(bytes_of(entry), codec)


def record_of(entry: dict[str, Any], codec: Codec, raw: bool) -> Record:
    """Return an entry with its value decoded."""
    entry["Value"] = value_of(entry, codec, raw)
    return entry  # type: ignore[return-value] # the readers have checked what makes it one


def only_missing(response: Response) -> set[int]:
    """Return which operations of a transaction failed because their keys do not exist. Raises the error if it failed for another reason."""
    error = failure(response)
    if not (isinstance(error, TransactionFailed) and all(each["What"].endswith("doesn't exist") for each in error.errors)):
        raise error
    return {each["OpIndex"] for each in error.errors}


def _is_missing(response: Response) -> bool:
    """Return whether the key does not exist: 404 with an empty body and an index. Raises ClientError for any other 404."""
    if response.status != 404:
        return False
    if response.body or response.headers.get("x-consul-index") is None:
        said = words(response.body, response.headers.get("content-type") or "") or "no X-Consul-Index"
        raise ClientError(
            f"something other than Consul's KV store answered: {said}; check the address of the agent, and any proxy before it",
            maybe_applied=False,
        )
    return True


def _entries(response: Response) -> list[dict[str, Any]]:
    return [] if _is_missing(response) else _checked(json_value(response))


def _checked(entries: Any) -> list[dict[str, Any]]:
    """Check the members that the calls use."""
    if not isinstance(entries, list):
        raise wrong("a list of keys", entries)
    for entry in entries:
        if not (
            isinstance(entry, dict)
            and isinstance(entry.get("Key"), str)
            and isinstance(entry.get("Flags"), int)
            and isinstance(entry.get("ModifyIndex"), int)
        ):
            raise wrong("a list of objects with Key, Flags and ModifyIndex", entries)
    return entries


def _by_transaction(operation: TxnOp, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    def decoded(response: Response) -> T:
        if response.status == 409:
            only_missing(response)
            return read([])
        return read(_checked([result.get("KV") for result in results(response)]))

    transaction = commit([operation], {name: value for name, value in options.items() if name not in ("index", "wait")}, READ_DEFAULTS)
    return Operation(transaction.name, transaction.request, decoded, transaction.defaults, answers=transaction.answers)
