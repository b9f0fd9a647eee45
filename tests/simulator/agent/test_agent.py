"""The agent itself: its members, its version and its tokens.

https://developer.hashicorp.com/consul/api-docs/agent
"""

from __future__ import annotations

import pytest

from tests.simulator.differential.calls import EVERYBODY, LOST, NOBODY, ONE, TWO_TOKENS, Call, by, each_case, get, put
from tests.simulator.differential.comparison import Sides

ACL_CASES = {
    "reload needs the right to write the agent": [*TWO_TOKENS, *by(put("/v1/agent/reload"), *EVERYBODY)],
    "the answer says that members were left out": [*TWO_TOKENS, *by(get("/v1/agent/members"), ONE, NOBODY, LOST)],
    "the version needs no right": by(get("/v1/agent/version"), *EVERYBODY),
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
