"""Golden rows of `exported_services`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("exported_services.list", lambda api: api.exported_services.list(), "GET", "/v1/exported-services", None),
    RequestRow(
        "exported_services.list",
        lambda api: api.exported_services.list(partition="p", index=7, wait="10s"),
        "GET",
        "/v1/exported-services?partition=p&index=7&wait=10s",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "exported_services.list",
        lambda api: api.exported_services.list(),
        200,
        b'[{"Service": "other", "Consumers": {"Peers": ["east", "west"]}}]',
        [{"Service": "other", "Consumers": {"Peers": ["east", "west"]}}],
    ),
    AnswerRow("exported_services.list", lambda api: api.exported_services.list(), 200, b"null", []),
]
