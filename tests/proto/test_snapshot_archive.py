"""Snapshot archives: a whole one passes unchanged, and any other is refused, however its bytes are split."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.api import Operations
from consul_proto.errors import DecodeError
from consul_proto.message import Response
from consul_proto.snapshot_archive import SnapshotArchive
from tests.proto.golden.snapshot import ARCHIVE

_META = b'{"Index": 7}'


def _packed(files: list[tuple[str, bytes]], tar_format: int = tarfile.USTAR_FORMAT, kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            # A fraction of a second makes an extended header, in the format that has them.
            entry.size, entry.type, entry.mtime = len(data), kind, 1.5 if tar_format == tarfile.PAX_FORMAT else 1
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def _files(state: bytes) -> list[tuple[str, bytes]]:
    files = [("meta.json", _META), ("state.bin", state)]
    return [*files, ("SHA256SUMS", "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in files).encode())]


def _check(data: bytes, piece: int = 1 << 16) -> SnapshotArchive:
    archive = SnapshotArchive()
    passed = [part for start in range(0, len(data), piece) for part in archive.feed(data[start : start + piece])]
    assert b"".join(passed) == data
    assert not archive.end()
    return archive


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 70_000])
@pytest.mark.parametrize("piece", [1, 600, 1 << 20])
def test_a_whole_archive_passes(tar_format: int, size: int, piece: int) -> None:
    data = _packed(_files(sha256(b"").digest() * (size // 32) + bytes(size % 32)), tar_format)
    assert _check(data, piece).meta["Index"] == 7


def test_what_an_archive_says_about_itself() -> None:
    meta = _check(ARCHIVE).meta
    assert (meta["Index"], meta["Size"], meta["Configuration"]["Servers"][0]["Address"]) == (19, 5, "127.0.0.1:48193")


def _large() -> Iterator[bytes]:
    yield _packed(_files(bytes(1 << 20)))
    size = tarfile.TarInfo("state.bin")
    size.size = (1 << 33) + 5
    for tar_format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        yield gzip.compress(size.tobuf(tar_format) + bytes(1024))


def test_a_file_of_more_than_8_gib_is_measured() -> None:
    """Its size does not fit into the usual digits."""
    _whole, *begun = _large()
    for data in begun:
        with pytest.raises(DecodeError, match="incomplete"):
            _check(data)


def test_it_takes_constant_memory() -> None:
    data = _packed(_files(bytes(64 << 20)))
    tracemalloc.start()
    try:
        _check(data, 1 << 14)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@given(st.integers(0, len(ARCHIVE) - 1), st.integers(1, 999))
def test_a_part_of_an_archive_is_incomplete(end: int, piece: int) -> None:
    with pytest.raises(DecodeError, match=f"the snapshot is incomplete: it ends after {end} bytes; save it again"):
        _check(ARCHIVE[:end], piece)


@given(st.integers(10, len(ARCHIVE) - 1), st.integers(1, 255), st.integers(1, 999))
def test_an_altered_archive_is_refused_or_means_the_same(place: int, change: int, piece: int) -> None:
    altered = bytearray(ARCHIVE)
    altered[place] ^= change
    try:
        _check(bytes(altered), piece)
    except DecodeError:
        return
    assert gzip.decompress(altered) == gzip.decompress(ARCHIVE)


def _with(name: str, data: bytes) -> bytes:
    return _packed([(known, data if known == name else content) for known, content in _files(b"state")])


def _without(name: str) -> bytes:
    return _packed([(known, content) for known, content in _files(b"state") if known != name])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "incomplete: it ends after 0 bytes"),
        (b"<html>not a snapshot</html>", "the snapshot is not gzip, or was altered near byte 27"),
        (gzip.compress(b"hello" * 300), "the snapshot is not a tar archive, or was altered"),
        (gzip.compress(bytes(512)), "the snapshot has no meta.json, or no checksum of it"),
        (ARCHIVE + b"!", "the snapshot has 1 bytes after its end"),
        (ARCHIVE + ARCHIVE, f"the snapshot has {len(ARCHIVE)} bytes after its end"),
        (_with("state.bin", b"other"), "the checksum of state.bin in the snapshot is wrong: it was altered on its way"),
        (_with("meta.json", b"{}"), "the checksum of meta.json in the snapshot is wrong"),
        (_with("SHA256SUMS", b"nothing\n"), "the snapshot has no meta.json, or no checksum of it"),
        (_with("SHA256SUMS", bytes(2 << 20)), "its SHA256SUMS is larger than 1048576 bytes"),
        (_without("SHA256SUMS"), "the snapshot has no meta.json, or no checksum of it"),
        (_without("state.bin"), "the snapshot has no state.bin, or no checksum of it"),
        (_packed([("other", b"x")]), "it has the unexpected file 'other'"),
        (_packed([("state.bin", b"")], kind=tarfile.SYMTYPE), "it has the unexpected file 'state.bin'"),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_what_is_wrong(data: bytes, says: str, piece: int) -> None:
    with pytest.raises(DecodeError) as raised:
        _check(data, piece)
    # Where it is noticed depends on the pieces; what is said does not.
    assert re.sub(r"\d+", "N", says) in re.sub(r"\d+", "N", str(raised.value))


def test_the_size_of_a_file_must_be_a_number() -> None:
    entry = tarfile.TarInfo("state.bin").tobuf()
    for digits in (b"12x", b"-1", b"9"):
        broken = entry[:124] + digits.ljust(12, b"\0") + entry[136:148] + b" " * 8 + entry[156:]
        broken = broken[:148] + b"%06o\0 " % sum(broken) + broken[156:]
        with pytest.raises(DecodeError, match="not a tar archive"):
            _check(gzip.compress(broken + bytes(1024)))


def test_the_stream_checks_what_it_gives() -> None:
    save = Operations().snapshot.save()
    assert save.decode(Response(200, body=ARCHIVE)) == [ARCHIVE]
    with pytest.raises(DecodeError, match=r"^GET /v1/snapshot: 200 the snapshot is incomplete") as raised:
        save.decode(Response(200, body=ARCHIVE[:-1]))
    assert raised.value.status == 200
