"""Content codings of answers (RFC 9110, section 8.4). Consul compresses if the request allows it; a proxy may compress anyway."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from consul_proto.errors import RequestError
from transports.errors import size_error

if TYPE_CHECKING:
    from collections.abc import Iterator

#: zlib's window bits: 31 is gzip, 15 is zlib's own format, which HTTP calls deflate.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

#: The largest piece that a decoder yields, in bytes: a small answer may unpack to a thousand times its size.
LARGEST_PIECE = 1 << 16

#: How many bytes zlib gets at once: for each piece, and each member of a gzip body, it copies the rest of its input.
_BLOCK = 1 << 14

#: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3; a weight that cannot be read means no, as with Consul.
_WEIGHT = re.compile(r"q=(\d+(?:\.\d*)?)")


class ContentDecoder:
    """Decode the content coding of a body that comes in pieces: gzip, x-gzip, deflate or identity.

    encoding: the value of the Content-Encoding header, None if there is none. An unknown coding is an error only if there is a body.
    limit: the largest body, in bytes; None: no limit.
    """

    def __init__(self, encoding: str | None, limit: int | None = None) -> None:
        self._encoding = (encoding or "").strip().lower() or "identity"
        self._limit = limit
        self._given = 0
        self._inflate: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes unpack to, in pieces of at most `LARGEST_PIECE` bytes, none of them empty.

        Read the iterator to its end before the next call. Raises RequestError for an unknown or broken coding, and for more than the limit.
        If the coding is broken at some place, the content before that place may be lost.
        """
        size = LARGEST_PIECE if self._encoding == "identity" else _BLOCK
        for start in range(0, len(data), size):
            block = data[start : start + size]
            for piece in (block,) if self._encoding == "identity" else self._unpack(block):
                self._given += len(piece)
                if self._limit is not None and self._given > self._limit:
                    raise size_error(self._limit)
                yield piece

    def end(self) -> None:
        """Tell the decoder that no more bytes come. Raises RequestError if the body was cut off."""
        if self._inflate is not None:
            raise RequestError(f"the answer's {self._encoding} body was cut off")

    def _unpack(self, block: bytes) -> Iterator[bytes]:
        while True:
            inflate = self._inflate = self._inflate or self._member()
            size = LARGEST_PIECE if self._limit is None else min(LARGEST_PIECE, self._limit + 1 - self._given)
            try:
                piece = inflate.decompress(block, size)
            except zlib.error:
                raise RequestError(f"the answer is declared as {self._encoding}, but is not") from None
            if piece:
                yield piece
            if inflate.eof:
                # gzip has members, one after the other (RFC 1952, section 2.2).
                self._inflate = None
                block = inflate.unused_data
            else:
                block = inflate.unconsumed_tail
            if not block and (self._inflate is None or len(piece) < size):  # zlib may hold more after a piece of full size
                return

    def _member(self) -> zlib._Decompress:
        """Begin a new member. Raises RequestError for an unknown coding."""
        if self._encoding not in _WINDOW_BITS:
            raise RequestError(
                f"the answer has the unknown Content-Encoding {self._encoding[:40]!r}; gzip, deflate and identity are supported"
            )
        return zlib.decompressobj(_WINDOW_BITS[self._encoding])


def decode(encoding: str | None, body: bytes, limit: int | None) -> bytes:
    """Decode the content coding of a whole body. Raises RequestError for an unknown or broken coding, and for more than `limit` bytes."""
    decoder = ContentDecoder(encoding, limit)
    plain = b"".join(decoder.feed(body))
    decoder.end()
    return plain


def accepts_gzip(accepts: str) -> bool:
    """Return whether an Accept-Encoding header allows gzip; "*" alone does not, as with Consul."""
    for part in accepts.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == "gzip":
            weights = [_WEIGHT.fullmatch(parameter) for parameter in parameters if parameter.startswith("q=")]
            return all(weight is not None and float(weight[1]) > 0 for weight in weights)
    return False


def compress(body: bytes) -> bytes:
    """Compress a body as gzip, without a timestamp: the same body gives the same bytes."""
    return zlib.compress(body, zlib.Z_BEST_COMPRESSION, wbits=_WINDOW_BITS["gzip"])
