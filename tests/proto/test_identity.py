"""The life of the token of an identity, in a time that the test tells."""

from __future__ import annotations

import pytest

from consul_proto.errors import DecodeError
from consul_proto.identity.answers import is_unknown_token, login_token, may_be_about_another
from consul_proto.identity.tokens import SETTLING, Obtain, Retry, TokenState, Use, Wait
from consul_proto.message import Request, Response

_OLD, _NEW = "11111111-aaaa-bbbb-cccc-000000000000", "22222222-aaaa-bbbb-cccc-000000000000"


def _state(lifetime: float | None = None) -> TokenState:
    state = TokenState()
    assert state.next(0.0) == Obtain(None)
    state.obtained(_OLD, 0.0, lifetime)
    return state


class TestATokenOfALogin:
    def test_one_caller_obtains_it_and_the_others_wait(self) -> None:
        state = TokenState()
        assert state.next(0.0) == Obtain(None)
        assert state.next(0.0) == Wait()
        state.obtained(_OLD, 0.0)
        assert state.next(1e9) == Use(_OLD)

    def test_another_caller_tries_after_a_failure(self) -> None:
        state = TokenState()
        state.next(0.0)
        state.failed(1.0)
        assert state.next(1.0) == Obtain(None)

    def test_it_is_renewed_before_it_expires_while_the_others_go_on(self) -> None:
        state = _state(lifetime=10.0)
        assert state.next(7.9) == Use(_OLD)
        assert state.next(8.0) == Obtain(_OLD)
        assert state.next(8.0) == Use(_OLD)
        state.obtained(_NEW, 8.0, 10.0)
        assert state.next(15.9) == Use(_NEW)

    def test_the_others_wait_if_it_expires_while_it_is_renewed(self) -> None:
        state = _state(lifetime=10.0)
        assert state.next(9.0) == Obtain(_OLD)
        assert state.next(10.0) == Wait()
        state.failed(10.1)
        assert state.next(10.1) == Obtain(None)

    def test_a_renewal_that_failed_is_tried_again_after_a_pause(self) -> None:
        state = _state(lifetime=100.0)
        assert state.next(80.0) == Obtain(_OLD)
        state.failed(80.0)
        assert state.next(84.9) == Use(_OLD)
        assert state.next(85.0) == Obtain(_OLD)
        state.failed(98.0)
        assert state.next(98.9) == Use(_OLD)
        assert state.next(99.0) == Obtain(_OLD)

    def test_a_refused_one_is_not_used_again(self) -> None:
        state = _state()
        assert state.refused(_OLD, SETTLING, 0) == Retry()
        assert state.next(SETTLING) == Obtain(None)
        assert state.refused(_OLD, SETTLING, 0) == Retry(is_replaced=True)
        assert state.next(SETTLING) == Wait()
        state.obtained(_NEW, SETTLING)
        assert state.refused(_OLD, SETTLING, 0) == Retry(is_replaced=True)
        assert state.next(SETTLING) == Use(_NEW)

    def test_a_new_one_that_a_server_does_not_know_yet_is_waited_for(self) -> None:
        state = _state()
        pauses = [state.refused(_OLD, 1.0, attempt).pause for attempt in range(5)]
        assert pauses == [0.05, 0.1, 0.2, 0.4, 0.4]
        assert state.next(1.0) == Use(_OLD)
        assert state.refused(_OLD, SETTLING - 0.125, 4) == Retry(0.125)

    def test_it_is_dropped_at_the_end(self) -> None:
        state = _state()
        assert state.drop() == _OLD
        assert state.drop() is None
        assert state.next(0.0) == Obtain(None)


def test_old_tokens_are_remembered_as_secrets_and_never_shown() -> None:
    state = _state()
    state.obtained(_NEW, 0.0)
    state.remember("a JWT")
    state.remember("a JWT")
    assert state.secrets == (_OLD, _NEW, "a JWT")
    for step in (Use(_OLD), Obtain(_OLD)):
        assert _OLD not in repr(step)


@pytest.mark.parametrize(
    "body",
    [
        b"ACL not found",
        b"ACL not found\n",
        b"token does not exist: ACL not found",
        b"rpc error making call: ACL not found",
        b"rpc error making call: rpc error making call: ACL not found",
        b"token expired",
    ],
)
def test_words_for_an_unknown_token(body: bytes) -> None:
    assert is_unknown_token(403, body)
    assert is_unknown_token(500, body)  # event.fire
    assert not is_unknown_token(404, body)


@pytest.mark.parametrize(
    "body", [b"Permission denied", b'ACL not found: auth method "x" not found', b"Requested role does not exist: ACL not found", b"<html>"]
)
def test_words_for_anything_else(body: bytes) -> None:
    assert not is_unknown_token(403, body)


def test_the_words_may_be_about_the_acl_object_that_was_asked_for() -> None:
    refused, denied = Response(403, body=b"ACL not found"), Response(403, body=b"Permission denied")
    assert may_be_about_another(Request("GET", "/v1/acl/token/x"), refused)
    assert not may_be_about_another(Request("GET", "/v1/acl/token/x"), denied)
    assert not may_be_about_another(Request("GET", "/v1/acl/token/self"), refused)
    assert not may_be_about_another(Request("GET", "/v1/kv/acl"), refused)


class TestTheAnswerToALogin:
    @pytest.mark.parametrize(
        ("created", "expires", "lifetime"),
        [
            ("2026-11-28T08:40:16.714097153Z", "2026-11-28T08:50:16.714097153Z", 600.0),
            ("2026-11-28T08:40:16Z", "2026-11-28T08:41:16.5Z", 60.5),
            ("2026-11-28T23:59:30+01:00", "2026-11-28T23:00:30Z", 60.0),
            ("2026-11-28T08:40:16Z", "2026-11-28T08:40:15Z", 0.0),
        ],
    )
    def test_its_life_is_what_consuls_clock_says(self, created: str, expires: str, lifetime: float) -> None:
        assert login_token({"SecretID": _NEW, "CreateTime": created, "ExpirationTime": expires}) == (_NEW, lifetime)

    def test_it_may_not_expire(self) -> None:
        assert login_token({"SecretID": _NEW, "CreateTime": "2026-11-28T08:40:16Z"}) == (_NEW, None)
        assert login_token({"SecretID": _NEW}) == (_NEW, None)

    @pytest.mark.parametrize(
        "answer", [{}, {"SecretID": ""}, {"SecretID": 5}, {"SecretID": _NEW, "CreateTime": "x", "ExpirationTime": "y"}]
    )
    def test_another_shape(self, answer: dict[str, object]) -> None:
        with pytest.raises(DecodeError, match="the answer to the login has") as raised:
            login_token(answer)
        assert _NEW not in str(raised.value)
