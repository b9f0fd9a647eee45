"""Sessions that there cannot be: what real agents say of them (observed)."""

from __future__ import annotations

import json

import pytest

from consul_proto.message import Request, Response
from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.engine.versions import Version

_NO_UUID = "failed session lookup: index error: UUID must be 36 characters"


@pytest.mark.parametrize(
    ("version", "session", "says"),
    [
        ("1.8.7", "none", _NO_UUID),
        ("1.8.7", "", "missing session"),
        ("1.22.5", "none", 'raft apply failed: invalid session "none"'),
        ("1.22.5", "", "raft apply failed: missing session"),
    ],
)
def test_locks_of_sessions_that_cannot_be(version: str, session: str, says: str) -> None:
    simulator = Simulator(Settings(version=Version.parse(version)))
    answer = simulator.handle(Request("PUT", "/v1/kv/a", (("acquire", session),)), 0.0)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body.decode()) == (500, says)
    step = {"KV": {"Verb": "lock", "Key": "a", "Value": "", "Session": session}}
    answer = simulator.handle(Request("PUT", "/v1/txn", body=json.dumps([step]).encode()), 0.0)
    assert isinstance(answer, Response)
    (error,) = json.loads(answer.body)["Errors"]
    assert (answer.status, error["What"]) == (409, says.removeprefix("raft apply failed: "))
    answer = simulator.handle(Request("PUT", "/v1/kv/a", (("release", session),)), 0.0)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body.decode()) == ((500, says) if not session else (200, "false"))
