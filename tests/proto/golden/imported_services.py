"""Golden rows of `imported_services`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from tests.proto.golden.row import AnswerRow, RequestRow

REQUESTS = [
    RequestRow("imported_services.list", lambda api: api.imported_services.list(), "GET", "/v1/imported-services", None),
    RequestRow(
        "imported_services.list",
        lambda api: api.imported_services.list(partition="p", index=7, wait="10s"),
        "GET",
        "/v1/imported-services?partition=p&index=7&wait=10s",
        None,
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow(
        "imported_services.list",
        lambda api: api.imported_services.list(),
        200,
        b'[{"Service": "web", "SourcePeer": "east"}]',
        [{"Service": "web", "SourcePeer": "east"}],
    ),
    # Consul Enterprise.
    AnswerRow(
        "imported_services.list",
        lambda api: api.imported_services.list(partition="p"),
        200,
        b'{"Partition": "p", "ImportedServices": [{"Service": "web", "Partition": "p", "Namespace": "default", "SourcePartition": "q"}]}',
        [{"Service": "web", "Partition": "p", "Namespace": "default", "SourcePartition": "q"}],
    ),
    AnswerRow("imported_services.list", lambda api: api.imported_services.list(), 200, b'{"Partition": "p", "ImportedServices": null}', []),
]
