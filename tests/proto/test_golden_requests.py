"""Each call of the API gives exactly the request that its golden row says, and no call goes without a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from consul_proto.api import Operations
from tests.proto.flows import FLOWS
from tests.proto.golden.row import RequestRow
from tests.proto.golden.rows import FILES
from tests.proto.golden.rows import REQUESTS as ROWS
from tests.proto.manifest import CALLS

_MANIFEST: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "spec" / "endpoints.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_call_gives_its_request(row: RequestRow) -> None:
    built = row.call(Operations())
    request = built.request
    assert built.name == row.operation
    assert (request.method, request.target, request.read_body()) == (row.method, row.target, row.body)
    assert dict(request.headers) == row.headers
    assert request.wait == row.wait


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_request_fits_the_manifest(row: RequestRow) -> None:
    """Its method and path are the endpoint's, and its options are options of the endpoint."""
    entry = next(entry for entry in _MANIFEST if entry["id"] == row.operation)
    path, _, query = row.target.partition("?")
    assert row.method == entry["method"]
    fixed = entry["path"].partition("{")[0]
    assert path.startswith(fixed)
    known = {option["name"] for option in entry["query"]} | {"leader", "max_stale"}
    assert {part.partition("=")[0] for part in query.split("&") if part} <= known


def test_every_seed_row_of_the_manifest_has_a_call() -> None:
    seed = {entry["id"] for entry in _MANIFEST if entry["seed"]} | {"txn"}
    assert len(seed) == 43
    assert seed <= {row.operation for row in ROWS}
    assert {row.operation for row in ROWS} <= {entry["id"] for entry in _MANIFEST}


def test_every_call_has_a_row() -> None:
    calls = {call.name for call in CALLS}
    assert len(calls) >= 77
    source = "\n".join(path.read_text() for path in FILES)
    rows = {call for call in calls if f"api.{call}(" in source}
    assert calls - rows == FLOWS
