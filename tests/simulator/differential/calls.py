"""Raw requests for a comparison, and short ways to write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from consul_proto.message import Headers, Request

#: Names of ids and of indexes in calls, and the id that replaces a name without a value.
_ID_NAME, _INDEX_NAME = re.compile(r"\{[sPRQtx]\d\}"), re.compile(r"\{i\d\}")
_NO_ID = "00000000-0000-0000-0000-000000000000"

#: The id of no record.
ABSENT = "00000000-0000-0000-0000-00000000abcd"

#: The tokens of calls: two existing ones, none, and an unknown one.
ONE, OTHER, NOBODY, LOST = "{x0}", "{x1}", "", "{x9}"


@dataclass(frozen=True)
class Call:
    """A raw request. "{name}" in the path, the query, the body or the token stands for a value of an earlier answer.

    names: the name that the ID, or the index, of the answer gets. token: the secret; "" for none, None for the management token if there is
    one. headers: further headers.
    """

    method: str
    path: str
    query: tuple[tuple[str, str | None], ...] = ()
    body: bytes | None = None
    names: str = ""
    token: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def with_names(self, names: dict[str, str]) -> Request:
        """Return the request with values for the names."""

        def fill_in(text: str) -> str:
            for name, value in names.items():
                text = text.replace("{" + name + "}", value)
            return _ID_NAME.sub(_NO_ID, _INDEX_NAME.sub("7", text))

        body = None if self.body is None else fill_in(self.body.decode("latin-1")).encode("latin-1")
        query = tuple((name, None if value is None else fill_in(value)) for name, value in self.query)
        token = fill_in("{m}" if self.token is None else self.token) if names.get("m") else ""
        return Request(
            self.method, fill_in(self.path), query, Headers((*self.headers, *([("X-Consul-Token", token)] if token else []))), body
        )


def put(path: str, body: Any = None, *query: tuple[str, str | None], names: str = "") -> Call:
    """Return a PUT. A body that is not bytes is sent as JSON."""
    return Call("PUT", path, query, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), names)


def post(path: str, body: Any, names: str = "") -> Call:
    return Call("POST", path, (), json.dumps(body).encode(), names)


def get(path: str, *query: tuple[str, str | None]) -> Call:
    return Call("GET", path, query)


def by(call: Call, *who: str | None) -> list[Call]:
    """Return the same call with several tokens."""
    return [replace(call, token=one) for one in who]


def delete(path: str, *query: tuple[str, str | None]) -> Call:
    return Call("DELETE", path, query)


def with_rules(number: int, rules: str, **more: Any) -> list[Call]:
    """Return calls that write a policy, and a token with it."""
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

#: The tokens for `by`: those of `TWO_TOKENS`, none, an unknown one, and the management token.
EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)

#: A token that may read services, and a token with a few rights.
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
