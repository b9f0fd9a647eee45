"""Raw requests to both sides of a comparison, and what builds them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from consul_proto.message import Headers, Request

#: The names of ids and of indexes, and what stands in the place of one that no answer gave.
_ID_NAME, _INDEX_NAME = re.compile(r"\{[sPRQtx]\d\}"), re.compile(r"\{i\d\}")
_NO_ID = "00000000-0000-0000-0000-000000000000"

#: An id of nothing.
ABSENT = "00000000-0000-0000-0000-00000000abcd"

#: The tokens of calls: two existing ones, none, and an unknown one.
ONE, OTHER, NOBODY, LOST = "{x0}", "{x1}", "", "{x9}"


@dataclass(frozen=True)
class Call:
    """A raw request. "{name}" in a path, a query, a body or a token stands for what an answer gave that name.

    names: what its ID or last index is called from then on.
    token: whose secret it carries; "" for nobody's, None for the management token's, where there is one. headers: what it carries besides.
    """

    method: str
    path: str
    query: tuple[tuple[str, str | None], ...] = ()
    body: bytes | None = None
    names: str = ""
    token: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def with_names(self, names: dict[str, str]) -> Request:
        """The request, with the names replaced."""

        def filled(text: str) -> str:
            for name, value in names.items():
                text = text.replace("{" + name + "}", value)
            return _ID_NAME.sub(_NO_ID, _INDEX_NAME.sub("7", text))

        body = None if self.body is None else filled(self.body.decode("latin-1")).encode("latin-1")
        query = tuple((name, None if value is None else filled(value)) for name, value in self.query)
        token = filled("{m}" if self.token is None else self.token) if names.get("m") else ""
        return Request(
            self.method, filled(self.path), query, Headers((*self.headers, *([("X-Consul-Token", token)] if token else []))), body
        )


def put(path: str, body: Any = None, *query: tuple[str, str | None], names: str = "") -> Call:
    """A write; what is no bytes goes out as JSON."""
    return Call("PUT", path, query, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), names)


def post(path: str, body: Any, names: str = "") -> Call:
    return Call("POST", path, (), json.dumps(body).encode(), names)


def get(path: str, *query: tuple[str, str | None]) -> Call:
    return Call("GET", path, query)


def by(call: Call, *who: str | None) -> list[Call]:
    """The same request by several."""
    return [replace(call, token=one) for one in who]


def delete(path: str, *query: tuple[str, str | None]) -> Call:
    return Call("DELETE", path, query)


def with_rules(number: int, rules: str, **more: Any) -> list[Call]:
    """A policy, and a token that has it."""
    return [
        put("/v1/acl/policy", {"Name": f"pol{number}", "Rules": rules}, names=f"P{number}"),
        put(
            "/v1/acl/token",
            {"AccessorID": f"{{t{number}}}", "SecretID": f"{{x{number}}}", "Policies": [{"Name": f"pol{number}"}], **more},
        ),
    ]


def txn(*operations: dict[str, Any]) -> Call:
    return put("/v1/txn", [*operations])


def kv(verb: str, key: str, **more: Any) -> dict[str, Any]:
    return {"KV": {"Verb": verb, "Key": key, **more}}


def each_case(cases: Mapping[str, Sequence[Call]]) -> pytest.MarkDecorator:
    """Run a test with the calls of each case, by its name."""
    return pytest.mark.parametrize("calls", [pytest.param([*calls], id=name) for name, calls in cases.items()])


#: The paths of frequent writes.
REGISTER, DEREGISTER, TXN = "/v1/catalog/register", "/v1/catalog/deregister", "/v1/txn"
REGISTER_SERVICE, REGISTER_CHECK = "/v1/agent/service/register", "/v1/agent/check/register"

#: A node of the catalog.
N1 = {"Node": "n1", "Address": "10.0.0.1"}

#: The tokens for `by`: the two of `TWO_TOKENS`, none, an unknown one, and that of the management.
EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)

#: A token that may read services, and one with a few rights.
TWO_TOKENS = [
    *with_rules(0, 'service_prefix "" { policy = "read" }'),
    *with_rules(
        1,
        """
    service "web" { policy = "write" }
    service "b" { policy = "read" intentions = "write" }
    key "{p}a" { policy = "read" }
    """,
    ),
]
