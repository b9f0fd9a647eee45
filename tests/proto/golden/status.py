"""Golden rows of `status`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("status.leader", lambda api: api.status.leader(), "GET", "/v1/status/leader", None),
    RequestRow("status.peers", lambda api: api.status.peers(datacenter="dc2"), "GET", "/v1/status/peers?dc=dc2", None),
]

ANSWERS = [
    AnswerRow("status.leader", lambda api: api.status.leader(), 200, b'"127.0.0.1:54483"', "127.0.0.1:54483"),
    AnswerRow("status.peers", lambda api: api.status.peers(), 200, b'["127.0.0.1:54483"]', ["127.0.0.1:54483"]),
]
