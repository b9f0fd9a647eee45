"""`client.request`: any path of the API, treated as any call is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from consul_proto import errors
from consul_proto.api import Operations
from consul_proto.message import Headers, Request, Response
from consul_proto.operation import Operation
from consul_proto.options import Settings
from consulate import AsyncConsul, Consul
from transports.memory import AsyncMemoryTransport, MemoryTransport

api: Any = Operations()


@pytest.mark.parametrize(
    ("build", "method", "target", "body", "wait"),
    [
        (lambda: api.request("GET", "/v1/operator/usage"), "GET", "/v1/operator/usage", None, 0.0),
        (lambda: api.request("GET", "/v1/x", query={"global": None, "name": "a&b"}), "GET", "/v1/x?global&name=a%26b", None, 0.0),
        (lambda: api.request("GET", "/v1/x", query=[("tag", "a"), ("tag", "b")]), "GET", "/v1/x?tag=a&tag=b", None, 0.0),
        (
            lambda: api.request("GET", "/v1/x", query={"n": 7, "t": True, "f": False, "e": ""}),
            "GET",
            "/v1/x?n=7&t=true&f=false&e=",
            None,
            0.0,
        ),
        (lambda: api.request("GET", "/v1/x", query={"index": 7, "wait": "16s"}), "GET", "/v1/x?index=7&wait=16s", None, 17.0),
        (lambda: api.request("GET", "/v1/x", query={"a": None}).blocking(index=7), "GET", "/v1/x?a&index=7", None, 318.75),
        (lambda: api.request("PUT", "/v1/kv/a%20b", body=b"\x00"), "PUT", "/v1/kv/a%20b", b"\x00", 0.0),
        (lambda: api.request("PUT", "/v1/x", body={"a": [1, None]}), "PUT", "/v1/x", b'{"a": [1, null]}', 0.0),
        (lambda: api.request("POST", "/v1/x", body="text"), "POST", "/v1/x", b'"text"', 0.0),
        (lambda: api.request("PUT", "/v1/x", body=False), "PUT", "/v1/x", b"false", 0.0),
        (lambda: api.request("DELETE", "/v1/x"), "DELETE", "/v1/x", None, 0.0),
    ],
)
def test_what_is_sent(build: Callable[[], Operation[Response]], method: str, target: str, body: bytes | None, wait: float) -> None:
    operation = build()
    request = operation.request
    assert (request.method, request.target, request.body, request.wait) == (method, target, body, wait)
    assert operation.name == "request"
    assert operation.is_read is (method == "GET")


@pytest.mark.parametrize(
    ("build", "kind", "says"),
    [
        (lambda: api.request("GET", "/v2/x"), ValueError, "a path must begin with '/v1/'"),
        (lambda: api.request("GET", "v1/x"), ValueError, "a path must begin with '/v1/'"),
        (lambda: api.request("GET", "http://localhost/v1/x"), ValueError, "a path must begin with '/v1/'"),
        (lambda: api.request("GET", "/v1/x?stale"), ValueError, "pass options as query=: '/v1/x?stale'"),
        (lambda: api.request("GET", "/v1/../x"), ValueError, "Consul would read '/v1/../x' as '/x'"),
        (lambda: api.request("GET", "/v1/kv//a"), ValueError, "Consul would read '/v1/kv//a' as '/v1/kv/a'"),
        (lambda: api.request("GET", "/v1/a b"), ValueError, "a path must be absolute and percent-encoded"),
        (lambda: api.request("GET", "/v1/a\r\nX: y"), ValueError, "a path must be absolute and percent-encoded"),
        (lambda: api.request("GET", b"/v1/x"), TypeError, "a path must be a str, not bytes"),
        (lambda: api.request("get", "/v1/x"), ValueError, "method must be 'GET', 'PUT', 'POST' or 'DELETE', not 'get'"),
        (lambda: api.request("GET", "/v1/x", query={"token": "s3cr3t"}), ValueError, "client.using(token=...)"),
        (lambda: api.request("GET", "/v1/x", query=[1]), TypeError, "query must be a dict or a list of pairs"),
        (lambda: api.request("GET", "/v1/x", query=[("a", "b", "c")]), TypeError, "query must be a dict or a list of pairs"),
        (lambda: api.request("GET", "/v1/x", query={"": None}), ValueError, "the name of an option must not be empty"),
        (lambda: api.request("GET", "/v1/x", query={"a": 1.5}), TypeError, "the value of a must be a str, an int, a bool, or None"),
        (lambda: api.request("GET", "/v1/x", query={"index": 1, "wait": "soon"}), ValueError, "a duration must be a Go string"),
        (lambda: api.request("PUT", "/v1/x", body=float("nan")), ValueError, "JSON"),
        (lambda: api.request("PUT", "/v1/x", body=object()), TypeError, "JSON"),
        (lambda: api.request("PUT", "/v1/x", json={}), TypeError, "request() got an unexpected keyword argument 'json'; it takes body,"),
        (lambda: api.request("PUT"), TypeError, "request() missing 1 required positional argument: 'path'"),
        (lambda: api.request("PUT", "/v1/x").blocking(index=1), ValueError, "request does not block"),
    ],
)
def test_what_is_refused(build: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind) as raised:
        build()
    assert says in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


def test_settings_of_the_client() -> None:
    settings = Settings(token="t", datacenter="dc2", namespace="team", partition="p", consistency="stale")
    request = settings.apply(api.request("GET", "/v1/x"))
    assert request.target == "/v1/x?dc=dc2&ns=team&partition=p&stale"
    assert dict(request.headers) == {"x-consul-token": "t"}
    assert settings.apply(api.request("PUT", "/v1/x")).target == "/v1/x?dc=dc2&ns=team&partition=p"
    own = api.request("GET", "/v1/x", query={"dc": "dc3", "ns": "a", "partition": "b", "consistent": None})
    assert settings.apply(own).target == "/v1/x?dc=dc3&ns=a&partition=b&consistent"


def test_three_faces() -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return Response(200, Headers([("X-Consul-Index", "7")]), b'{"a": [1]}')

    client, tasks = Consul(transport=MemoryTransport(answer)), AsyncConsul(transport=AsyncMemoryTransport(answer))
    operation = client.ops.request("GET", "/v1/x", query={"stale": None})
    answers = [
        client.request("GET", "/v1/x", query={"stale": None}),
        asyncio.run(tasks.request("GET", "/v1/x", query={"stale": None})),
        client.perform(operation),
    ]
    assert [(one.status, one.json(), one.headers.get("X-Consul-Index")) for one in answers] == [(200, {"a": [1]}, "7")] * 3
    assert sent == [operation.request] * 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b"Query not found", errors.NotFound),
        (404, b"<html>", errors.ClientError),
        (403, b"Permission denied", errors.Forbidden),
        (400, b"Bad request", errors.ClientError),
        (500, b"No cluster leader", errors.NoLeader),
        (500, b"oops", errors.ServerError),
        (410, b"Endpoint /v1/acl/<verb> for the legacy ACL system was removed in Consul 1.11.", errors.ClientError),
    ],
)
def test_errors(status: int, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(errors.ConsulateException) as raised:
        api.request("GET", "/v1/acl/x").decode(Response(status, body=body))
    assert type(raised.value) is kind
    assert str(raised.value).startswith(f"GET /v1/acl/x: {status} ")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "expected JSON, got an empty answer"),
        (b"{", "expected JSON, got 1 bytes that are not JSON (text/plain)"),
        (b"1 2", "expected JSON, got 3 bytes"),
        (b"NaN", "expected JSON, got 3 bytes"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_an_answer_that_is_not_json(body: bytes, says: str) -> None:
    with pytest.raises(errors.DecodeError) as raised:
        Response(200, Headers([("Content-Type", "text/plain")]), body).json()
    assert says in str(raised.value)
