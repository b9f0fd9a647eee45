"""Golden rows of `agent.token`."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow(
        "agent.token.update",
        lambda api: api.agent.token.update("replication", "11111111-2222-3333-4444-555555555555"),
        "PUT",
        "/v1/agent/token/replication",
        b'{"Token": "11111111-2222-3333-4444-555555555555"}',
    ),
    RequestRow("agent.token.update", lambda api: api.agent.token.update("dns", ""), "PUT", "/v1/agent/token/dns", b'{"Token": ""}'),
]

ANSWERS = [AnswerRow("agent.token.update", lambda api: api.agent.token.update("default", "t"), 200, b"", True)]
