"""Content codings of answers (RFC 9110, section 8.4). Consul compresses where it is asked to; a proxy may without being asked."""

from __future__ import annotations

import gzip
import re
import zlib

from consul_proto.errors import RequestError
from transports.errors import too_large

#: zlib's window bits: gzip only; and zlib's own format, which is what HTTP calls deflate.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

#: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3; what cannot be read as a weight refuses, as it does with Consul.
_WEIGHT = re.compile(r"q=(\d+(?:\.\d*)?)")


def decoded(encoding: str | None, body: bytes, limit: int | None) -> bytes:
    """Undo the content coding of a body. Raises RequestError for an unknown or broken one, and for more than `limit` bytes."""
    encoding = (encoding or "").strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in _WINDOW_BITS:
        raise RequestError(f"the answer has a content encoding that nobody asked for: {encoding[:40]!r}")
    plain = b""
    while body:  # gzip has members, one after the other (RFC 1952, section 2.2)
        inflate = zlib.decompressobj(_WINDOW_BITS[encoding])
        try:
            plain += inflate.decompress(body, 0 if limit is None else limit + 1 - len(plain))
        except zlib.error:
            raise RequestError(f"the answer says that it is {encoding}, and is not") from None
        if limit is not None and len(plain) > limit:
            raise too_large(limit)
        if not inflate.eof:
            raise RequestError(f"the answer's {encoding} body was cut off")
        body = inflate.unused_data
    return plain


def accepts_gzip(accepts: str) -> bool:
    """Whether an Accept-Encoding header asks for gzip; "*" does not, as with Consul."""
    for part in accepts.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == "gzip":
            weights = [_WEIGHT.fullmatch(parameter) for parameter in parameters if parameter.startswith("q=")]
            return all(weight is not None and float(weight[1]) > 0 for weight in weights)
    return False


def gzipped(body: bytes) -> bytes:
    """The body as gzip, without a time: the same body gives the same bytes."""
    return gzip.compress(body, mtime=0)
