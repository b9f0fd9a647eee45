"""Where a snapshot is saved to, and what it is restored from: files, read and written piece by piece."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from inspect import iscoroutinefunction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from consul_proto.message import StreamedBody
from consul_proto.snapshot_archive import SnapshotArchive

if TYPE_CHECKING:
    from consul_proto.types.snapshot import SnapshotMeta

#: The bytes that are read from a file at once.
_PIECE = 1 << 18


class Writer(Protocol):
    """A binary file, as far as saving needs it."""

    def write(self, data: bytes, /) -> int | None:
        """Write bytes. Return how many were written; None means all of them."""
        ...


Target: TypeAlias = str | os.PathLike[str] | Writer

Source: TypeAlias = str | os.PathLike[str] | BinaryIO | bytes | StreamedBody


class ArchiveCopy:
    """An archive that is copied to an open file. Its bytes are written as they come; only after `finish` are they known to be right."""

    def __init__(self, file: Writer) -> None:
        self._file = file
        self._archive = SnapshotArchive()

    def begin(self) -> None:
        """Do nothing: the file is open."""

    def write(self, piece: bytes) -> None:
        """Check and write the next bytes. Raises DecodeError, OSError."""
        self._archive.feed(piece)
        while piece:
            written = self._file.write(piece)
            piece = b"" if written is None else piece[written:]

    def finish(self) -> SnapshotMeta:
        """Check that the archive is complete. Return what it says about itself. Raises DecodeError."""
        self._archive.end()
        return self._archive.meta

    def discard(self) -> None:
        """Do nothing: what was written to the file is the caller's."""


class ArchiveFile:
    """An archive that gets its name only once it is complete and checked. Until then it is a temporary file in the same folder.

    `discard` may be called at any moment, also while another thread runs one of the other methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._archive = SnapshotArchive()
        self._descriptor = -1
        self._temporary = ""
        self._is_over = False

    def begin(self) -> None:
        """Create the temporary file; only its owner can read it. Raises OSError."""
        with self._lock:
            self._check_open()
            if self._path.exists() and not self._path.is_file():
                raise OSError(errno.EINVAL, "not a regular file: open it, and give the open file", str(self._path))
            self._descriptor, self._temporary = tempfile.mkstemp(".part", ".snapshot-", self._path.parent)

    def write(self, piece: bytes) -> None:
        """Check and write the next bytes. Raises DecodeError, OSError."""
        with self._lock:
            self._check_open()
            self._archive.feed(piece)
            while piece:
                piece = piece[os.write(self._descriptor, piece) :]

    def finish(self) -> SnapshotMeta:
        """Check that the archive is complete, and give it its name. Return what it says about itself. Raises DecodeError, OSError."""
        with self._lock:
            self._check_open()
            self._archive.end()
            meta = self._archive.meta
            os.fsync(self._descriptor)
            Path(self._temporary).replace(self._path)
            self._temporary = ""
            return meta

    def discard(self) -> None:
        """Close the temporary file, and remove it unless it got its name."""
        with self._lock:
            self._is_over = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
            if self._temporary:
                with suppress(FileNotFoundError):
                    Path(self._temporary).unlink()
                self._temporary = ""

    def _check_open(self) -> None:
        if self._is_over:
            raise ValueError("the save was cancelled")


def target_of(target: Target) -> ArchiveCopy | ArchiveFile:
    """Return where to save an archive. Nothing is opened yet. Raises TypeError."""
    if isinstance(target, str | os.PathLike):
        return ArchiveFile(Path(target))
    if not _is_binary(target, "write"):
        raise TypeError(f"snapshot.save(): file must be a path or a binary file, as open(..., 'wb') returns, not {_name(target)}")
    return ArchiveCopy(target)


def body_of(source: Source) -> bytes | StreamedBody:
    """Return the body that restores this archive. Raises TypeError, OSError; ValueError for a file that can be read only once."""
    if isinstance(source, bytes | StreamedBody):
        return source
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        size = path.stat().st_size
        if not path.is_file():
            raise OSError(errno.EINVAL, "not a regular file: give the bytes", str(path))
        return StreamedBody(lambda: _pieces_of(path), size)
    check_archive(source)
    file = source
    try:
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
    except (AttributeError, OSError) as error:
        raise ValueError(
            "snapshot.restore(): the file must be seekable, since it may have to be sent again; give a path, or bytes"
        ) from error
    return StreamedBody(lambda: _rest_of(file, start), size)


def check_archive(source: Source) -> None:
    """Raise TypeError for what is no archive, path or binary file."""
    if not isinstance(source, bytes | StreamedBody | str | os.PathLike) and not _is_binary(source, "read"):
        raise TypeError(
            f"snapshot.restore(): archive must be a path, a binary file, as open(..., 'rb') returns, or bytes, not {_name(source)}"
        )


def _is_binary(file: object, method: str) -> bool:
    """Return whether this is a binary file with this method, which is not awaited."""
    call = getattr(file, method, None)
    return callable(call) and not isinstance(file, io.TextIOBase) and not iscoroutinefunction(call)


def _name(given: object) -> str:
    return f"an object of {type(given).__name__}"


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _rest_of(file: BinaryIO, start: int) -> Iterator[bytes]:
    file.seek(start)
    while piece := file.read(_PIECE):
        yield piece
