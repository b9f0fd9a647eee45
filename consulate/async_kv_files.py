"""Backups of keys in files, for tasks: what `consulate.kv_files` has for threads. Files are read and written in worker threads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import replace as changed
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from consul_proto.kv_backup import EntryWriter
from consul_proto.recipes.bulk_trees import Comparison
from consulate import kv_files
from consulate.kv_files import Saving, difference_of, folder_of, with_total
from transports.worker_threads import in_thread

if TYPE_CHECKING:
    from consul_proto.kv_backup import Form
    from consul_proto.recipes.bulk_result import BulkResult
    from consulate.client import AsyncConsul
    from consulate.kv_files import Backup, Difference, Source
    from consulate.recipes.bulk_calls import OnProgress
    from consulate.whole_files import Target

T = TypeVar("T")

#: Entries that are read from a file at once.
_TOGETHER = 512


async def backup(
    consul: AsyncConsul,
    file: Target,
    folder: str = "",
    *,
    base64: bool = False,
    pretty: bool = False,
    form: Form = "consulate",
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write all keys of a folder to a file; see `consulate.kv_files.backup`."""
    prefix = folder_of(folder)
    saving = Saving(file, prefix, EntryWriter(form, base64=base64, pretty=pretty), progress)
    try:
        await in_thread(saving.begin)
        async with consul.kv.stream_records(prefix, raw=True) as records:
            async for record in records:
                if piece := saving.add(record):
                    await in_thread(saving.write, piece)
        return await in_thread(saving.finish)
    finally:
        saving.discard()


@asynccontextmanager
async def opened_backup(source: Source, folder: str = "", *, base64: bool = False) -> AsyncIterator[Backup]:
    """Open a backup and check all of it; see `consulate.kv_files.opened_backup`."""
    with ExitStack() as stack:
        opened = kv_files.opened_backup(source, folder, base64=base64)
        yield await in_thread(lambda: stack.enter_context(opened))


async def differences(consul: AsyncConsul, backup: Backup) -> AsyncGenerator[Difference, None]:
    """Yield what restoring a backup would change, sorted by key; see `consulate.kv_files.differences`."""
    comparison = Comparison(backup.prefix)
    async with aclosing(_read(await in_thread(backup.sorted_pairs))) as pairs, consul.kv.stream_records(backup.prefix, raw=True) as events:
        records = aiter(events)
        record, pair = comparison.checked_record(await anext(records, None)), comparison.checked_pair(await anext(pairs, None))
        while step := comparison.step(record, pair):
            if (found := difference_of(step)) is not None:
                yield found
            if step.record:
                record = comparison.checked_record(await anext(records, None))
            if step.pair:
                pair = comparison.checked_pair(await anext(pairs, None))


async def restore(
    consul: AsyncConsul, backup: Backup, *, replace: bool = True, prune: bool = False, progress: OnProgress | None = None
) -> BulkResult:
    """Write the keys of a backup; see `consulate.kv_files.restore`."""
    report = with_total(progress, backup.count)
    if not replace:
        return await _add(consul, backup, prune=prune, progress=progress)
    if prune:
        async with aclosing(_read(await in_thread(backup.sorted_pairs))) as pairs:
            return await consul.kv.replace_tree(backup.prefix, pairs, progress=report)
    async with aclosing(_read(backup.pairs())) as pairs:
        return await consul.kv.put_many(pairs, progress=report)


async def _add(consul: AsyncConsul, backup: Backup, *, prune: bool, progress: OnProgress | None) -> BulkResult:
    """Write only the keys that the store does not have. Positions count these."""
    async with aclosing(differences(consul, backup)) as found:
        missing = ((each.key, each.value, each.flags or 0) async for each in found if each.kind == "added")
        result = await consul.kv.put_many(missing, progress=progress)
    if not prune:
        return result
    async with aclosing(differences(consul, backup)) as found:
        deleted = await consul.kv.delete_many((each.key async for each in found if each.kind == "removed"), progress=progress)
    return changed(result, deleted=deleted.deleted)


async def _read(items: Iterable[T]) -> AsyncGenerator[T, None]:
    """Yield items that are read from a file, some at once, in a worker thread."""
    left = iter(items)
    while some := await in_thread(lambda: list(islice(left, _TOGETHER))):
        for item in some:
            yield item
