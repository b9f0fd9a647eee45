"""Where a snapshot is saved to, and what it is restored from: files, read and written piece by piece."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from consul_proto.message import StreamedBody
from consul_proto.snapshot_archive import SnapshotArchive
from consulate.whole_files import OpenFile, Target, WholeFile, file_of, is_binary

if TYPE_CHECKING:
    from consul_proto.types.snapshot import SnapshotMeta

#: The bytes that are read from a file at once.
_PIECE = 1 << 18


Source: TypeAlias = str | os.PathLike[str] | BinaryIO | bytes | StreamedBody


class Archive:
    """An archive that is saved to a file. Its bytes are written as they come; only after `finish` are they known to be right.

    `discard` may be called at any moment, also while another thread runs one of the other methods.
    """

    def __init__(self, file: WholeFile | OpenFile) -> None:
        self._file = file
        self._archive = SnapshotArchive()

    def begin(self) -> None:
        """Create the file, unless it is open. Raises OSError."""
        self._file.begin()

    def write(self, piece: bytes) -> None:
        """Check and write the next bytes. Raises DecodeError, OSError."""
        self._archive.feed(piece)
        self._file.write(piece)

    def finish(self) -> SnapshotMeta:
        """Check that the archive is complete, and give it its name. Return what it says about itself. Raises DecodeError, OSError."""
        self._archive.end()
        meta = self._archive.meta
        self._file.finish()
        return meta

    def discard(self) -> None:
        """Remove what was written to a path, unless it is complete."""
        self._file.discard()


def target_of(target: Target) -> Archive:
    """Return where to save an archive. Nothing is opened yet. Raises TypeError."""
    return Archive(file_of(target, "snapshot.save"))


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
    if not isinstance(source, bytes | StreamedBody | str | os.PathLike) and not is_binary(source, "read"):
        raise TypeError(
            f"snapshot.restore(): archive must be a path, a binary file, as open(..., 'rb') returns, or bytes, not {_name(source)}"
        )


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
