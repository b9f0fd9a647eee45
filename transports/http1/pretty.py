"""Indented JSON, as Consul writes it if the query has `pretty`.

https://developer.hashicorp.com/consul/api-docs/api-structure#formatted-json-output
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.message import Request

#: The tokens of JSON without spaces: strings; empty objects and arrays; brackets and separators; numbers and words.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\{\}|\[\]|[][{}:,]|[^][{}:,"]+')


def asks_for_pretty(request: Request) -> bool:
    """Return whether the query of a request has `pretty`."""
    return any(name == "pretty" for name, _ in request.query)


def prettify(response: Response) -> Response:
    """Return the answer with its JSON indented and a line break at its end; return an answer without JSON unchanged."""
    if not (response.headers.get("content-type") or "").startswith("application/json") or not response.body:
        return response
    body = _indent(response.body) + b"\n"
    return Response(response.status, response.headers, body)


def _indent(body: bytes) -> bytes:
    """Indent with four spaces, as Go's json.MarshalIndent does: each token stays unchanged."""
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
