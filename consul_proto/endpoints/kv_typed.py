"""`kv.get_as`: read a value as the type that the caller names.

Consul stores bytes, and "1234" may be a text or a number. `get` guesses; here the caller names the type, and type checkers know it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from consul_proto.errors import DecodeError
from consul_proto.namespace import operation
from consul_proto.nesting import check_depth

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.codec import Stored
    from consul_proto.namespace import Async, Namespace, Pure, Sync
    from consul_proto.operation import Operation
    from consul_proto.types.options import ReadOptions

V = TypeVar("V", bound="str | int | float | bytes")
D = TypeVar("D")


class GetAs(Protocol):
    """`get_as` of operations."""

    @overload
    def __call__(self, item: str, kind: type[dict[Any, Any]], **options: Unpack[ReadOptions]) -> Operation[dict[str, Stored] | None]: ...
    @overload
    def __call__(
        self, item: str, kind: type[dict[Any, Any]], default: D, **options: Unpack[ReadOptions]
    ) -> Operation[dict[str, Stored] | D]: ...
    @overload
    def __call__(self, item: str, kind: type[list[Any]], **options: Unpack[ReadOptions]) -> Operation[list[Stored] | None]: ...
    @overload
    def __call__(self, item: str, kind: type[list[Any]], default: D, **options: Unpack[ReadOptions]) -> Operation[list[Stored] | D]: ...
    @overload
    def __call__(self, item: str, kind: type[V], **options: Unpack[ReadOptions]) -> Operation[V | None]: ...
    @overload
    def __call__(self, item: str, kind: type[V], default: D, **options: Unpack[ReadOptions]) -> Operation[V | D]: ...


class SyncGetAs(Protocol):
    """`get_as` for threads."""

    @overload
    def __call__(self, item: str, kind: type[dict[Any, Any]], **options: Unpack[ReadOptions]) -> dict[str, Stored] | None: ...
    @overload
    def __call__(self, item: str, kind: type[dict[Any, Any]], default: D, **options: Unpack[ReadOptions]) -> dict[str, Stored] | D: ...
    @overload
    def __call__(self, item: str, kind: type[list[Any]], **options: Unpack[ReadOptions]) -> list[Stored] | None: ...
    @overload
    def __call__(self, item: str, kind: type[list[Any]], default: D, **options: Unpack[ReadOptions]) -> list[Stored] | D: ...
    @overload
    def __call__(self, item: str, kind: type[V], **options: Unpack[ReadOptions]) -> V | None: ...
    @overload
    def __call__(self, item: str, kind: type[V], default: D, **options: Unpack[ReadOptions]) -> V | D: ...


class AsyncGetAs(Protocol):
    """`get_as` for tasks."""

    @overload
    def __call__(
        self, item: str, kind: type[dict[Any, Any]], **options: Unpack[ReadOptions]
    ) -> Coroutine[Any, Any, dict[str, Stored] | None]: ...
    @overload
    def __call__(
        self, item: str, kind: type[dict[Any, Any]], default: D, **options: Unpack[ReadOptions]
    ) -> Coroutine[Any, Any, dict[str, Stored] | D]: ...
    @overload
    def __call__(self, item: str, kind: type[list[Any]], **options: Unpack[ReadOptions]) -> Coroutine[Any, Any, list[Stored] | None]: ...
    @overload
    def __call__(
        self, item: str, kind: type[list[Any]], default: D, **options: Unpack[ReadOptions]
    ) -> Coroutine[Any, Any, list[Stored] | D]: ...
    @overload
    def __call__(self, item: str, kind: type[V], **options: Unpack[ReadOptions]) -> Coroutine[Any, Any, V | None]: ...
    @overload
    def __call__(self, item: str, kind: type[V], default: D, **options: Unpack[ReadOptions]) -> Coroutine[Any, Any, V | D]: ...


class typed_read(operation[Any, ..., Any]):  # noqa: N801 - a decorator
    """Marks the method that builds `get_as`. A ParamSpec has no overloads, so the checkers are told the three faces by hand."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: Namespace[Pure], owner: type[Any] | None = None) -> GetAs: ...
        @overload
        def __get__(self, obj: Namespace[Sync], owner: type[Any] | None = None) -> SyncGetAs: ...
        @overload
        def __get__(self, obj: Namespace[Async], owner: type[Any] | None = None) -> AsyncGetAs: ...
        @overload
        def __get__(self, obj: None, owner: type[Any] | None = None) -> typed_read: ...
        def __get__(self, obj: Any, owner: type[Any] | None = None) -> Any: ...


def _json(stored: bytes, kind: type[Any]) -> Any:
    """Return a JSON value of exactly this type. Raises ValueError."""
    check_depth(stored)
    value = json.loads(stored.decode())
    if type(value) is not kind:
        raise ValueError
    return value


def _float(stored: bytes) -> float:
    value = json.loads(stored.decode())
    # NaN and Infinity are not JSON. 1e999 is, but it is not a finite float.
    if type(value) not in (int, float) or not -float("inf") < value < float("inf"):
        raise ValueError
    return float(value)


_READERS: dict[Any, Callable[[bytes], Any]] = {
    str: bytes.decode,
    bytes: bytes,
    int: lambda stored: _json(stored, int),
    float: _float,
    bool: lambda stored: _json(stored, bool),
    dict: lambda stored: _json(stored, dict),
    list: lambda stored: _json(stored, list),
}

#: Type -> the form of its values in the store.
_SHAPES = {
    str: "UTF-8 text",
    int: "a whole number, as 1234",
    float: "a number, as 1.5",
    bool: "true or false",
    dict: "a JSON object",
    list: "a JSON array",
}


def fitting(item: str, kind: type) -> Callable[[bytes], Any]:
    """Return a function that turns the stored bytes of a key into a value of this type. Raises TypeError for an unsupported type."""
    read = _READERS.get(kind)
    if read is None:
        raise TypeError(f"kv.get_as(): kind must be str, int, float, bool, bytes, dict or list, not {kind.__name__}")

    def fit(stored: bytes) -> Any:
        try:
            return read(stored)
        except (ValueError, OverflowError, RecursionError):
            raise DecodeError(
                f"the value of {item!r} is not a {kind.__name__}: expected {_SHAPES[kind]}, found {len(stored)} bytes of another kind;"
                " read it with kind=bytes to see them",
                maybe_applied=False,
            ) from None

    return fit
