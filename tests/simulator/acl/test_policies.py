"""Policies, and records of the ACL system by their ids.

https://developer.hashicorp.com/consul/api-docs/acl/policies
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import (
    ABSENT,
    EVERYBODY,
    LOST,
    NOBODY,
    TWO_TOKENS,
    Call,
    by,
    delete,
    each_case,
    get,
    put,
)
from tests.simulator.differential.comparison import Sides

_POLICIES = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
_ANONYMOUS = "00000000-0000-0000-0000-000000000002"


ACL_CASES = {
    "a policy with an empty list of datacenters is listed as it was written": [
        put("/v1/acl/policy", {"Name": "pol0", "Datacenters": []}),
        put("/v1/acl/policy", {"Name": "pol1"}),
        get("/v1/acl/policies"),
    ],
    "without the right to ACLs, a refusal does not depend on the id": [
        *TWO_TOKENS,
        *(
            call
            for what in ("policy", "role", "token", "binding-rule")
            for identity in ("x", ABSENT)
            for method in (get, delete)
            for call in by(method(f"/v1/acl/{what}/{identity}"), *EVERYBODY)
        ),
        *by(get("/v1/acl/auth-method/x"), *EVERYBODY),
    ],
    "since 1.9 an unknown token that deletes gets the refusal for an unknown record": [
        *(call for policy in _POLICIES for call in by(delete(f"/v1/acl/policy/{policy}"), LOST, NOBODY)),
        *by(delete(f"/v1/acl/token/{_ANONYMOUS}"), LOST, NOBODY),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
