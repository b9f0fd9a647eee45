"""What the calls of the ACL system make of answers whose status or text is misleading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consul_proto import errors
from consul_proto.api import Operations
from consul_proto.message import Headers, Response
from consul_proto.operation import Operation

_API = Operations().acl

#: Calls on one object, by its ID or name.
_ON_ONE: dict[str, Callable[[], Operation[Any]]] = {
    "token.read": lambda: _API.token.read("t"),
    "token.clone": lambda: _API.token.clone("t"),
    "policy.read": lambda: _API.policy.read("p"),
    "policy.read_by_name": lambda: _API.policy.read_by_name("p"),
    "role.read": lambda: _API.role.read("r"),
    "binding_rule.read": lambda: _API.binding_rule.read("b"),
    "auth_method.read": lambda: _API.auth_method.read("m"),
}

#: Those of them that answer a 403 before Consul 1.15 if there is no such object.
_AMBIGUOUS = {"token.read", "token.clone", "policy.read", "policy.read_by_name"}


@pytest.mark.parametrize("name", _ON_ONE)
def test_what_does_not_exist_is_not_found(name: str) -> None:
    for status, said in ((403, b"token does not exist: ACL not found"), (404, b"Requested role does not exist: ACL not found")):
        for prefix in (b"", b"rpc error making call: ", b"rpc error making call: rpc error making call: "):
            with pytest.raises(errors.NotFound, match="does not exist: ACL not found") as raised:
                _ON_ONE[name]().decode(Response(status, body=prefix + said + b"\n"))
            assert raised.value.maybe_applied is False


@pytest.mark.parametrize("name", _ON_ONE)
def test_an_unknown_token_of_the_client_is_forbidden(name: str) -> None:
    with pytest.raises(errors.Forbidden, match="ACL not found") as raised:
        _ON_ONE[name]().decode(Response(403, body=b"ACL not found"))
    assert "Consul does not know this token" in str(raised.value)
    assert ("before Consul 1.15, this may also mean that there is no " in str(raised.value)) == (name in _AMBIGUOUS)
    with pytest.raises(errors.Forbidden, match="give a token that has the rule"):
        _ON_ONE[name]().decode(Response(403, body=b"Permission denied"))


@pytest.mark.parametrize("name", _ON_ONE)
def test_an_empty_404_is_not_found_only_if_consul_can_have_sent_it(name: str) -> None:
    with pytest.raises(errors.NotFound, match="there is no .* with this "):
        _ON_ONE[name]().decode(Response(404, Headers([("Vary", "Accept-Encoding")])))
    for headers, body in (([], b""), ([("Vary", "*")], b""), ([("Vary", "Accept-Encoding")], b"<html>")):
        with pytest.raises(errors.ClientError, match="something other than Consul answered") as raised:
            _ON_ONE[name]().decode(Response(404, Headers(headers), body))
        assert not isinstance(raised.value, errors.NotFound)


@pytest.mark.parametrize("status", [401, 404])
def test_calls_about_their_own_token_say_that_it_does_not_exist(status: int) -> None:
    for operation in (_API.token.self(), _API.logout()):
        with pytest.raises(errors.Forbidden, match="give one that exists with token= or CONSUL_HTTP_TOKEN") as raised:
            operation.decode(Response(status, body=b"Supplied token does not exist"))
        assert "basic_auth" not in str(raised.value)
    with pytest.raises(errors.ClientError, match="basic_auth" if status == 401 else "no such endpoint"):
        _API.token.self().decode(Response(status, body=b"Who are you?"))


@pytest.mark.parametrize("said", [b"ACL not found", b'ACL not found: auth method "nope" not found'])
def test_a_login_through_an_unknown_auth_method(said: bytes) -> None:
    with pytest.raises(errors.NotFound, match="there is no auth method with this name"):
        _API.login("nope", "b").decode(Response(403, body=said))


def test_a_login_that_no_rule_binds() -> None:
    with pytest.raises(errors.Forbidden, match="no binding rule of the auth method applies") as raised:
        _API.login("m", "b").decode(Response(403, body=b"Permission denied"))
    assert "acl.binding_rule.list(authmethod=...)" in str(raised.value)
    assert "give a token that has the rule" not in str(raised.value)
    with pytest.raises(errors.ServerError, match="missing jwt"):
        _API.login("m", "").decode(Response(500, body=b"missing jwt"))


@pytest.mark.parametrize("said", [b"Permission denied", b"Permission denied: token wasn't created via login"])
def test_a_logout_of_a_token_that_is_of_no_login(said: bytes) -> None:
    with pytest.raises(errors.Forbidden, match="wasn't created via login") as raised:
        _API.logout().decode(Response(403, body=said))
    assert "acl.token.delete deletes any other" in str(raised.value)
    with pytest.raises(errors.Forbidden, match="Consul does not know this token"):
        _API.logout().decode(Response(403, body=b"ACL not found"))


def test_a_templated_policy_that_does_not_exist() -> None:
    with pytest.raises(errors.NotFound, match="Invalid templated policy Name: nope"):
        _API.templated_policy.read("nope").decode(Response(400, body=b"Invalid templated policy Name: nope"))
    with pytest.raises(errors.NotFound, match='"nope" does not exist'):
        _API.templated_policy.preview("nope").decode(Response(400, body=b'templated policy "nope" does not exist'))
    with pytest.raises(errors.ClientError, match="validation error") as raised:
        _API.templated_policy.preview("builtin/service").decode(Response(400, body=b"validation error for templated policy"))
    assert not isinstance(raised.value, errors.NotFound)


@pytest.mark.parametrize("name", ["", "builtin/", "/service", "builtin//service"])
def test_the_parts_of_the_name_of_a_template_are_not_empty(name: str) -> None:
    with pytest.raises(ValueError, match="each part of the name of a templated policy must not be empty"):
        _API.templated_policy.read(name)


def test_no_secret_is_shown() -> None:
    secret = "5c4d0f5e-1111-2222-3333-9a8b7c6d5e4f"
    for operation in (
        _API.login("m", secret),
        _API.bootstrap(bootstrap_secret=secret),
        _API.token.create(secret_id=secret),
        _API.token.update("t", secret_id=secret),
        _API.oidc.callback("m", "s", secret, client_nonce=secret),
        _API.auth_method.create("m", "kubernetes", {"ServiceAccountJWT": secret}),
    ):
        assert secret.encode() in (operation.request.body or b"")
        shown = [repr(operation), repr(operation.request)]
        with pytest.raises(errors.ConsulateException) as raised:
            operation.decode(Response(500, body=b"failed"))
        assert all(secret not in text for text in (*shown, str(raised.value), repr(raised.value), operation.request.target))
