"""`consulate.api.kv.KV`, which is also a mapping, and its counterpart for tasks.

Each operator of the mapping has a method with the same effect, and both classes have these methods: `kv[key]` is `read`,
`kv[key] = value` is `set`, `del kv[key]` is `delete`, `key in kv` is `contains`, `len(kv)` is `count`. Tasks iterate with `async for`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any

from consul_proto.codec import Codec
from consul_proto.endpoints import kv as endpoints
from consul_proto.namespace import Async, Sync
from consulate.api.documented import Documented

if TYPE_CHECKING:
    from consul_proto.codec import Stored, Value


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
