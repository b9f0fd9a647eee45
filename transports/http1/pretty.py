"""JSON with line ends and blanks, as Consul writes it where `pretty` is asked for.

https://developer.hashicorp.com/consul/api-docs/api-structure#formatted-json-output
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.message import Request

#: What JSON without blanks is made of: texts, what is empty, what opens, closes and separates, and all else.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\{\}|\[\]|[][{}:,]|[^][{}:,"]+')


def asks_for_pretty(request: Request) -> bool:
    """Whether a request wants its answer so."""
    return any(name == "pretty" for name, _ in request.query)


def prettied(response: Response) -> Response:
    """The answer with its JSON laid out, and a line's end."""
    if not (response.headers.get("content-type") or "").startswith("application/json") or not response.body:
        return response
    body = _laid_out(response.body) + b"\n"
    return Response(response.status, response.headers, body)


def _laid_out(body: bytes) -> bytes:
    """Go's json.MarshalIndent with four blanks: each token stays as it is."""
    parts, depth = [], 0
    for token in _TOKEN.findall(body):
        if token in (b"{", b"["):
            depth += 1
            parts += [token, b"\n", b"    " * depth]
        elif token in (b"}", b"]"):
            depth -= 1
            parts += [b"\n", b"    " * depth, token]
        elif token == b",":
            parts += [token, b"\n", b"    " * depth]
        else:
            parts.append(b": " if token == b":" else token)
    return b"".join(parts)
