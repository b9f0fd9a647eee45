"""Read keys: by their path, or in a transaction if no path reaches them, such as "a//b" and ".".

https://developer.hashicorp.com/consul/api-docs/kv#read-key
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from consul_proto.codec import decode
from consul_proto.decode import boolean, from_base64, json_value, texts
from consul_proto.endpoints.txn import READ_DEFAULTS, commit, failure, kv_get, kv_get_tree, results
from consul_proto.errors import ClientError, KeyNotFound, TransactionFailed, words
from consul_proto.kv_answers import (
    KeyValue,
    Records,
    Unusual,
    checked,
    finisher,
    records_of,
    usual_records,
    usual_value,
    usual_values,
    values_of,
)
from consul_proto.message import NO_HEADERS, Request
from consul_proto.operation import Operation, T
from consul_proto.options import READ, SCOPE, read_operation, read_stream, write_operation
from consul_proto.paths import is_found_by_path, key_path, prefix_is_found_by_path
from consul_proto.stream import Stream

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


@lru_cache(maxsize=1024)
def _plain_get(item: str) -> Request | None:
    """Return the request for a key, if its path leads to it; the last ones are kept, since programs read the same keys again."""
    return Request("GET", key_path(item)) if is_found_by_path(item) else None


@lru_cache(maxsize=1024)
def _plain_put(item: str) -> Request:
    """Return the request that writes a key, without a body; the last ones are kept."""
    return Request("PUT", key_path(item))


def put(item: str, body: bytes, options: Mapping[str, Any]) -> Operation[bool]:
    """Return the operation that writes one key. Raises ValueError."""
    if not options:
        return Operation("kv.put", _plain_put(item).changed((), NO_HEADERS, body), boolean, SCOPE)
    return write_operation("kv.put", key_path(item), boolean, options, body=body)


def one_value(item: str, read: Callable[[bytes | None], T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads the value of one key. read: makes it of the stored bytes; of None, if the key does not exist."""

    def found(response: Response) -> T:
        stored = usual_value(response.body) if response.status == 200 else None
        return read(stored) if stored is not None else among(_entries(response))

    def among(entries: list[dict[str, Any]]) -> T:
        return read(bytes_of(entries[0]) if entries else None)

    return _one_key(item, found, among, options)


def one_key(item: str, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads one key."""
    return _one_key(item, lambda response: read(_entries(response)), read, options)


def _one_key(item: str, found: Callable[[Response], T], among: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    if not options and (request := _plain_get(item)) is not None:
        return Operation("kv.get", request, found, READ, _OR_MISSING, "index")
    # A transaction cannot be a blocking query.
    if is_found_by_path(item) or options.get("index") is not None:
        return read_operation("kv.get", key_path(item), found, options, answers=_OR_MISSING)
    return _by_transaction(kv_get(item), among, options)


def tree(prefix: str, read: Callable[[Iterable[KeyValue]], T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads every key with a prefix. read: makes the value; it may be called twice."""

    def listed(response: Response) -> T:
        try:
            return read(() if _is_missing(response) else usual_values(response.body))
        except Unusual:
            return read(values_of(_entries(response)))

    return _tree(prefix, listed, lambda entries: read(values_of(entries)), options)


def record_tree(prefix: str, codec: Codec, raw: bool, options: Mapping[str, Any]) -> Operation[list[Record]]:
    """Return the operation that reads every key with a prefix, with all its fields."""
    finish = finisher(codec, raw)

    def listed(response: Response) -> list[Record]:
        try:
            return [] if _is_missing(response) else usual_records(response.body, finish)
        except Unusual:
            return records_of(_entries(response), finish)

    return _tree(prefix, listed, lambda entries: records_of(entries, finish), options)


def _tree(prefix: str, listed: Callable[[Response], T], read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    if not prefix_is_found_by_path(prefix) and options.get("index") is None:
        return _by_transaction(kv_get_tree(prefix), read, options)
    return read_operation("kv.get", key_path(prefix, prefix=True), listed, {"recurse": True, **options}, answers=_OR_MISSING)


def entry_tree(prefix: str, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    """Return the operation that reads the entry of every key with a prefix, as Consul writes it: its value is still base64."""
    return _tree(prefix, lambda response: read(_entries(response)), read, options)


def record_stream(prefix: str, codec: Codec, raw: bool, options: Mapping[str, Any]) -> Stream[Record]:
    """Return the stream of every key with a prefix, with all its fields."""
    if not prefix_is_found_by_path(prefix):
        raise ValueError(
            f"agents before 1.21.5 find no keys with the prefix {prefix!r} by its path; use kv.get_records, which reads them at once"
        )
    path, decoder = key_path(prefix, prefix=True), partial(Records, finisher(codec, raw))
    return read_stream("kv.get", path, decoder, {"recurse": True, **options}, defaults=READ, is_empty=_is_missing)


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
    return read_value(bytes_of(entry), codec, raw)


def read_value(stored: bytes, codec: Codec, raw: bool) -> Stored:
    """Return the value of stored bytes. raw: the bytes."""
    return stored if raw else decode(stored, codec)


def value_reader(codec: Codec, raw: bool) -> Callable[[bytes], Stored]:
    """Return `read_value` for many values."""
    if raw:
        return bytes
    return decode if codec == "json" else partial(decode, codec=codec)


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
    return [] if _is_missing(response) else checked(json_value(response))


def _by_transaction(operation: TxnOp, read: Read[T], options: Mapping[str, Any]) -> Operation[T]:
    def decoded(response: Response) -> T:
        if response.status == 409:
            only_missing(response)
            return read([])
        return read(checked([result.get("KV") for result in results(response)]))

    transaction = commit([operation], {name: value for name, value in options.items() if name not in ("index", "wait")}, READ_DEFAULTS)
    return Operation(transaction.name, transaction.request, decoded, transaction.defaults, answers=transaction.answers)
