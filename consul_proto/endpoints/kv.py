"""The key/value store. https://developer.hashicorp.com/consul/api-docs/kv"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from consul_proto.codec import encode
from consul_proto.decode import boolean
from consul_proto.endpoints import kv_bulk
from consul_proto.endpoints.kv_entries import (
    cut,
    key_names,
    missing,
    one_key,
    one_value,
    only_missing,
    put,
    read_value,
    record_of,
    record_stream,
    record_tree,
    tree,
    value_of,
    value_reader,
)
from consul_proto.endpoints.kv_typed import fitting, typed_read
from consul_proto.endpoints.txn import commit, failure, kv_delete, kv_delete_cas, kv_delete_tree, kv_get, results
from consul_proto.errors import CASFailed, TransactionFailed
from consul_proto.flow import call
from consul_proto.namespace import M, Namespace, flow, operation, stream
from consul_proto.operation import Operation
from consul_proto.options import write_operation
from consul_proto.paths import is_found_by_path, key_path, prefix_is_found_by_path
from consul_proto.stream import Stream

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.codec import Stored, Value
    from consul_proto.flow import Flow
    from consul_proto.kv_answers import KeyValue
    from consul_proto.message import Response
    from consul_proto.types.kv import Record
    from consul_proto.types.options import ReadManyOptions, ReadOptions, Scope

#: How often `set` reads and tries to write before it gives up; each lost race means that another writer succeeded.
_CAS_ATTEMPTS = 16


class KV(Namespace[M]):
    """Read and write keys. Values are encoded and decoded as `consul_proto.codec` says."""

    @operation
    def get(self, item: str, default: Stored = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Stored]:
        """Return the value of a key, or `default` if the key does not exist.

        raw: return the stored bytes as they are. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return one_value(item, lambda stored: default if stored is None else read_value(stored, codec, raw), options)

    @typed_read
    def get_as(self, item: str, kind: type, default: Stored = None, **options: Unpack[ReadOptions]) -> Operation[Stored]:
        """Return the value of a key as a str, int, float, bool, bytes, dict or list, or `default` if the key does not exist.

        kind: the type of the value. str accepts any text unchanged, bytes any value; the other types are stored as JSON.
        Raises DecodeError if the value is not of this type, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        fit = fitting(item, kind)
        return one_value(item, lambda stored: default if stored is None else fit(stored), options)

    @operation
    def read(self, item: str, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Stored]:
        """Return the value of a key, as `kv[item]` does. Raises KeyNotFound (a KeyError), Forbidden.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return one_value(item, lambda stored: read_value(_found(item, stored), codec, raw), options)

    @operation
    def contains(self, item: str, **options: Unpack[ReadOptions]) -> Operation[bool]:
        """Return whether a key exists, as `item in kv` does.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return one_key(item, bool, options)

    @operation
    def get_record(self, item: str, *, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Record]:
        """Return a key with all its fields (Flags, ModifyIndex, Session, ...). Raises KeyNotFound (a KeyError), Forbidden.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        return one_key(item, lambda entries: record_of(_first(item, entries), codec, raw), options)

    @operation
    def get_records(self, prefix: str = "", *, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[list[Record]]:
        """Return every key with a prefix, with all its fields.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return record_tree(prefix, self._codec, raw, options)

    @stream
    def stream_records(self, prefix: str = "", *, raw: bool = False, **options: Unpack[ReadManyOptions]) -> Stream[Record]:
        """Return the keys with a prefix one by one, with all their fields, in less memory than `get_records`.

        ```python
        with client.kv.stream_records("app/") as records:
            for record in records: ...
        ```

        They are as they were when the answer began. Only records that were returned take memory. raw: their values are the stored bytes.
        Raises ValueError for a prefix with an empty, "." or ".." part, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return record_stream(prefix, self._codec, raw, options)

    @operation
    def keys(self, prefix: str = "", separator: str | None = None, **options: Unpack[ReadOptions]) -> Operation[list[str]]:
        """Return the keys with a prefix, sorted.

        separator: cut each key after the first separator that follows the prefix, and list each result once, like folders.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return key_names(prefix, separator, list, options)

    @operation
    def count(self, prefix: str = "", **options: Unpack[ReadOptions]) -> Operation[int]:
        """Return the number of keys with a prefix, as `len(kv)` does.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        return key_names(prefix, None, len, options)

    @operation
    def items(self, prefix: str = "", *, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[dict[str, Stored]]:
        """Return the keys with a prefix and their values.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        read = value_reader(self._codec, raw)
        return tree(prefix, lambda entries: {key: read(stored) for key, _, stored in entries}, options)

    @operation
    def values(self, prefix: str = "", *, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[list[Stored]]:
        """Return the values of the keys with a prefix, sorted by key.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        read = value_reader(self._codec, raw)
        return tree(prefix, lambda entries: [read(stored) for _, _, stored in entries], options)

    @operation
    def records(self, prefix: str = "", *, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[list[tuple[str, int, Stored]]]:
        """Return the keys with a prefix as tuples of key, flags and value.

        raw: return the stored bytes as they are.
        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        read = value_reader(self._codec, raw)
        return tree(prefix, lambda entries: [(key, flags, read(stored)) for key, flags, stored in entries], options)

    @operation
    def find(
        self, prefix: str, separator: str | None = None, *, raw: bool = False, **options: Unpack[ReadOptions]
    ) -> Operation[dict[str, Stored]]:
        """Return the keys with a prefix and their values.

        separator: cut longer keys after the first separator that follows the prefix; list each such folder once, with the value None.
        raw: return the stored bytes as they are.

        https://developer.hashicorp.com/consul/api-docs/kv#read-key
        """
        codec = self._codec
        if separator == "":
            raise ValueError("separator must not be empty")

        def folded(entries: Iterable[KeyValue]) -> dict[str, Stored]:
            found: dict[str, Stored] = {}
            for key, _, stored in entries:
                name, is_folder = cut(key, prefix, separator)
                found[name] = None if is_folder else read_value(stored, codec, raw)
            return found

        return tree(prefix, folded, options)

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
        """Write a key in one request. Return False if `cas`, `acquire` or `release` prevented it; give at most one of them.

        flags: a number that is stored with the key.
        cas: write only if the key's ModifyIndex is this number; 0: only if the key does not exist.
        acquire: take the lock on the key for this session ID. release: give up the lock that this session ID holds.

        Raises ValueError, Forbidden, ClientError if the value exceeds the server's limit (512 KiB unless its operator changed it).
        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        if (cas is not None) + (acquire is not None) + (release is not None) > 1:
            raise ValueError("cas, acquire and release cannot be combined; give only one of them")
        query: dict[str, Any] = {**options}
        if flags or cas is not None or acquire is not None or release is not None:
            query = {"flags": flags or None, "cas": cas, "acquire": acquire, "release": release, **options}
        return put(item, encode(value), query)

    @flow
    def set(self, item: str, value: Value, **options: Unpack[Scope]) -> Flow[None]:
        """Write a key by check-and-set, as `kv[item] = value` does. The key keeps its flags.

        If another writer was faster, it tries again. Raises CASFailed (a KeyError) after 16 attempts, Forbidden, ClientError,
        or a RequestError with `maybe_applied` if the outcome of a write is unknown.
        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        return _set(item, key_path(item), encode(value), options)

    @operation
    def set_record(self, item: str, flags: int = 0, value: Value = None, replace: bool = True, **options: Unpack[Scope]) -> Operation[bool]:
        """Write a key and its flags. Return False if the key exists and `replace` is False.

        https://developer.hashicorp.com/consul/api-docs/kv#create-update-key
        """
        query: dict[str, Any] = {"flags": flags, "cas": None if replace else 0, **options}
        return put(item, encode(value), query)

    @operation
    def delete(self, item: str, recurse: bool = False, *, cas: int | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete a key; with `recurse`, every key that begins with `item`, which may be empty.

        cas: delete only if the key's ModifyIndex is this number; otherwise return False.

        Raises KeyNotFound (a KeyError) for a missing key, but not with `recurse` or `cas`. This takes no second request. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#delete-key
        """
        if recurse and cas is not None:
            raise ValueError("recurse and cas cannot be combined; delete the keys one by one to use cas")
        if not recurse and cas is None:
            return _reading(commit([kv_get(item), kv_delete(item)], options), partial(_deleted, item))
        if not (prefix_is_found_by_path(item) if recurse else is_found_by_path(item)):
            return _reading(commit([kv_delete_tree(item) if cas is None else kv_delete_cas(item, cas)], options), _was_done)
        query: dict[str, Any] = {"recurse": recurse, "cas": cas, **options}
        return write_operation("kv.delete", key_path(item, prefix=recurse), boolean, query, method="DELETE")

    @operation
    def acquire_lock(self, item: str, session: str, value: Value = None, *, flags: int = 0, **options: Unpack[Scope]) -> Operation[bool]:
        """Take the lock on a key for a session, and write the key. Return False if another session holds it, or during its lock delay.

        session: the session's ID. value, flags: written to the key. Raises Forbidden, ServerError for an unknown session.
        https://developer.hashicorp.com/consul/api-docs/kv#acquire
        """
        query: dict[str, Any] = {"flags": flags or None, "acquire": session, **options}
        return put(item, encode(value), query)

    @operation
    def release_lock(self, item: str, session: str, value: Value = None, *, flags: int = 0, **options: Unpack[Scope]) -> Operation[bool]:
        """Release the lock on a key that a session holds, and write the key. Return False if the session does not hold it.

        session: the session's ID. value, flags: written to the key. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/kv#release
        """
        query: dict[str, Any] = {"flags": flags or None, "release": session, **options}
        return put(item, encode(value), query)

    @flow
    def get_many(self, items: Iterable[str], *, raw: bool = False, **options: Unpack[ReadManyOptions]) -> Flow[dict[str, Stored]]:
        """Return the values of these keys, without the keys that do not exist. Up to 64 keys are read in one transaction.

        raw: return the stored bytes as they are. The values of one transaction are a snapshot; those of several are not. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        codec = self._codec
        return kv_bulk.get_many(items, lambda entry: value_of(entry, codec, raw), options)

    @flow
    def put_many(self, items: Mapping[str, Value], *, flags: int | Mapping[str, int] = 0, **options: Unpack[Scope]) -> Flow[None]:
        """Write these keys, in as few transactions as the limits allow (64 operations and 512 KiB each).

        flags: a number that is stored with each key, or a number for some of the keys; 0 for the others.

        A transaction writes all of its keys or none. If one fails, the keys of the earlier ones stay written. A value that is too large for
        a transaction (over about 380 KiB, because of base64) is written by itself, as by `put`. Raises TransactionFailed, Forbidden, and
        ClientError for a value over the server's limit.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return kv_bulk.put_many(items, flags, options)

    @flow
    def delete_many(self, items: Iterable[str], **options: Unpack[Scope]) -> Flow[None]:
        """Delete these keys, whether they exist or not. Up to 64 keys are deleted in one transaction.

        A transaction deletes all of its keys or none. If one fails, the keys of the earlier ones stay deleted.
        Raises TransactionFailed, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        return kv_bulk.delete_many(items, options)


def _found(item: str, stored: bytes | None) -> bytes:
    if stored is None:
        raise missing(item)
    return stored


def _first(item: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    if not entries:
        raise missing(item)
    return entries[0]


def _reading(transaction: Operation[Any], read: Callable[[Response], bool]) -> Operation[bool]:
    return Operation(transaction.name, transaction.request, read, transaction.defaults, answers=transaction.answers)


def _deleted(item: str, response: Response) -> bool:
    if response.status != 409:
        results(response)
        return True
    only_missing(response)
    raise missing(item)


def _was_done(response: Response) -> bool:
    """Return whether a check-and-set in a transaction went through."""
    if response.status != 409:
        results(response)
        return True
    error = failure(response)
    if isinstance(error, TransactionFailed) and error.errors[0]["What"].endswith("index is stale"):
        return False
    raise error


def _set(item: str, path: str, body: bytes, options: Mapping[str, Any]) -> Flow[None]:
    def current(entries: list[dict[str, Any]]) -> tuple[int, int]:
        return (entries[0]["ModifyIndex"], entries[0]["Flags"]) if entries else (0, 0)

    # Read from the leader, whatever the client prefers: only the leader knows the index that will be compared.
    look = one_key(item, current, {**options, "consistency": "default"})
    for _ in range(_CAS_ATTEMPTS):
        index, flags = yield from call(look)
        query = {"flags": flags or None, "cas": index, **options}
        if (yield from call(write_operation("kv.put", path, boolean, query, body=body))):
            return
    raise CASFailed(f"another writer changed {item!r} before each of {_CAS_ATTEMPTS} attempts; nothing was written", maybe_applied=False)
