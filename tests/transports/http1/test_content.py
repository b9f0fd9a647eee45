"""Content codings are decoded piece by piece: any cut of the same bytes gives the same body, and no piece is large."""

from __future__ import annotations

import gzip
import itertools
import random
import tracemalloc
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consul_proto.errors import RequestError
from tests.transports.http1.edited_answers import Edit, apply_edits, cuts, edits, pieces
from transports.http1.content import LARGEST_PIECE, ContentDecoder, decode

#: Bodies of a few bytes, and of a few pieces: zeros, which compress well, and noise, which does not.
bodies = st.binary(max_size=200) | st.builds(
    lambda size, packs: bytes(size) if packs else random.Random(size).randbytes(size),
    st.sampled_from([LARGEST_PIECE - 1, LARGEST_PIECE, LARGEST_PIECE + 1, 3 * LARGEST_PIECE, 200_000]),
    st.booleans(),
)


def _unpack(encoding: str | None, parts: Sequence[bytes], limit: int | None = None) -> list[bytes]:
    decoder = ContentDecoder(encoding, limit)
    found = [piece for part in parts for piece in decoder.feed(part)]
    decoder.end()
    return found


def _outcome(encoding: str, parts: Sequence[bytes], limit: int | None) -> bytes | str:
    try:
        return b"".join(_unpack(encoding, parts, limit))
    except RequestError as error:
        return error.message


@given(st.lists(bodies, max_size=4), st.lists(st.integers(0, 1 << 20), max_size=8))
@settings(deadline=None)
def test_any_cut_gives_what_gzip_gives(members: list[bytes], places: list[int]) -> None:
    packed = b"".join(gzip.compress(member, mtime=0) for member in members)
    found = _unpack("gzip", pieces(packed, places))
    assert b"".join(found) == gzip.decompress(packed) == b"".join(members)
    assert all(0 < len(piece) <= LARGEST_PIECE for piece in found)


@given(bodies, st.lists(st.integers(0, 1 << 20), max_size=8), st.sampled_from(["gzip", "x-gzip", "deflate", " Identity ", None]))
@settings(deadline=None)
def test_every_coding_in_pieces(body: bytes, places: list[int], encoding: str | None) -> None:
    packed = {"deflate": zlib.compress(body), "gzip": gzip.compress(body), "x-gzip": gzip.compress(body)}.get(encoding or "", body)
    found = _unpack(encoding, pieces(packed, places))
    assert b"".join(found) == body == decode(encoding, packed, None) == decode(encoding, packed, len(body))
    assert all(0 < len(piece) <= LARGEST_PIECE for piece in found)


def test_byte_by_byte() -> None:
    packed = gzip.compress(b"line 1\n", mtime=0) + gzip.compress(b"line 2\n")
    assert b"".join(_unpack("gzip", [bytes([byte]) for byte in packed])) == b"line 1\nline 2\n"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@given(st.lists(edits, max_size=2), cuts)
@settings(deadline=None)
def test_any_cut_of_a_broken_body_gives_the_same_error(encoding: str, changes: list[Edit], places: list[int]) -> None:
    packed = apply_edits(gzip.compress(b"x" * 100, mtime=0) if encoding == "gzip" else zlib.compress(b"x" * 100), changes)
    assert _outcome(encoding, pieces(packed, places), None) == _outcome(encoding, [packed], None)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@given(st.lists(edits, max_size=2), cuts, st.sampled_from([0, 10, 99, 100]))
@settings(deadline=None)
def test_a_limit_changes_no_body(encoding: str, changes: list[Edit], places: list[int], limit: int) -> None:
    """For a body that is both broken and too large, the error depends on the cut."""
    packed = apply_edits(gzip.compress(b"x" * 100, mtime=0) if encoding == "gzip" else zlib.compress(b"x" * 100), changes)
    body, limited = _outcome(encoding, [packed], None), _outcome(encoding, pieces(packed, places), limit)
    if isinstance(body, bytes) and len(body) <= limit:
        assert limited == body
    else:
        assert isinstance(limited, str)
        assert limited == body or "is larger than this client's limit" in limited


def test_bytes_are_decoded_as_soon_as_they_arrive() -> None:
    """A line of a stream must not wait for the next one."""
    packer = zlib.compressobj(wbits=31)
    decoder = ContentDecoder("gzip")
    for number in range(10):
        line = b"line %d\n" % number
        assert b"".join(decoder.feed(packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH))) == line
    with pytest.raises(RequestError, match="the answer's gzip body was cut off"):
        decoder.end()
    assert list(decoder.feed(packer.flush())) == []
    decoder.end()


@pytest.mark.parametrize(("encoding", "packed"), [("gzip", gzip.compress(b"x" * 100, mtime=0)), ("deflate", zlib.compress(b"x" * 100))])
def test_no_part_of_a_body_is_the_whole(encoding: str, packed: bytes) -> None:
    for size in range(1, len(packed)):
        decoder = ContentDecoder(encoding)
        list(decoder.feed(packed[:size]))
        with pytest.raises(RequestError, match=f"the answer's {encoding} body was cut off"):
            decoder.end()


def test_an_empty_body_needs_no_coding() -> None:
    for encoding in (None, "gzip", "br"):
        assert _unpack(encoding, []) == _unpack(encoding, [b""]) == []


def test_an_unknown_coding() -> None:
    with pytest.raises(RequestError, match="unknown Content-Encoding 'br'; gzip, deflate and identity are supported"):
        list(ContentDecoder("br").feed(b"x"))


def test_a_limit_holds_for_every_coding() -> None:
    for encoding, packed in (("gzip", gzip.compress(b"abc")), (None, b"abc")):
        assert _unpack(encoding, [packed], 3) == [b"abc"]
        with pytest.raises(RequestError, match="larger than this client's limit of 2 bytes"):
            _unpack(encoding, [packed], 2)


def test_a_decompression_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(100_000_000))
    decoder = ContentDecoder("gzip")
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in decoder.feed(bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    decoder.end()
    assert size == 100_000_000
    assert peak < 10 * LARGEST_PIECE


def test_nothing_is_decompressed_before_it_is_read() -> None:
    decoder = ContentDecoder("gzip", limit=1_000_000)
    first = next(itertools.islice(decoder.feed(gzip.compress(bytes(10_000_000))), 1))
    assert len(first) == LARGEST_PIECE


def test_many_members_take_little_time() -> None:
    """zlib copies the rest of its input for each member: without blocks, this would take minutes."""
    packed = gzip.compress(b"x", mtime=0) * 50_000
    assert b"".join(_unpack("gzip", [packed])) == b"x" * 50_000
