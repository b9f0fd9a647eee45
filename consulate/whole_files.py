"""Where a save writes to: a path, whose file is replaced only once it is complete, or an open file."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Protocol, TypeAlias


class Writer(Protocol):
    """The methods of a binary file that saving needs."""

    def write(self, data: bytes, /) -> int | None:
        """Write bytes. Return how many were written; None means all of them."""
        ...


#: A path, or a binary file that is open for writing.
Target: TypeAlias = str | os.PathLike[str] | Writer


class OpenFile:
    """A file that is open already. What is written to it is there at once. close: closes it, if that is not the caller's task."""

    def __init__(self, file: Writer, close: Callable[[], object] | None = None) -> None:
        self._file = file
        self._close = close

    def begin(self) -> None:
        """Do nothing: the file is open."""

    def write(self, piece: bytes) -> None:
        """Write the next bytes. Raises OSError."""
        while piece:
            written = self._file.write(piece)
            piece = b"" if written is None else piece[written:]

    def finish(self) -> None:
        """Do nothing: all bytes are written already."""

    def discard(self) -> None:
        """Close the file, unless that is the caller's task. What was written stays."""
        if self._close is not None:
            self._close()


class WholeFile:
    """A file that gets its name only once it is complete. Until then it is a temporary file in the same folder.

    keeps_mode: whether it gets the permissions of the file that it replaces; otherwise only its owner can read it.
    `discard` may be called at any moment, also while another thread runs one of the other methods.
    """

    def __init__(self, path: Path, *, keeps_mode: bool = False) -> None:
        self._path = path
        self._keeps_mode = keeps_mode
        self._lock = threading.Lock()
        self._descriptor = -1
        self._temporary = ""
        self._is_over = False

    def begin(self) -> None:
        """Create the temporary file; only its owner can read it. Raises OSError."""
        with self._lock:
            self._check_open()
            if self._path.exists() and not self._path.is_file():
                raise OSError(errno.EINVAL, "not a regular file: open it, and give the open file", str(self._path))
            try:
                self._descriptor, self._temporary = tempfile.mkstemp(".part", f".{self._path.name}-", self._path.parent)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self._path)) from None

    def write(self, piece: bytes) -> None:
        """Write the next bytes. Raises OSError."""
        with self._lock:
            self._check_open()
            while piece:
                piece = piece[os.write(self._descriptor, piece) :]

    def finish(self) -> None:
        """Give the file its name. Raises OSError."""
        with self._lock:
            self._check_open()
            if self._keeps_mode:
                with suppress(FileNotFoundError):
                    Path(self._temporary).chmod(self._path.stat().st_mode & 0o777)
            os.fsync(self._descriptor)
            Path(self._temporary).replace(self._path)
            self._temporary = ""

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


def is_binary(file: object, method: str) -> bool:
    """Return whether this is a binary file with this method, which is not awaited."""
    call = getattr(file, method, None)
    return callable(call) and not isinstance(file, io.TextIOBase) and not iscoroutinefunction(call)


def file_of(target: Target, call: str, *, keeps_mode: bool = False) -> WholeFile | OpenFile:
    """Return where to save. Nothing is opened yet. call: whose argument `file` this is, for the error. Raises TypeError."""
    if isinstance(target, str | os.PathLike):
        return WholeFile(Path(target), keeps_mode=keeps_mode)
    if not is_binary(target, "write"):
        kind = f"an object of {type(target).__name__}"
        raise TypeError(f"{call}(): file must be a path or a binary file, as open(..., 'wb') returns, not {kind}")
    return OpenFile(target)


def file_or_device(target: Target, call: str, *, keeps_mode: bool = False) -> WholeFile | OpenFile:
    """Return where to save; see `file_of`. A link goes on to name its file, and a device is written as it is. Raises TypeError, OSError."""
    if isinstance(target, str | os.PathLike):
        path = Path(target)
        if path.exists() and not path.is_file():
            device = path.open("wb", buffering=0)
            return OpenFile(device, device.close)
        target = path.resolve()
    return file_of(target, call, keeps_mode=keeps_mode)
