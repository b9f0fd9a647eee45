"""Requests for endpoints without a method: any path of the API, with any query and body."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

from consul_proto.message import QueryItem, Request, Response
from consul_proto.operation import Operation
from consul_proto.options import READ, SCOPE
from consul_proto.paths import api_path
from consul_proto.query import line, wait_of

#: The methods that Consul's endpoints have.
Method: TypeAlias = Literal["GET", "PUT", "POST", "DELETE"]

#: What a value of a query can be: None makes a bare flag ("?stale").
QueryValue: TypeAlias = None | bool | int | str

#: A query: a mapping, or pairs if a name occurs more than once.
Query: TypeAlias = Mapping[str, QueryValue] | Iterable[tuple[str, QueryValue]]

#: A body: bytes are sent as they are, anything else as JSON; None: no body.
Body: TypeAlias = None | bool | int | float | str | bytes | Sequence["Body"] | Mapping[str, "Body"]

_METHODS = frozenset(get_args(Method))

#: A setting of a client -> the options that replace it in a query.
_SAYS = {
    "datacenter": {"dc"},
    "namespace": {"ns"},
    "partition": {"partition"},
    "consistency": {"stale", "consistent", "leader"},
}


def _written(name: str, value: QueryValue) -> QueryItem:
    if value is None or isinstance(value, str):
        return line("the name of an option", name), value
    if isinstance(value, int):
        return line("the name of an option", name), json.dumps(value)
    raise TypeError(f"the value of {name} must be a str, an int, a bool, or None for a bare flag, not {type(value).__name__}")


def _items(query: Query) -> tuple[QueryItem, ...]:
    pairs: list[Any] = [*(query.items() if isinstance(query, Mapping) else query)]
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise TypeError("query must be a dict or a list of pairs, such as [('near', 'n1')]")
    return tuple(_written(name, value) for name, value in pairs)


def _encoded(body: Body) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return json.dumps(body, allow_nan=False).encode()


def _whole(response: Response) -> Response:
    return response


def raw_operation(method: Method, path: str, query: Query, body: Body) -> Operation[Response]:
    """Return an operation for any request. Its value is the whole answer. Raises ValueError, TypeError."""
    if method not in _METHODS:
        raise ValueError(f"method must be 'GET', 'PUT', 'POST' or 'DELETE', not {method!r}")
    items = _items(query)
    names = dict(items)
    if "token" in names:
        raise ValueError("a token in a query would be logged: give it to the client, or use client.using(token=...)")
    request = Request(method, api_path(path), items, body=_encoded(body), wait=wait_of(names))
    defaults = tuple(name for name in (READ if method == "GET" else SCOPE) if not _SAYS[name] & names.keys())
    return Operation("request", request, _whole, defaults, blocks="index" if method == "GET" else None)
