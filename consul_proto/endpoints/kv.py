"""The key/value store. https://developer.hashicorp.com/consul/api-docs/kv"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from consul_proto.codec import decode, encode
from consul_proto.decode import boolean, from_base64, json_value, texts, wrong
from consul_proto.endpoints import kv_bulk
from consul_proto.endpoints.txn import commit, failure, kv_delete, kv_get, results
from consul_proto.errors import CASFailed, ClientError, KeyNotFound, TransactionFailed, words
from consul_proto.flow import call
from consul_proto.namespace import M, Namespace, flow, operation
from consul_proto.operation import Operation, T
from consul_proto.options import read_operation, write_operation
from consul_proto.paths import key_path

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.codec import Codec, Stored, Value
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consul_proto.types.kv import Record
    from consul_proto.types.options import ReadManyOptions, ReadOptions, Scope

#: A missing key is an answer, not an error: https://developer.hashicorp.com/consul/api-docs/kv#read-key
_OR_MISSING = (200, 404)

#: How often `set` reads and tries to write before it gives up; each lost race means that another writer succeeded.
_CAS_ATTEMPTS = 16


def _missing(item: str) -> KeyNotFound:
    return KeyNotFound(f"no key {item!r}", maybe_applied=False)


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


def _records(response: Response) -> list[dict[str, Any]]:
    """Return the entries of an answer, with the members checked that this file uses; none for a missing key."""
    if _is_missing(response):
        return []
    entries = json_value(response)
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


def _entry(item: str, response: Response) -> dict[str, Any]:
    entries = _records(response)
    if not entries:
        raise _missing(item)
    return entries[0]


def _deleted(item: str, response: Response) -> bool:
    if response.status != 409:
        results(response)
        return True
    error = failure(response)
    if isinstance(error, TransactionFailed) and error.errors[0]["What"].endswith("doesn't exist"):
        raise _missing(item)
    raise error


class KV(Namespace[M]):
    """Read and write keys. Values are encoded and decoded as `consul_proto.codec` says."""

    @operation
    def get(self, item: str, default: Stored = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Stored]:
        """Return the value of a key, or `default` where the key does not exist.

        raw: return the stored bytes as they are. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec

        def read(response: Response) -> Stored:
            entries = _records(response)
            return _value(entries[0], codec, raw) if entries else default

        return read_operation("kv.get", key_path(item), read, options, answers=_OR_MISSING)

    @operation
    def read(self, item: str, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Stored]:
        """Return the value of a key, as `kv[item]` does. Raises KeyNotFound (a KeyError), Forbidden.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec

        def read(response: Response) -> Stored:
            return _value(_entry(item, response), codec, raw)

        return read_operation("kv.get", key_path(item), read, options, answers=_OR_MISSING)

    @operation
    def contains(self, item: str, **options: Unpack[ReadOptions]) -> Operation[bool]:
        """Return whether a key exists, as `item in kv` does.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return read_operation("kv.get", key_path(item), lambda response: bool(_records(response)), options, answers=_OR_MISSING)

    @operation
    def get_record(self, item: str, **options: Unpack[ReadOptions]) -> Operation[Record]:
        """Return a key with all its fields (Flags, ModifyIndex, Session, ...). Raises KeyNotFound (a KeyError), Forbidden.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return read_operation(
            "kv.get", key_path(item), lambda response: _record(_entry(item, response), codec), options, answers=_OR_MISSING
        )

    @operation
    def get_records(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[list[Record]]:
        """Return every key with a prefix, with all its fields.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return _tree(prefix, lambda entries: [_record(entry, codec) for entry in entries], options)

    @operation
    def keys(self, prefix: str = "", separator: str | None = None, **options: Unpack[ReadOptions]) -> Operation[list[str]]:
        """Return the keys with a prefix, sorted.

        separator: cut each key after the first separator that follows the prefix, and list what is left once, like folders.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """

        def read(response: Response) -> list[str]:
            return [] if _is_missing(response) else texts(response)

        query: dict[str, Any] = {"keys": True, "separator": separator, **options}
        return read_operation("kv.get", key_path(prefix, prefix=True), read, query, answers=_OR_MISSING)

    @operation
    def count(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[int]:
        """Return the number of keys with a prefix, as `len(kv)` does.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """

        def read(response: Response) -> int:
            return 0 if _is_missing(response) else len(texts(response))

        return read_operation("kv.get", key_path(prefix, prefix=True), read, {"keys": True, **options}, answers=_OR_MISSING)

    @operation
    def items(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[dict[str, Stored]]:
        """Return the keys with a prefix and their values.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return _tree(prefix, lambda entries: {entry["Key"]: _value(entry, codec) for entry in entries}, options)

    @operation
    def values(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[list[Stored]]:
        """Return the values of the keys with a prefix, sorted by key.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return _tree(prefix, lambda entries: [_value(entry, codec) for entry in entries], options)

    @operation
    def records(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[list[tuple[str, int, Stored]]]:
        """Return the keys with a prefix as tuples of key, flags and value.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return _tree(prefix, lambda entries: [(entry["Key"], entry["Flags"], _value(entry, codec)) for entry in entries], options)

    @operation
    def find(self, prefix: str, separator: str | None = None, **options: Unpack[ReadOptions]) -> Operation[dict[str, Stored]]:
        """Return the keys with a prefix and their values.

        separator: keys that continue after the first separator behind the prefix are cut there; each such folder is listed once, with None.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        if separator == "":
            raise ValueError("separator must not be empty")

        def folded(entries: list[dict[str, Any]]) -> dict[str, Stored]:
            found: dict[str, Stored] = {}
            for entry in entries:
                head, cut, rest = entry["Key"][len(prefix) :].partition(separator) if separator else (entry["Key"], "", "")
                if rest:
                    found[prefix + head + cut] = None
                else:
                    found[entry["Key"]] = _value(entry, codec)
            return found

        return _tree(prefix, folded, options)

    @operation
    def put(
        self,
        item: str,
        value: Value,
        *,
        flags: int = 0,
        cas: int | None = None,
        acquire: str | None = None,
        release: str | None = None,
        **options: Unpack[Scope],
    ) -> Operation[bool]:
        """Write a key in one request. Return False where `cas`, `acquire` or `release` prevented it.

        flags: a number that is stored with the key. At most one of:
        cas: write only where the ModifyIndex is this; 0: where the key does not exist.
        acquire: take the lock on the key for this session. release: give up the lock that this session holds.

        Raises ValueError, Forbidden, ClientError where the value is over the server's limit (512 KiB unless its operator changed it).
        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        if (cas is not None) + (acquire is not None) + (release is not None) > 1:
            raise ValueError("cas, acquire and release cannot be combined")
        query: dict[str, Any] = {"flags": flags or None, "cas": cas, "acquire": acquire, "release": release, **options}
        return write_operation("kv.put", key_path(item), boolean, query, body=encode(value))

    @flow
    def set(self, item: str, value: Value, **options: Unpack[Scope]) -> Flow[None]:
        """Write a key by check-and-set, as `kv[item] = value` does. The key keeps its flags.

        It is tried again where another writer was faster. Raises CASFailed (a KeyError) after 16 attempts, Forbidden, ClientError;
        a RequestError with `maybe_applied` where the outcome of a write is unknown.
        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        return _set(item, encode(value), options)

    @operation
    def set_record(self, item: str, flags: int = 0, value: Value = None, replace: bool = True, **options: Unpack[Scope]) -> Operation[bool]:
        """Write a key and its flags. Return False where the key exists and `replace` is False.

        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        query: dict[str, Any] = {"flags": flags, "cas": None if replace else 0, **options}
        return write_operation("kv.put", key_path(item), boolean, query, body=encode(value))

    @operation
    def delete(self, item: str, recurse: bool = False, *, cas: int | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete a key; with `recurse`, every key that begins with `item`, which may be empty.

        cas: delete only where the ModifyIndex is this; False where it is not.

        Raises KeyNotFound (a KeyError) for a missing key, in the same round trip (not with `recurse` or `cas`), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#delete-key
        """
        if recurse and cas is not None:
            raise ValueError("recurse and cas cannot be combined")
        path = key_path(item, prefix=recurse)
        if recurse or cas is not None:
            query: dict[str, Any] = {"recurse": recurse, "cas": cas, **options}
            return write_operation("kv.delete", path, boolean, query, method="DELETE")
        transaction = commit([kv_get(item), kv_delete(item)], options)
        return Operation(transaction.name, transaction.request, partial(_deleted, item), transaction.defaults, answers=transaction.answers)

    @operation
    def acquire_lock(self, item: str, session: str, value: Value = None, *, flags: int = 0, **options: Unpack[Scope]) -> Operation[bool]:
        """Take the lock on a key for a session, and write the key. Return False where another session holds it, or during its lock delay.

        session: its ID. value, flags: what the key then holds. Raises Forbidden, ServerError for an unknown session.
        https://developer.hashicorp.com/consul/api-docs/kv#acquire
        """
        query: dict[str, Any] = {"flags": flags or None, "acquire": session, **options}
        return write_operation("kv.put", key_path(item), boolean, query, body=encode(value))

    @operation
    def release_lock(self, item: str, session: str, value: Value = None, *, flags: int = 0, **options: Unpack[Scope]) -> Operation[bool]:
        """Release the lock on a key that a session holds, and write the key. Return False where the session does not hold it.

        session: its ID. value, flags: what the key then holds. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#release
        """
        query: dict[str, Any] = {"flags": flags or None, "release": session, **options}
        return write_operation("kv.put", key_path(item), boolean, query, body=encode(value))

    @flow
    def get_many(self, items: Iterable[str], **options: Unpack[ReadManyOptions]) -> Flow[dict[str, Stored]]:
        """Return the values of these keys, without the keys that do not exist, in one transaction for each 64 keys.

        Each transaction is a snapshot; several are not. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return kv_bulk.get_many(items, self._codec, options)

    @flow
    def put_many(self, items: Mapping[str, Value], **options: Unpack[Scope]) -> Flow[None]:
        """Write these keys, in as few transactions as the limits allow (64 operations and 512 KiB each).

        A transaction writes all of its keys or none; a failure leaves those before it written. Raises TransactionFailed, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return kv_bulk.put_many(items, options)

    @flow
    def delete_many(self, items: Iterable[str], **options: Unpack[Scope]) -> Flow[None]:
        """Delete these keys, whether they exist or not, in one transaction for each 64 keys.

        A transaction deletes all of its keys or none; a failure leaves those before it deleted. Raises TransactionFailed, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return kv_bulk.delete_many(items, options)


def _value(entry: dict[str, Any], codec: Codec, raw: bool = False) -> Stored:
    stored = from_base64(entry.get("Value"))
    return stored if raw else decode(stored, codec)


def _record(entry: dict[str, Any], codec: Codec) -> Record:
    entry["Value"] = _value(entry, codec)
    return entry  # type: ignore[return-value] # _records has checked what makes it one


def _tree(prefix: str, read: Callable[[list[dict[str, Any]]], T], options: Mapping[str, Any]) -> Operation[T]:
    path = key_path(prefix, prefix=True)
    return read_operation("kv.get", path, lambda response: read(_records(response)), {"recurse": True, **options}, answers=_OR_MISSING)


def _set(item: str, body: bytes, options: Mapping[str, Any]) -> Flow[None]:
    path = key_path(item)

    def current(response: Response) -> tuple[int, int]:
        entries = _records(response)
        return (entries[0]["ModifyIndex"], entries[0]["Flags"]) if entries else (0, 0)

    # Only the leader knows the index that will be compared, whatever reads the client prefers.
    look = read_operation("kv.get", path, current, {**options, "consistency": "default"}, answers=_OR_MISSING)
    for _ in range(_CAS_ATTEMPTS):
        index, flags = yield from call(look)
        query = {"flags": flags or None, "cas": index, **options}
        if (yield from call(write_operation("kv.put", path, boolean, query, body=body))):
            return
    raise CASFailed(f"another writer changed {item!r} before each of {_CAS_ATTEMPTS} attempts; nothing was written", maybe_applied=False)
