"""Questions about rights: `/v1/internal/acl/authorize`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, each_case, post, with_rules
from tests.simulator.differential.comparison import Sides

_AUTHORIZES, _KEY = "/v1/internal/acl/authorize", {"Resource": "key", "Access": "read", "Segment": "a"}
_ELSEWHERE = (("dc", "elsewhere"),)


ACL_CASES = {
    "the token is checked first, and the number of questions is limited": [
        *(
            replace(call, query=query)
            for what in ([], [_KEY], [{"Resource": "x"}], [_KEY, {"Resource": "x"}], [_KEY] * 64, [_KEY] * 65, [{"Resource": "x"}] * 65)
            for query in ((), _ELSEWHERE)
            for call in by(post(_AUTHORIZES, what), NOBODY, LOST, None)
        ),
    ],
    "the access levels of each resource": [
        *with_rules(
            0, 'key_prefix "a" { policy = "write" } key "a/x/y" { policy = "read" } service "w" { policy = "read" intentions = "write" }'
        ),
        *(
            call
            for resource in ("acl", "intention", "key", "keyring", "mesh", "operator", "peering", "service", "snapshot", "Key")
            for access in ("", "read", "Write", "list", "write-PREFIX", "deny")
            for name in ("a/x", "a/z", "w")
            for call in by(post(_AUTHORIZES, [{"Resource": resource, "Access": access, "Segment": name}]), ONE, None)
        ),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
