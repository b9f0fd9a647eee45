"""Login and logout.

https://developer.hashicorp.com/consul/api-docs/acl#login-to-auth-method
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulator.acl.keys import PUBLIC_KEY
from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, delete, each_case, get, post, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent

_BEARERS = (
    *("", "x", "a.b", "..", "a.b.c", "YWI.%%.e30", "YWJj.e30.e30", "NQ.e30.e30", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."),
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtZSJ9." + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c" * 2,
)


_METHOD = {"Name": "jwt", "Type": "jwt", "Config": {"JWTValidationPubKeys": [PUBLIC_KEY], "BoundIssuer": "me"}}

#: What is given besides, and how it is stored: a lifetime as Go writes it, and nothing that is empty.
_STORED: tuple[dict[str, object], ...] = (
    {"MaxTokenTTL": "90m", "TokenLocality": "global", "DisplayName": "JWT", "Description": "d"},
    {"MaxTokenTTL": 3600000000000, "DisplayName": "", "Description": ""},
    {"Type": ""},
    {"Type": "kubernetes"},
    {"Config": {}},
    {"Config": {"JWKSURL": "https://192.0.2.1", "JWTValidationPubKeys": [PUBLIC_KEY]}},
)


ACL_CASES = {
    "auth methods are stored, listed without their configs, and keep their type": [
        *(put("/v1/acl/auth-method", {**_METHOD, "Name": name}) for name in ("", "a b", "x" * 129)),
        put("/v1/acl/auth-method", {**_METHOD, "Config": {}}),
        *(call for more in _STORED for call in (put("/v1/acl/auth-method/jwt", {**_METHOD, **more}), get("/v1/acl/auth-methods"))),
        get("/v1/acl/auth-method/jwt"),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "binding rules have all their members, and are deleted with their auth method": [
        put("/v1/acl/auth-method", _METHOD),
        put("/v1/acl/binding-rule", {"AuthMethod": "jwt", "BindType": "service", "BindName": "web"}),
        get("/v1/acl/binding-rules"),
        delete("/v1/acl/auth-method/jwt"),
        get("/v1/acl/binding-rules"),
    ],
    "a token is expanded by the mere presence of the parameter": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ServiceIdentities": [{"ServiceName": "web"}]}),
        *(get("/v1/acl/token/{t0}", ("expanded", value)) for value in (None, "", "false", "true")),
        delete("/v1/acl/token/{t0}"),
    ],
    "a login with a bearer token of an unknown key fails": [
        put("/v1/acl/auth-method", {"Name": "jwt", "Type": "jwt", "Config": {"JWTValidationPubKeys": [PUBLIC_KEY], "BoundIssuer": "me"}}),
        *(Call("POST", "/v1/acl/login", (), body) for body in (None, b"{", b"{}", b"[]", b'{"Nope": 1}', b'{"BearerToken": 5}')),
        *by(post("/v1/acl/login", {"AuthMethod": "nothing", "BearerToken": "x"}), NOBODY, LOST, None),
        *(post("/v1/acl/login", {"AuthMethod": "jwt", "BearerToken": token}) for token in _BEARERS),
        replace(post("/v1/acl/login", {"AuthMethod": "jwt", "BearerToken": "x"}), query=(("dc", "elsewhere"),)),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "only a token from a login can log out": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}"}),
        *by(Call("POST", "/v1/acl/logout"), ONE, NOBODY, LOST, None),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_an_auth_method_keeps_its_type_and_takes_its_rules_with_it(acl_agent: SimulatedAgent) -> None:
    acl_agent.put("/v1/acl/auth-method", _METHOD, MANAGES)
    acl_agent.put("/v1/acl/binding-rule", {"AuthMethod": "jwt", "BindType": "service", "BindName": "web"}, MANAGES)
    status, said = acl_agent.refusal("PUT", "/v1/acl/auth-method/jwt", {**_METHOD, "Type": "kubernetes"}, MANAGES)
    assert (status, said) == (500, "the Type field of an Auth Method is immutable")
    assert "Config" not in acl_agent.get("/v1/acl/auth-methods", MANAGES)[0]
    assert len(acl_agent.get("/v1/acl/binding-rules", MANAGES)) == 1
    acl_agent.answer("DELETE", "/v1/acl/auth-method/jwt", token=MANAGES)
    assert acl_agent.get("/v1/acl/binding-rules", MANAGES) == []
