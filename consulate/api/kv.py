"""`consulate.api.kv.KV`, which is also a mapping, and its counterpart for tasks.

Each operator of the mapping has a method with the same effect, and both classes have these methods: `kv[key]` is `read`,
`kv[key] = value` is `set`, `del kv[key]` is `delete`, `key in kv` is `contains`, `len(kv)` is `count`. Tasks iterate with `async for`.

The calls for many keys send their transactions over several connections; those of `client.ops.kv` are flows, one transaction after another.
"""

# The calls for many keys take and return more than those of the operations.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, overload

from consul_proto.codec import Codec
from consul_proto.endpoints import kv as endpoints
from consul_proto.namespace import Async, Sync
from consulate.api.documented import Documented
from consulate.recipes.clients import client_of

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.codec import Stored, Value
    from consul_proto.recipes.bulk_batches import Pair
    from consul_proto.recipes.bulk_result import BulkResult
    from consul_proto.types.options import ReadManyOptions, Scope
    from consulate.recipes.bulk_calls import AsyncKeys, AsyncPairs, Keys, OnProgress, Pairs

#: How many transactions of a call are in flight at once.
_CONNECTIONS = 8


class Values:
    """`kv.values`: it can be called, as the reference says, or iterated without a call, as the documented example does."""

    def __init__(self, call: Callable[..., list[Stored]]) -> None:
        self._call = call
        self.__doc__ = call.__doc__
        self.__signature__ = signature(call)

    def __call__(self, *args: Any, **kwargs: Any) -> list[Stored]:
        """Return the values of the keys with a prefix, sorted by key."""
        return self._call(*args, **kwargs)

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._call())


class KV(Documented, endpoints.KV[Sync]):
    """The key/value store, as a mapping and as calls. Nothing is cached: each use sends a request."""

    def _begin(self, run: Callable[[Any], Any], codec: Codec) -> None:
        super()._begin(run, codec)
        # Type checkers see only the method. The form without parentheses is for scripts that follow the documented example.
        self.__dict__["values"] = Values(self.values)

    def __getitem__(self, item: str) -> Stored:
        return self.read(item)

    def __setitem__(self, item: str, value: Value) -> None:
        self.set(item, value)

    def __delitem__(self, item: str) -> None:
        self.delete(item)

    def __contains__(self, item: str) -> bool:
        return self.contains(item)

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        # Always true, also while the store is empty: a truth test must not send a request.
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def iteritems(self) -> Iterator[tuple[str, Stored]]:
        """Iterate over the keys and their values, as they were when the iteration began."""
        return iter(self.items().items())

    @overload  # type: ignore[override] # it takes and returns more than the flow of `ops`
    def put_many(
        self,
        items: Mapping[str, Value],
        *,
        flags: int | Mapping[str, int] = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult: ...
    @overload
    def put_many(
        self,
        items: Iterable[Pair],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult: ...
    def put_many(
        self,
        items: Pairs,
        *,
        flags: int | Mapping[str, int] = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult:
        """Write many keys, in transactions over several connections. Return what was written, as positions of `items`.

        client.kv.put_many({"app/a": 1, "app/b": "two"})

        items: a dict, or an iterable of (key, value) or (key, value, flags), which is read as it is sent: many keys need little memory.
        flags: of items that have none; if items is a dict, also a dict of key to number. If a key is there twice, the later value remains.
        connections: the most transactions in flight. progress: is called with the result so far, after transactions have ended, and at the
        end, also if the call fails or is interrupted.

        A transaction has up to 64 keys, or 128 since Consul 1.14, and writes all of them or none. A value that is too large for one (over
        about 380 KiB, because of base64) is written by itself. The client's time limit applies to each transaction, not to the call.

        Raises BulkError if a transaction fails; its `result` says which positions were applied, and which have an unknown outcome. No
        other transaction is sent after that. Raises TypeError or ValueError for an item that cannot be written; complete transactions
        of the items before it are sent.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        from consulate.recipes.bulk_calls import put_call

        return put_call(items, flags, connections, progress, options, is_async=False).run(client_of(self, "kv.put_many"))

    def get_many(
        self, items: Keys, *, raw: bool = False, connections: int = _CONNECTIONS, **options: Unpack[ReadManyOptions]
    ) -> dict[str, Stored]:
        """Return the values of many keys, without the keys that do not exist, in transactions over several connections.

        items: an iterable of keys. raw: return the stored bytes as they are. connections: the most transactions in flight.

        The values of one transaction, of up to 64 keys, are a snapshot; those of several are not. Raises Forbidden, RequestError.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        from consulate.recipes.bulk_calls import Get

        return Get(items, raw, connections, self._codec, options, is_async=False).values(client_of(self, "kv.get_many"))

    def delete_many(  # type: ignore[override] # it takes and returns more than the flow of `ops`
        self, items: Keys, *, connections: int = _CONNECTIONS, progress: OnProgress | None = None, **options: Unpack[Scope]
    ) -> BulkResult:
        """Delete many keys, whether they exist or not, in transactions over several connections. Return what was deleted.

        The parameters, the result and the errors are those of `put_many`.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        from consulate.recipes.bulk_calls import delete_call

        return delete_call(items, connections, progress, options, is_async=False).run(client_of(self, "kv.delete_many"))

    @overload
    def replace_tree(
        self,
        prefix: str,
        items: Mapping[str, Value],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult: ...
    @overload
    def replace_tree(
        self,
        prefix: str,
        items: Iterable[Pair],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult: ...
    def replace_tree(
        self,
        prefix: str,
        items: Pairs,
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> BulkResult:
        """Make the keys with a prefix exactly these: write those that differ, and delete the others. Return what was done.

        client.kv.replace_tree("app/", {"app/a": 1, "app/b": "two"})

        items: whole keys, as `put_many` takes them. A dict or a list is sorted; any other iterable must be sorted by key, and have each key
        once: it is compared with the tree while both are read, in little memory. Positions count the items in the order of the keys.
        A key whose value and flags are the same is not written: it counts as applied, and as `unchanged`.

        Each transaction is atomic, the whole is not: others see the tree in between. The tree is read once, at the beginning: a key that
        others write meanwhile is overwritten or stays. The other parameters and the errors are those of `put_many`.
        Raises ValueError for a key without the prefix, or not in order.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        from consulate.recipes.bulk_calls import Replace

        call = Replace(prefix, items, flags, connections, progress, options, is_async=False)
        return call.run(client_of(self, "kv.replace_tree"), self.stream_records(prefix, raw=True, **options))

    def copy_tree(
        self, source: str, target: str, *, connections: int = _CONNECTIONS, progress: OnProgress | None = None, **options: Unpack[Scope]
    ) -> BulkResult:
        """Copy the keys with one prefix to another prefix, with their flags, byte for byte. Return what was written.

        client.kv.copy_tree("app/", "backup/app/")

        The source is read as it was when the call began, in little memory. Positions count its keys in order. Other keys of the target
        stay. The other parameters and the errors are those of `put_many`. Raises ValueError for trees that overlap.
        https://developer.hashicorp.com/consul/api-docs/txn
        """
        from consulate.recipes.bulk_calls import Copy

        return Copy(source, target, connections, progress, options).run(
            client_of(self, "kv.copy_tree"), self.stream_records(source, raw=True, **options)
        )


class AsyncKV(endpoints.KV[Async]):
    """The key/value store, for tasks. Nothing is cached: each use sends a request."""

    _awaits = True

    async def __aiter__(self) -> AsyncIterator[str]:
        for key in await self.keys():
            yield key

    async def iteritems(self) -> AsyncIterator[tuple[str, Stored]]:
        """Iterate over the keys and their values, as they were when the iteration began."""
        for key, value in (await self.items()).items():
            yield key, value

    @overload  # type: ignore[override] # it takes and returns more than the flow of `ops`
    def put_many(
        self,
        items: Mapping[str, Value],
        *,
        flags: int | Mapping[str, int] = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]: ...
    @overload
    def put_many(
        self,
        items: Iterable[Pair] | AsyncIterable[Pair],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]: ...
    def put_many(
        self,
        items: AsyncPairs,
        *,
        flags: int | Mapping[str, int] = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]:
        """Write many keys."""
        from consulate.recipes.bulk_calls import put_call

        return put_call(items, flags, connections, progress, options, is_async=True).run_async(client_of(self, "kv.put_many"))

    def get_many(
        self,
        items: AsyncKeys,
        *,
        raw: bool = False,
        connections: int = _CONNECTIONS,
        **options: Unpack[ReadManyOptions],
    ) -> Coroutine[Any, Any, dict[str, Stored]]:
        """Read many keys."""
        from consulate.recipes.bulk_calls import Get

        return Get(items, raw, connections, self._codec, options, is_async=True).async_values(client_of(self, "kv.get_many"))

    def delete_many(  # type: ignore[override] # it takes and returns more than the flow of `ops`
        self,
        items: AsyncKeys,
        *,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]:
        """Delete many keys."""
        from consulate.recipes.bulk_calls import delete_call

        return delete_call(items, connections, progress, options, is_async=True).run_async(client_of(self, "kv.delete_many"))

    @overload
    def replace_tree(
        self,
        prefix: str,
        items: Mapping[str, Value],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]: ...
    @overload
    def replace_tree(
        self,
        prefix: str,
        items: Iterable[Pair] | AsyncIterable[Pair],
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]: ...
    def replace_tree(
        self,
        prefix: str,
        items: AsyncPairs,
        *,
        flags: int = 0,
        connections: int = _CONNECTIONS,
        progress: OnProgress | None = None,
        **options: Unpack[Scope],
    ) -> Coroutine[Any, Any, BulkResult]:
        """Replace a tree."""
        from consulate.recipes.bulk_calls import Replace

        call = Replace(prefix, items, flags, connections, progress, options, is_async=True)
        return call.run_async(client_of(self, "kv.replace_tree"), self.stream_records(prefix, raw=True, **options))

    def copy_tree(
        self, source: str, target: str, *, connections: int = _CONNECTIONS, progress: OnProgress | None = None, **options: Unpack[Scope]
    ) -> Coroutine[Any, Any, BulkResult]:
        """Copy a tree."""
        from consulate.recipes.bulk_calls import Copy

        call = Copy(source, target, connections, progress, options)
        return call.run_async(client_of(self, "kv.copy_tree"), self.stream_records(source, raw=True, **options))

    put_many.__doc__, get_many.__doc__, delete_many.__doc__ = KV.put_many.__doc__, KV.get_many.__doc__, KV.delete_many.__doc__
    replace_tree.__doc__, copy_tree.__doc__ = KV.replace_tree.__doc__, KV.copy_tree.__doc__
