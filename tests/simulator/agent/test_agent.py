"""The agent itself: its members, its version and its tokens.

https://developer.hashicorp.com/consul/api-docs/agent
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import LOST, NOBODY, ONE, OTHER, Call, by, each_case, get, put, with_rules
from tests.simulator.differential.comparison import Sides

_EVERYBODY = (ONE, OTHER, NOBODY, LOST, None)
_READS_SERVICES = with_rules(0, 'service_prefix "" { policy = "read" }')
_SOME_RIGHTS = with_rules(
    1,
    """
    service "web" { policy = "write" }
    service "b" { policy = "read" intentions = "write" }
    key "{p}a" { policy = "read" }
    """,
)
_TOKENS = [*_READS_SERVICES, *_SOME_RIGHTS]


ACL_CASES = {
    "the answer says that members were left out": [*_TOKENS, *by(get("/v1/agent/members"), ONE, NOBODY, LOST)],
    "the version needs no right": by(get("/v1/agent/version"), *_EVERYBODY),
    "monitor and the stream of metrics need a right": [
        *by(get("/v1/agent/monitor", ("loglevel", "nothing")), NOBODY, LOST, None),
        *by(get("/v1/agent/metrics/stream"), NOBODY, LOST),
    ],
    "the tokens of an agent have their old names too": [
        put(f"/v1/agent/token/{name}", {"Token": "x"})
        for name in ("acl_replication_token", "replication", "acl_agent_master_token", "agent_master", "agent_recovery", "dns", "none")
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
