"""Backups of keys in files: taken, restored, and compared with the store, in memory for a few entries.

The format is that of `consul_proto.kv_backup`. `folder` is a key with or without a slash at its end: then the names in the file are
relative to it.
"""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, TypeAlias

from consul_proto.kv_backup import Entry, EntryReader, EntryWriter, read_pairs
from consul_proto.recipes.bulk_batches import Delete, Put, put_of
from consul_proto.recipes.bulk_result import BulkResult
from consul_proto.recipes.bulk_trees import Comparison, Step

if TYPE_CHECKING:
    from consul_proto.kv_backup import Form
    from consul_proto.types.kv import Record
    from consulate.client import Consul
    from consulate.recipes.bulk_calls import OnProgress
    from consulate.whole_files import Target

Source: TypeAlias = "str | os.PathLike[str] | BinaryIO"

#: Bytes that are read at once, and entries between two reports.
_PIECE, _REPORTED = 1 << 18, 1000

#: The most bytes of a file whose entries are held in memory: it is then read only once.
_MOST_HELD = 1 << 20

#: A key, its value and its flags, as bulk calls take them.
_Pair: TypeAlias = "tuple[str, bytes, int]"


class Difference(NamedTuple):
    """What a restore would change. kind: "removed" is only in the store, and goes with `prune`. value: the new one."""

    kind: Literal["added", "changed", "removed"]
    key: str
    value: bytes | None
    flags: int | None


def folder_of(key: str) -> str:
    """Return the prefix of a folder; an empty key is the whole store."""
    return f"{key}/" if key and not key.endswith("/") else key


class Saving:
    """A backup that is taken: the file that is written, and the text of the records that were not written yet."""

    def __init__(self, target: Target, prefix: str, writer: EntryWriter, progress: Callable[[int], object] | None) -> None:
        from consulate.whole_files import file_or_device  # only a backup is written to a file

        self._file = file_or_device(target, "backup", keeps_mode=True)
        self._prefix = prefix
        self._writer = writer
        self._progress = progress
        self._texts: list[str] = []
        self._size = 0
        self.count = 0

    def begin(self) -> None:
        """Create the file, unless it is open. Raises OSError."""
        self._file.begin()

    def add(self, record: Record) -> bytes:
        """Take a record. Return what to write now; nothing until there is enough of it."""
        stored: Any = record["Value"]
        self._texts.append(self._writer.entry(Entry(record["Key"][len(self._prefix) :], record["Flags"], stored)))
        self._size += len(self._texts[-1])
        self.count += 1
        if self._progress is not None and not self.count % _REPORTED:
            self._progress(self.count)
        return self._taken() if self._size >= _PIECE else b""

    def _taken(self) -> bytes:
        text = "".join(self._texts)
        self._texts.clear()
        self._size = 0
        return text.encode()

    def write(self, piece: bytes) -> None:
        """Write bytes. Raises OSError."""
        self._file.write(piece)

    def finish(self) -> int:
        """Write the rest, and give the file its name. Return how many records it has. Raises OSError."""
        self._texts.append(self._writer.end())
        self._file.write(self._taken())
        self._file.finish()
        return self.count

    def discard(self) -> None:
        """Remove what was written to a path, unless it is complete."""
        self._file.discard()


def backup(
    consul: Consul,
    file: Target,
    folder: str = "",
    *,
    base64: bool = False,
    pretty: bool = False,
    form: Form = "consulate",
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write all keys of a folder to a file, as they are when the call begins. Return how many.

    file: a path, whose file is replaced once the backup is complete (a new one is readable only by its owner), or an open binary file.
    base64: write all values as base64; without it, only those that are not text. pretty: indent it. form: "consul" writes what
    `consul kv import` reads. progress: is called with the number of keys, from time to time.

    Raises Forbidden, RequestError, OSError.
    """
    prefix = folder_of(folder)
    saving = Saving(file, prefix, EntryWriter(form, base64=base64, pretty=pretty), progress)
    try:
        saving.begin()
        with consul.kv.stream_records(prefix, raw=True) as records:
            for record in records:
                if piece := saving.add(record):
                    saving.write(piece)
        return saving.finish()
    finally:
        saving.discard()


class Backup:
    """A backup that was read once and found right. count: its entries."""

    def __init__(self, file: BinaryIO, folder: str, *, base64: bool) -> None:
        self.prefix = folder_of(folder)
        self._file = file
        self._base64 = base64
        self._is_sorted = True
        #: The pairs of a small file.
        self._held = self._read_small() if file.seek(0, os.SEEK_END) <= _MOST_HELD else None
        last = ""
        self.count = 0
        for key, value, _ in self.pairs():
            if not key or not key.isascii():
                put_of(self.count, (key, value))  # raises ValueError for a key that cannot be written
            self.count += 1
            if key <= last:
                self._is_sorted = False
            last = key

    def _read_small(self) -> list[_Pair]:
        self._file.seek(0)
        return read_pairs(self._file.read().decode("utf-8-sig"), self.prefix, base64=self._base64)

    def pairs(self) -> Iterator[_Pair]:
        """Return key, value and flags, one after the other, in the order of the file. Raises ValueError."""
        return self._read() if self._held is None else iter(self._held)

    def _read(self) -> Iterator[_Pair]:
        self._file.seek(0)
        decoder = getincrementaldecoder("utf-8-sig")()
        reader = EntryReader(base64=self._base64)
        while piece := self._file.read(_PIECE):
            for key, flags, value in reader.feed(decoder.decode(piece)):
                yield self.prefix + key, value, flags
        decoder.decode(b"", final=True)
        reader.end()

    def sorted_pairs(self) -> Iterable[_Pair]:
        """Return what `pairs` yields, sorted by key, each key once: of equal keys, the last. Only a file without order takes memory."""
        if self._is_sorted:
            return self.pairs()
        return sorted({pair[0]: pair for pair in self.pairs()}.values())


@contextmanager
def opened_backup(source: Source, folder: str = "", *, base64: bool = False) -> Iterator[Backup]:
    """Open a backup and check all of it. What can be read only once is copied to a temporary file.

    source: a path or an open binary file. base64: whether the values of `[key, flags, value]` are base64. Raises ValueError, OSError.
    """
    with ExitStack() as stack:
        if isinstance(source, str | os.PathLike):
            file: BinaryIO = stack.enter_context(open(source, "rb"))  # noqa: PTH123 - pathlib takes longer to import than this module
            is_repeatable = file.seekable()
        else:
            file, is_repeatable = source, False
        if not is_repeatable:
            import shutil  # with all compressions, and only a backup that comes from a pipe needs it
            import tempfile

            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy, _PIECE)
            file = copy
        name = source if isinstance(source, str | os.PathLike) else "the backup"
        try:
            backup = Backup(file, folder, base64=base64)
        except ValueError as error:
            says = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else error
            raise ValueError(f"{name}: {says}") from None
        yield backup


def differences(consul: Consul, backup: Backup) -> Generator[Difference, None, None]:
    """Yield what restoring a backup would change, sorted by key. Both are read side by side. Raises Forbidden, RequestError."""
    comparison = Comparison(backup.prefix)
    pairs = iter(backup.sorted_pairs())
    with consul.kv.stream_records(backup.prefix, raw=True) as events:
        records = iter(events)
        record, pair = comparison.checked_record(next(records, None)), comparison.checked_pair(next(pairs, None))
        while step := comparison.step(record, pair):
            if (found := difference_of(step)) is not None:
                yield found
            if step.record:
                record = comparison.checked_record(next(records, None))
            if step.pair:
                pair = comparison.checked_pair(next(pairs, None))


def difference_of(step: Step) -> Difference | None:
    """Return the difference that a step of a comparison is about; None if both are the same."""
    if isinstance(step.change, Put):
        return Difference("changed" if step.record else "added", step.change.key, step.change.body, step.change.flags)
    return Difference("removed", step.change.key, None, None) if isinstance(step.change, Delete) else None


def with_total(progress: OnProgress | None, total: int) -> OnProgress | None:
    """Return a callback of progress whose results say how many entries there are."""
    return None if progress is None else lambda result: progress(changed(result, total=total))


def restore(
    consul: Consul,
    backup: Backup,
    *,
    replace: bool = True,
    prune: bool = False,
    progress: OnProgress | None = None,
) -> BulkResult:
    """Write the keys of a backup, in transactions over several connections. Return what was done; it can be run again.

    replace: False leaves keys that exist as they are. prune: delete the keys of the folder that the backup does not have.
    progress: is called with the result so far, as by `kv.put_many`; positions count the entries of the file.

    Raises BulkError if a transaction fails: its `result` says what was applied. Raises Forbidden, RequestError.
    """
    report = with_total(progress, backup.count)
    if not replace:
        return _add(consul, backup, prune=prune, progress=progress)
    if prune:
        return consul.kv.replace_tree(backup.prefix, backup.sorted_pairs(), progress=report)
    return consul.kv.put_many(backup.pairs(), progress=report)


def _add(consul: Consul, backup: Backup, *, prune: bool, progress: OnProgress | None) -> BulkResult:
    """Write only the keys that the store does not have. Positions count these."""
    with closing(differences(consul, backup)) as found:
        result = consul.kv.put_many(((each.key, each.value, each.flags or 0) for each in found if each.kind == "added"), progress=progress)
    if not prune:
        return result
    with closing(differences(consul, backup)) as found:
        deleted = consul.kv.delete_many((each.key for each in found if each.kind == "removed"), progress=progress)
    return changed(result, deleted=deleted.deleted)
