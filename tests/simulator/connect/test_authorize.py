"""Authorization of connections.

https://developer.hashicorp.com/consul/api-docs/agent/connect#authorize
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, Call, by, each_case, get, post
from tests.simulator.differential.comparison import Sides

_AUTHORIZE, _SPIFFE = "/v1/agent/connect/authorize", "spiffe://11111111-2222-3333-4444-555555555555.consul"


def _authorize(body: dict[str, str]) -> Call:
    return post(_AUTHORIZE, body)


ACL_CASES = {
    "the intention with the highest precedence decides": [
        *(
            post("/v1/connect/intentions", {"SourceName": source, "DestinationName": target, "Action": action}, names=f"Q{number}")
            for number, (source, target, action) in enumerate((("web", "db1", "allow"), ("web", "db2", "deny"), ("*", "db3", "allow")))
        ),
        *(_authorize({"Target": f"db{number}", "ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"}) for number in range(1, 5)),
        _authorize({"Target": "db4", "ClientCertURI": f"{_SPIFFE}/ns/other/dc/dc2/svc/we%20b?x=1"}),
    ],
    "valid and invalid requests": [
        *(Call("POST", _AUTHORIZE, (), body) for body in (None, b"{", b"[]", b'{"Target": 5}', b'{"Nope": 1}')),
        *(_authorize(body) for body in ({}, {"Target": "db5"}, {"ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"})),
        *(_authorize({"Target": "db5", "ClientCertURI": uri}) for uri in ("x", ":", "http://x/svc", f"{_SPIFFE}/dc/dc1/svc/web")),
        *(_authorize({"Target": "db5", "ClientCertURI": _SPIFFE + path}) for path in ("", "/", "/agent/client/dc/dc1/id/x")),
        *by(_authorize({"Target": "db5", "ClientCertURI": f"{_SPIFFE}/ns/default/dc/dc1/svc/web"}), NOBODY, LOST),
        *by(_authorize({"Target": "db5", "ClientCertURI": "x"}), NOBODY, LOST),
        get("/v1/agent/connect/proxy/x"),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
