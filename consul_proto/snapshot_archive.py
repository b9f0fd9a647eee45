"""Snapshot archives, checked while their bytes pass.

An archive is a gzip'd tar with three files: `meta.json` (the index, the term and so on), `state.bin` (the state of the servers) and
`SHA256SUMS` (the checksums of the other two). https://github.com/hashicorp/consul/blob/v1.22.5/snapshot/archive.go
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from consul_proto.decode import one
from consul_proto.errors import DecodeError
from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.types.snapshot import SnapshotMeta

#: zlib's window bits for gzip.
_GZIP = 31

#: How many bytes are unpacked at once, and from how many: zlib copies the rest of its input each time.
_UNPACKED, _PACKED = 1 << 16, 1 << 14

#: The bytes of a block in a tar archive.
_BLOCK = 512

_META, _STATE, _SUMS = "meta.json", "state.bin", "SHA256SUMS"

#: The largest meta.json or SHA256SUMS, in bytes; real ones have less than 1 KiB and a few servers more.
_SMALL = 1 << 20

#: A line of SHA256SUMS.
_SUM = re.compile(r"([0-9a-f]{64})  (\S+)")

#: The size of a file, in an extended header for it (POSIX.1-2001, pax).
_PAX_SIZE = re.compile(rb"\d+ size=(\d+)\n")

_AGAIN = "save it again"


class SnapshotArchive:
    """Checks an archive while its bytes pass; it is also a decoder, whose events are these bytes, unchanged.

    The bytes come before the check is complete: what they say is certain only after `end`. The memory that this takes does not depend on
    the size of the archive.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)
        self._size = 0
        #: The current file: its name, the bytes that it still has, and the padding after it. The header: what there is of it.
        self._name = ""
        self._left = self._padding = 0
        self._header = bytearray()
        self._pax_size: int | None = None
        self._sha = sha256()
        #: The content of the small files, and the checksums of all.
        self._small: dict[str, bytearray] = {}
        self._found: dict[str, str] = {}

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Take the next bytes of the archive, and return them. Raises DecodeError as soon as they are wrong."""
        self._size += len(data)
        for start in range(0, len(data), _PACKED):
            self._unpack(data[start : start + _PACKED])
        return (data,)

    def end(self) -> Iterable[bytes]:
        """Check that the archive is complete, and that all checksums are right. Raises DecodeError."""
        if not self._inflate.eof or self._left or self._padding or self._header:
            raise DecodeError(f"the snapshot is incomplete: it ends after {self._size} bytes; {_AGAIN}")
        sums = {match[2]: match[1] for match in _SUM.finditer(self._text(_SUMS))}
        for name in (_META, _STATE):
            if name not in self._found or name not in sums:
                raise DecodeError(f"the snapshot has no {name}, or no checksum of it; {_AGAIN}")
            if self._found[name] != sums[name]:
                raise DecodeError(f"the checksum of {name} in the snapshot is wrong: it was altered on its way; {_AGAIN}")
        return ()

    @property
    def meta(self) -> SnapshotMeta:
        """What a checked archive says about itself. Raises DecodeError."""
        return cast("SnapshotMeta", one(Response(200, body=bytes(self._small[_META]))))

    def _text(self, name: str) -> str:
        return self._small.get(name, b"").decode("utf-8", "replace")

    def _unpack(self, block: bytes) -> None:
        inflate, unpacked = self._inflate, b""
        while block or (len(unpacked) == _UNPACKED and not inflate.eof):  # zlib may hold more after a piece of full size
            if inflate.eof:
                raise DecodeError(f"the snapshot has {len(block)} bytes after its end; {_AGAIN}")
            try:
                unpacked = inflate.decompress(block, _UNPACKED)
            except zlib.error:
                raise DecodeError(f"the snapshot is not gzip, or was altered near byte {self._size}; {_AGAIN}") from None
            self._read(memoryview(unpacked))
            block = inflate.unconsumed_tail + inflate.unused_data

    def _read(self, data: memoryview) -> None:
        """Take the next bytes of the tar archive."""
        while data:
            if self._left:
                part, data = data[: self._left], data[self._left :]
                self._take(part)
            elif self._padding:
                skipped = min(self._padding, len(data))
                self._padding, data = self._padding - skipped, data[skipped:]
            else:
                missing = _BLOCK - len(self._header)
                self._header += data[:missing]
                data = data[missing:]
                if len(self._header) == _BLOCK:
                    self._begin(bytes(self._header))
                    self._header.clear()

    def _take(self, part: memoryview) -> None:
        """Take bytes of the current file."""
        self._left -= len(part)
        self._sha.update(part)
        if self._name != _STATE:
            kept = self._small[self._name]
            kept += part
            if len(kept) > _SMALL:
                raise DecodeError(f"the snapshot is not one of Consul: its {self._name or 'header'} is larger than {_SMALL} bytes")
        if not self._left:
            self._finish()

    def _finish(self) -> None:
        self._found[self._name] = self._sha.hexdigest()
        if not self._name and (match := _PAX_SIZE.search(self._small[""])):
            self._pax_size = int(match[1])

    def _begin(self, header: bytes) -> None:
        """Begin a file. A header of zeros is the end of the archive."""
        if not any(header):
            return
        total = sum(header) - sum(header[148:156]) + 8 * ord(" ")
        size, self._pax_size = _number(header[124:136]) if self._pax_size is None else self._pax_size, None
        if _number(header[148:156]) != total or size < 0:
            raise DecodeError(f"the snapshot is not a tar archive, or was altered near byte {self._size}; {_AGAIN}")
        name = header[:100].rstrip(b"\0").decode("utf-8", "replace")
        is_extended = header[156:157] in (b"x", b"g")
        if not is_extended and (name not in (_META, _STATE, _SUMS) or header[156:157] not in (b"0", b"\0")):
            raise DecodeError(f"the snapshot is not one of Consul: it has the unexpected file {name[:40]!r}")
        self._name = "" if is_extended else name
        self._small[self._name] = bytearray()
        self._sha = sha256()
        self._left, self._padding = size, -size % _BLOCK
        if not size:
            self._finish()


def _number(field: bytes) -> int:
    """Return a number of a tar header: octal digits, or base 256 if it is large; -1 if it is neither."""
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
    digits = field.strip(b"\0 ") or b"0"
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else -1
