"""What `kv.put_many`, `get_many`, `delete_many`, `replace_tree` and `copy_tree` ask of the bulk machine, for threads and for tasks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sized
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from consul_proto.argument_types import check_value
from consul_proto.endpoints.kv import KV
from consul_proto.endpoints.kv_bulk import get_many
from consul_proto.endpoints.kv_entries import value_of
from consul_proto.namespace import Pure, unchanged
from consul_proto.recipes.bulk_batches import Changes, Puts, Reads, delete_of
from consul_proto.recipes.bulk_result import bulk_error
from consul_proto.recipes.bulk_trees import Comparison, check_apart, copy_of, in_order
from consulate.recipes.bulk import Job, carry_out, carry_out_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator

    from consul_proto.codec import Stored, Value
    from consul_proto.recipes.bulk_batches import Change, Pair
    from consul_proto.recipes.bulk_result import BulkResult
    from consul_proto.stream import AsyncEvents, Events
    from consul_proto.types.kv import Record
    from consulate.recipes.clients import TaskClient, ThreadClient

#: What is called with the result so far.
OnProgress: TypeAlias = "Callable[[BulkResult], object]"

Pairs: TypeAlias = "Mapping[str, Value] | Iterable[Pair]"
AsyncPairs: TypeAlias = "Mapping[str, Value] | Iterable[Pair] | AsyncIterable[Pair]"
Keys: TypeAlias = "Iterable[str]"
AsyncKeys: TypeAlias = "Iterable[str] | AsyncIterable[str]"

_NO_ITERABLES = (str, bytes, bytearray, memoryview)

#: Checks the options of a call: it takes those of the call of `ops`.
_OPERATIONS: KV[Pure] = KV._over(unchanged, place="kv")  # noqa: SLF001 - as a group is made


class Call:
    """A bulk call: its job, and its items."""

    def __init__(self, job: Job, items: Any) -> None:
        self.job = job
        self._items = items

    def run(self, client: ThreadClient) -> BulkResult:
        """Carry out the call, for threads. Raises BulkError if a batch failed."""
        return checked(self.job.name, carry_out(client, self.job, self._items))

    async def run_async(self, client: TaskClient) -> BulkResult:
        """Carry out the call, for tasks. Raises BulkError if a batch failed."""
        return checked(self.job.name, await carry_out_async(client, self.job, self._items))


def checked(name: str, result: BulkResult) -> BulkResult:
    """Return the result of a call. Raises BulkError if a batch failed."""
    if result.failures:
        raise bulk_error(name, result)
    return result


def _check_pairs(name: str, items: object, *, is_async: bool) -> None:
    """Raise TypeError for pairs that cannot be read."""
    is_iterable = isinstance(items, (Iterable, AsyncIterable) if is_async else Iterable) and not isinstance(items, _NO_ITERABLES)
    if isinstance(items, Mapping) or not is_iterable:
        check_value(name, "items", "Mapping[str, Value]", items)


def _check_keys(name: str, items: object, *, is_async: bool) -> None:
    """Raise TypeError for keys that cannot be read: a str would be taken apart."""
    if not (is_async and isinstance(items, AsyncIterable)):
        check_value(name, "items", "Iterable[str]", items)


def put_call(
    items: Any, flags: int | Mapping[str, int], connections: int, progress: OnProgress | None, options: Any, *, is_async: bool
) -> Call:
    """Return the call `kv.put_many`."""
    name = "kv.put_many"
    _check_pairs(name, items, is_async=is_async)
    check_value(name, "flags", "int | Mapping[str, int]", flags)
    _OPERATIONS.put_many({}, **options)
    total = len(items) if isinstance(items, Sized) else None
    if isinstance(flags, Mapping):
        if not isinstance(items, Mapping):
            raise TypeError(f"{name}(): flags must be an int unless items is a dict; give (key, value, flags) instead")
        if unknown := flags.keys() - items.keys():
            raise ValueError(f"flags are given for keys that are not written: {', '.join(sorted(map(repr, unknown)))}")
        pairs: Any = ((key, value, flags.get(key, 0)) for key, value in items.items())
    else:
        pairs = items.items() if isinstance(items, Mapping) else items
    collector = Puts(name, options, 0 if isinstance(flags, Mapping) else flags)
    return Call(Job(name, collector, connections, total=total, report=progress), pairs)


def delete_call(items: Any, connections: int, progress: OnProgress | None, options: Any, *, is_async: bool) -> Call:
    """Return the call `kv.delete_many`."""
    name = "kv.delete_many"
    _check_keys(name, items, is_async=is_async)
    _OPERATIONS.delete_many((), **options)
    total = len(items) if isinstance(items, Sized) else None
    return Call(Job(name, Changes(name, options, delete_of), connections, total=total, report=progress), items)


class Get(Call):
    """The call `kv.get_many`."""

    def __init__(self, items: Any, raw: bool, connections: int, codec: Any, options: Any, *, is_async: bool) -> None:
        name = "kv.get_many"
        _check_keys(name, items, is_async=is_async)
        _OPERATIONS.get_many((), raw=raw, **options)

        def read(keys: list[str]) -> Any:
            return get_many(keys, lambda entry: value_of(entry, codec, raw), options)

        super().__init__(Job(name, Reads(read), connections, is_ordered=False), items)

    def values(self, client: ThreadClient) -> dict[str, Stored]:
        """Read the values, for threads."""
        return self._in_order(carry_out(client, self.job, self._items))

    async def async_values(self, client: TaskClient) -> dict[str, Stored]:
        """Read the values, for tasks."""
        return self._in_order(await carry_out_async(client, self.job, self._items))

    def _in_order(self, result: BulkResult) -> dict[str, Stored]:
        """Return the values, in the order of the input. Raises the first error."""
        if result.failures:
            raise result.failures[0].error
        found: dict[str, Stored] = {}
        for number in sorted(self.job.values):
            found |= self.job.values[number]
        return found


class Replace:
    """The call `kv.replace_tree`."""

    def __init__(
        self, prefix: str, items: Any, flags: int, connections: int, progress: OnProgress | None, options: Any, *, is_async: bool
    ) -> None:
        name = "kv.replace_tree"
        check_value(name, "prefix", "str", prefix)
        _check_pairs(name, items, is_async=is_async)
        _OPERATIONS.put_many({}, flags=flags, **options)
        self._items: Any = items if isinstance(items, AsyncIterable) else in_order(items)
        total = len(self._items) if isinstance(self._items, Sized) else None
        self.job = Job(name, Changes(name, options), connections, total=total, report=progress)
        self._comparison = Comparison(prefix, flags)

    def run(self, client: ThreadClient, stream: Events[Record]) -> BulkResult:
        """Carry out the call, for threads. stream: the records of the tree. Raises BulkError if a batch failed."""
        result = self.job.machine.result
        with stream as records:
            result = carry_out(client, self.job, self._changes(iter(records)))
        return checked(self.job.name, result)

    async def run_async(self, client: TaskClient, stream: AsyncEvents[Record]) -> BulkResult:
        """Carry out the call, for tasks. Raises BulkError if a batch failed."""
        result = self.job.machine.result
        async with stream as records, aclosing(self._async_changes(aiter(records))) as changes:
            result = await carry_out_async(client, self.job, changes)
        return checked(self.job.name, result)

    def _changes(self, records: Iterator[Record]) -> Iterator[Change | int]:
        comparison, pairs = self._comparison, iter(self._items)
        record, pair = comparison.checked_record(next(records, None)), comparison.checked_pair(next(pairs, None))
        while (step := comparison.step(record, pair)) is not None:
            yield step.change
            record = comparison.checked_record(next(records, None)) if step.record else record
            pair = comparison.checked_pair(next(pairs, None)) if step.pair else pair

    async def _async_changes(self, records: AsyncIterator[Record]) -> AsyncGenerator[Change | int, None]:
        comparison, next_pair = self._comparison, _async_next(self._items)
        record, pair = comparison.checked_record(await anext(records, None)), comparison.checked_pair(await next_pair())
        while (step := comparison.step(record, pair)) is not None:
            yield step.change
            record = comparison.checked_record(await anext(records, None)) if step.record else record
            pair = comparison.checked_pair(await next_pair()) if step.pair else pair


def _async_next(items: Any) -> Callable[[], Coroutine[Any, Any, Any]]:
    """Return what gives the next item of an iterable, async or not; None at its end."""
    if isinstance(items, AsyncIterable):
        later = aiter(items)

        async def from_tasks() -> Any:
            return await anext(later, None)

        return from_tasks
    now = iter(items)

    async def at_once() -> Any:
        return next(now, None)

    return at_once


class Copy:
    """The call `kv.copy_tree`."""

    def __init__(self, source: str, target: str, connections: int, progress: OnProgress | None, options: Any) -> None:
        name = "kv.copy_tree"
        check_value(name, "source", "str", source)
        check_value(name, "target", "str", target)
        _OPERATIONS.put_many({}, **options)
        check_apart(source, target)
        self._job = Job(name, Changes(name, options, partial(copy_of, source, target)), connections, report=progress)

    def run(self, client: ThreadClient, stream: Events[Record]) -> BulkResult:
        """Carry out the call, for threads. stream: the records of the source. Raises BulkError if a batch failed."""
        result = self._job.machine.result
        with stream as records:
            result = carry_out(client, self._job, records)
        return checked(self._job.name, result)

    async def run_async(self, client: TaskClient, stream: AsyncEvents[Record]) -> BulkResult:
        """Carry out the call, for tasks. Raises BulkError if a batch failed."""
        result = self._job.machine.result
        async with stream as records:
            result = await carry_out_async(client, self._job, records)
        return checked(self._job.name, result)
