"""Requests, answers, headers and settings: valid by construction, immutable, and silent about secrets."""

from __future__ import annotations

import copy
import pickle
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.errors import ConsulateException, Forbidden, RequestError, TransactionFailed, UnreadableBody, is_retryable, words
from consul_proto.failures import error_for
from consul_proto.message import Headers, Request, Response, StreamedBody
from consul_proto.options import Settings

api = Operations()


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "/x"),
        ("G T", "/x"),
        ("GET", "x"),
        ("GET", "/a b"),
        ("GET", "/a\n"),
        ("GET", "/%4"),
        ("GET", "/x", (), Headers([("X", "a\r\nb")])),
        ("GET", "/x", (), Headers([("X Y", "a")])),
        ("GET", "/x", (), Headers([("X", " a")])),
    ],
    ids=str,
)
def test_requests_that_cannot_be(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="must be|line break"):
        Request(*arguments)


def test_a_response_has_a_status() -> None:
    with pytest.raises(ValueError, match="an HTTP status must be from 100 to 999, not 7"):
        Response(7)


def test_headers() -> None:
    headers = Headers([("X-Consul-Index", "1"), ("Age", "2"), ("age", "3")])
    assert (headers.get("AGE"), headers.get("x-consul-index"), headers.get("other")) == ("2", "1", None)
    assert list(headers) == [("x-consul-index", "1"), ("age", "2"), ("age", "3")]
    assert len(headers) == 3
    assert headers == Headers(headers) == pickle.loads(pickle.dumps(headers)) == copy.copy(headers)
    assert hash(headers) == hash(Headers(headers))
    assert headers != [("age", "2")]
    received = Headers.received([(b"X-Consul-Index", b"1"), (b"Age", b"\xe9")])
    assert list(received) == [("x-consul-index", "1"), ("age", "é")]
    assert received.get("Age") == "é"
    with pytest.raises(AttributeError, match="immutable"):
        headers.items = ()  # type: ignore[misc] # the point of the test


def test_reprs_hide_secrets() -> None:
    secret = str(uuid.uuid4())
    headers = Headers([("X-Consul-Token", secret), ("Authorization", f"Basic {secret}"), ("Age", "1")])
    request = Request("PUT", f"/v1/acl/info/{secret}", (("stale", None), ("index", "1")), headers, secret.encode(), "/v1/acl/info/{acl_id}")
    response = Response(200, headers, secret.encode())
    settings = Settings(token=secret, headers=(("Authorization", f"Bearer {secret}"),), datacenter="dc2")
    for shown in (repr(headers), repr(request), repr(response), repr(settings), repr(api.acl.legacy.info(secret)), request.shown):
        assert secret not in shown
    assert repr(request) == (
        "<Request PUT /v1/acl/info/{acl_id} stale index='1' <Headers x-consul-token: <hidden>, authorization: <hidden>, age: 1> <36 bytes>>"
    )
    assert repr(response).startswith("<Response 200 <Headers")
    assert repr(settings) == "<Settings token, datacenter='dc2', namespace=None, partition=None, consistency='default', timeout=None>"
    assert repr(Settings()).startswith("<Settings datacenter=None")
    assert repr(api.kv.get("k")) == "<Operation kv.get: <Request GET /v1/kv/k>>"
    assert repr(replace(api.kv.get("k"), token=secret)) == repr(api.kv.get("k"))
    with pytest.raises(ValueError, match="/hidden") as raised:
        Request("GET", "/secret b", shown_path="/hidden")
    assert "secret" not in str(raised.value)


class TestSettings:
    def test_nothing_to_add(self) -> None:
        operation = api.kv.get("k")
        assert Settings().apply(operation) is operation.request

    def test_all_that_a_read_obeys(self) -> None:
        settings = Settings("t", "dc2", "team", "p", "stale")
        request = settings.apply(api.kv.get("k", index=5))
        assert request.target == "/v1/kv/k?index=5&dc=dc2&ns=team&partition=p&stale"
        assert dict(request.headers) == {"x-consul-token": "t"}
        assert request.wait == 318.75

    def test_what_a_call_says_itself_wins(self) -> None:
        settings = Settings(datacenter="dc2", consistency="stale")
        assert settings.apply(api.kv.get("k", datacenter="dc3", consistency="default")).target == "/v1/kv/k?dc=dc3"
        assert settings.apply(api.kv.get("k", consistency="leader")).target == "/v1/kv/k?leader&dc=dc2"

    def test_what_a_call_does_not_obey(self) -> None:
        settings = Settings(datacenter="dc2", namespace="team", consistency="stale")
        assert settings.apply(api.kv.put("k", "v")).target == "/v1/kv/k?dc=dc2&ns=team"
        assert settings.apply(api.agent.services()).target == "/v1/agent/services?ns=team"
        assert settings.apply(api.agent.self()).target == "/v1/agent/self"
        assert settings.apply(api.acl.legacy.list()).target == "/v1/acl/list?stale"
        assert settings.apply(api.status.leader()).target == "/v1/status/leader?dc=dc2"

    def test_a_token_of_the_call_itself_is_sent_instead_of_the_clients(self) -> None:
        operation = replace(api.kv.get("k"), token="own")
        assert dict(Settings().apply(operation).headers) == {"x-consul-token": "own"}
        settings = Settings(token="client", headers=(("Authorization", "Bearer b"),), datacenter="dc2")
        request = settings.apply(operation)
        assert list(request.headers) == [("x-consul-token", "own"), ("authorization", "Bearer b")]
        assert request.target == "/v1/kv/k?dc=dc2"
        assert dict(settings.apply(replace(operation, token=None)).headers)["x-consul-token"] == "client"
        assert dict(settings.apply(operation.blocking(index=7)).headers)["x-consul-token"] == "own"

    def test_a_token_of_a_call_that_cannot_be_sent(self) -> None:
        for token in ("s3cr3t\n", "s3cr3té", " s3cr3t"):
            with pytest.raises(ValueError, match="X-Consul-Token") as raised:
                replace(api.kv.get("k"), token=token)
            assert "s3cr3t" not in str(raised.value)

    def test_a_datacenter_in_the_body(self) -> None:
        settings = Settings(datacenter="dc2")
        assert settings.apply(api.catalog.register("n", "a")).body == b'{"Node": "n", "Address": "a", "Datacenter": "dc2"}'
        assert settings.apply(api.catalog.register("n", "a", "dc3")).body == b'{"Node": "n", "Address": "a", "Datacenter": "dc3"}'

    def test_the_cache_is_never_consistent(self) -> None:
        settings = Settings(consistency="consistent")
        assert settings.apply(api.health.service("s", cached=True)).target == "/v1/health/service/s?cached"
        assert settings.apply(api.health.service("s")).target == "/v1/health/service/s?consistent"

    def test_headers_of_the_call_and_of_the_client(self) -> None:
        request = Settings(token="t").apply(api.health.service("s", cached=True, max_age=5))
        assert list(request.headers) == [("cache-control", "max-age=5"), ("x-consul-token", "t")]

    def test_secrets(self) -> None:
        settings = Settings(token="tok", headers=(("Authorization", "Basic dTpwYXNz"), ("X-Other", "x")))
        assert set(settings.secrets) == {"tok", "dTpwYXNz", "pass"}
        assert Settings(headers=(("Authorization", "Bearer b"),)).secrets == ("b",)

    @pytest.mark.parametrize(
        "bad",
        [
            {"token": "a\nb"},
            {"headers": (("A", "b\n"),)},
            {"consistency": "x"},
            {"datacenter": ""},
            {"namespace": "a\n"},
            {"timeout": 0},
            {"timeout": -1},
        ],
        ids=str,
    )
    def test_settings_that_cannot_be(self, bad: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            Settings(**bad)
        with pytest.raises(ValueError, match=r"\w"):
            replace(Settings(), **bad)


class TestErrors:
    def test_what_an_error_says(self) -> None:
        error = error_for(Request("PUT", "/v1/kv/k"), Response(403, body=b"Permission denied: token lacks key:write\n"))
        error.address = "http://consul:8500"
        assert type(error) is Forbidden
        assert str(error) == (
            "PUT /v1/kv/k on http://consul:8500: 403 Permission denied: token lacks key:write "
            "(give a token that has the rule, with token= or CONSUL_HTTP_TOKEN)"
        )

    def test_without_a_call(self) -> None:
        assert str(RequestError("refused")) == "refused"
        error = RequestError("refused")
        error.address = "http://x"
        assert str(error) == "on http://x: refused"

    def test_conceal(self) -> None:
        error = RequestError("sent tok and tok", body=b"tok")
        error.__cause__ = ValueError("tok")
        error.conceal(["tok"])
        assert (str(error), error.body, error.args) == ("sent <hidden> and <hidden>", b"<hidden>", ("sent <hidden> and <hidden>",))
        assert vars(error).get("__cause__") is None
        assert "tok" not in repr(error.__cause__)
        other = RequestError("x")
        other.__cause__ = cause = ValueError("y")
        other.conceal(["tok"])
        assert other.__cause__ is cause

    def test_a_transaction_keeps_its_errors(self) -> None:
        error = pickle.loads(pickle.dumps(TransactionFailed("failed", errors=[{"OpIndex": 0, "What": "w"}])))
        assert error.errors == [{"OpIndex": 0, "What": "w"}]
        assert isinstance(error, ConsulateException)

    @pytest.mark.parametrize(
        ("body", "content_type", "said"),
        [
            (b"  two\nlines\t ", "", "two lines"),
            (b"<html>", "", "an HTML page of 6 bytes, so a proxy answered rather than Consul"),
            (b"hello", "text/html; charset=utf-8", "an HTML page of 5 bytes, so a proxy answered rather than Consul"),
            (b"\xff\x00x", "", "\ufffd x"),
            (b"a" * 400, "", "a" * 300 + "..."),
        ],
    )
    def test_words(self, body: bytes, content_type: str, said: str) -> None:
        assert words(body, content_type) == said

    def test_statuses_that_no_call_has(self) -> None:
        for status in (201, 204, 600):
            error = error_for(Request("GET", "/v1/kv/k"), Response(status, body=b"x"))
            assert error.maybe_applied is True
        assert error_for(Request("PUT", "/v1/kv/k"), Response(408)).maybe_applied is True
        assert str(error_for(Request("GET", "/x"), Response(400))).endswith("400 refused without an explanation")
        assert str(error_for(Request("GET", "/x"), Response(500))).endswith("500 failed without an explanation")
        assert str(error_for(Request("GET", "/x"), Response(301))).count("to another address") == 1

    @pytest.mark.parametrize(
        ("status", "body", "retry"),
        [
            (429, b"", True),
            (500, b"No cluster leader", True),
            (500, b"rpc error making call: No cluster leader\n", True),
            (500, b"rpc error making call: rpc error making call: No cluster leader", True),
            (500, b"lost: No cluster leader", False),
            (500, b"No cluster leader, maybe", False),
            (503, b"rate limit exceeded for operation that can only be performed by the leader, try again later", True),
            (503, b"", False),
            (404, b"No cluster leader", False),
        ],
    )
    def test_what_may_be_tried_again(self, status: int, body: bytes, retry: bool) -> None:
        assert is_retryable(status, body) is retry


class TestStreamedBodies:
    def test_its_pieces_are_made_for_each_reader(self) -> None:
        made: list[int] = []

        def pieces() -> Iterator[bytes]:
            made.append(len(made))
            yield from (b"ab", b"", b"c")

        body = StreamedBody(pieces, 3)
        request = Request("PUT", "/v1/snapshot", body=body)
        assert made == []
        assert [list(body), list(body)] == [[b"ab", b"c"]] * 2
        assert (request.read_body(), request.body_size) == (b"abc", 3)
        assert repr(request) == "<Request PUT /v1/snapshot <3 bytes>>"
        assert made == [0, 1, 2]

    def test_bytes_and_nothing(self) -> None:
        assert (Request("PUT", "/x", body=b"ab").read_body(), Request("PUT", "/x", body=b"ab").body_size) == (b"ab", 2)
        assert (Request("PUT", "/x").read_body(), Request("PUT", "/x").body_size) == (None, 0)

    @pytest.mark.parametrize(("size", "has"), [(2, "more than 2"), (4, "3")])
    def test_another_size_than_announced(self, size: int, has: str) -> None:
        with pytest.raises(UnreadableBody, match=f"must have {size} bytes, but has {has}; did its file change"):
            list(StreamedBody(lambda: [b"abc"], size))

    def test_pieces_that_cannot_be_read(self) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"a"
            raise OSError("the disk is gone")

        with pytest.raises(UnreadableBody, match="the body of the request cannot be read: the disk is gone") as raised:
            list(StreamedBody(pieces, 2))
        assert isinstance(raised.value.__cause__, OSError)

    def test_a_size_below_0(self) -> None:
        with pytest.raises(ValueError, match="the size of a body must be 0 or more bytes, not -1"):
            StreamedBody(list, -1)

    def test_a_client_changes_only_the_query(self) -> None:
        body = StreamedBody(lambda: [b"a"], 1)
        request = Settings(datacenter="dc2", namespace="team").apply(api.snapshot.restore(body))
        assert (request.query, request.body) == ((("dc", "dc2"),), body)
        with_member = Settings(datacenter="dc2").apply(replace(api.snapshot.restore(body), defaults=("Datacenter",)))
        assert with_member.body == b'{"Datacenter": "dc2"}'


def test_headers_from_the_lines_of_an_answer() -> None:
    lines = b"X-Consul-Index: 7\r\nEmpty:\r\nSpaced: \t a b \t\r\nVary: a\r\nvary: \xe9\r\n"
    headers = Headers.received_lines(lines)
    assert headers.items == (("x-consul-index", "7"), ("empty", ""), ("spaced", "a b"), ("vary", "a"), ("vary", "\xe9"))
    assert (headers.get("X-Consul-Index"), headers.get("Vary"), len(headers)) == ("7", "a", 5)
    assert headers == Headers(headers.items)
    assert pickle.loads(pickle.dumps(headers)) == headers
    assert Headers.received_lines(b"").items == ()
