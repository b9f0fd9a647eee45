"""Content codings of answers (RFC 9110, section 8.4). Consul compresses where it is asked to; a proxy may without being asked."""

from __future__ import annotations

import zlib

from consul_proto.errors import RequestError
from transports.errors import too_large

#: zlib's window bits: gzip only; and zlib's own format, which is what HTTP calls deflate.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


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
