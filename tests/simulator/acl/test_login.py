"""Login and logout.

https://developer.hashicorp.com/consul/api-docs/acl#login-to-auth-method
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulator.acl.keys import PUBLIC_KEY
from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, delete, each_case, post, put
from tests.simulator.differential.comparison import Sides

_BEARERS = (
    *("", "x", "a.b", "..", "a.b.c", "YWI.%%.e30", "YWJj.e30.e30", "NQ.e30.e30", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."),
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtZSJ9." + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c" * 2,
)


ACL_CASES = {
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
