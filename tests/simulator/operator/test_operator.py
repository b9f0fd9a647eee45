"""Operator endpoints: Raft, autopilot, usage and the keyring.

https://developer.hashicorp.com/consul/api-docs/operator
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, Call, by, each_case, get, put
from tests.simulator.differential.comparison import Sides

_OPERATOR = "/v1/operator"
_COUNTED = tuple(
    {"Node": node, "Address": "10.0.0.1", **({"Service": {"Port": 1, **service}} if service else {})}
    for node, service in (
        ("n1", {}),
        ("n1", {"Service": "web"}),
        ("n2", {"Service": "web"}),
        ("n1", {"Service": "Web", "ID": "w2"}),
        ("n1", {"Service": "web-proxy", "Kind": "connect-proxy", "Proxy": {"DestinationServiceName": "web"}}),
        ("n1", {"Service": "gate", "Kind": "mesh-gateway"}),
        ("n1", {"Service": "native", "Connect": {"Native": True}}),
        ("n1", {"Service": "consul", "ID": "c2"}),
    )
)


ACL_CASES = {
    "the index of autopilot's configuration is from before the node is registered": [
        get("/v1/operator/autopilot/configuration"),
        get("/v1/catalog/nodes"),
        get("/v1/config/service-defaults"),
    ],
    "the only server cannot transfer its leadership": [
        *by(Call("POST", f"{_OPERATOR}/raft/transfer-leader"), NOBODY, LOST, None),
        *by(Call("POST", f"{_OPERATOR}/raft/transfer-leader", (("id", "x"),)), NOBODY, None),
        Call("PUT", f"{_OPERATOR}/raft/transfer-leader"),
    ],
    "autopilot's state needs the right of operators": [
        *by(get(f"{_OPERATOR}/autopilot/state"), NOBODY, LOST, None),
        get(f"{_OPERATOR}/autopilot/state", ("dc", "elsewhere")),
    ],
    "usage counts nodes, services and kinds": [
        *by(get(f"{_OPERATOR}/usage"), NOBODY, LOST, None),
        *(call for body in _COUNTED for call in (put("/v1/catalog/register", body), get(f"{_OPERATOR}/usage"))),
        get(f"{_OPERATOR}/usage", ("stale", None), ("dc", "elsewhere")),
        get(f"{_OPERATOR}/utilization"),
    ],
    "the keyring is empty": [
        *by(get(f"{_OPERATOR}/keyring"), NOBODY, LOST, None),
        *(get(f"{_OPERATOR}/keyring", (name, value)) for name in ("relay-factor", "local-only") for value in ("1", "6", "x", "-1", "")),
        *(
            Call(method, f"{_OPERATOR}/keyring", query, body)
            for method in ("POST", "PUT", "DELETE")
            for query in ((), (("local-only", "true"),), (("relay-factor", "6"),))
            for body in (None, b"{", b"{}", b'{"Key": "x"}', b'{"Key": 5}')
        ),
        *by(Call("POST", f"{_OPERATOR}/keyring", body=b"{}"), NOBODY, LOST),
    ],
    "endpoints of Consul Enterprise are not found": [get(f"{_OPERATOR}/{name}") for name in ("license", "segment", "area", "area/x")],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
