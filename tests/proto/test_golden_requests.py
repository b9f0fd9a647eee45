"""Each call of the API gives exactly the request that its golden row says, and no call goes without a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.namespace import Namespace, flow, operation
from tests.proto.flows import FLOWS
from tests.proto.golden import Row
from tests.proto.requests_agent import ROWS as AGENT
from tests.proto.requests_catalog import ROWS as CATALOG
from tests.proto.requests_kv import ROWS as KV

ROWS = [*KV, *AGENT, *CATALOG]

_MANIFEST: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "spec" / "endpoints.json").read_text())

#: The calls whose only way is a flow, by the operations that they send.
_IN_FLOWS = {"acl.legacy.clone", "acl.legacy.destroy"}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_call_gives_its_request(row: Row) -> None:
    built = row.call(Operations())
    request = built.request
    assert built.name == row.operation
    assert (request.method, request.target, request.body) == (row.method, row.target, row.body)
    assert dict(request.headers) == row.headers
    assert request.wait == row.wait


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_request_fits_the_manifest(row: Row) -> None:
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
    assert seed <= {row.operation for row in ROWS} | _IN_FLOWS
    assert {row.operation for row in ROWS} <= {entry["id"] for entry in _MANIFEST}


def _methods(namespace: Namespace[Any], prefix: str) -> set[str]:
    definitions = {name: getattr(type(namespace), name) for name in dir(type(namespace))}
    return {f"{prefix}.{name}" for name, definition in definitions.items() if isinstance(definition, operation | flow)}


def test_every_call_has_a_row() -> None:
    api = Operations()
    groups = ("acl", "agent", "catalog", "event", "health", "kv", "session", "status", "txn")
    calls = set().union(*(_methods(getattr(api, group), group) for group in groups))
    calls |= _methods(api.agent.check, "agent.check") | _methods(api.agent.service, "agent.service")
    assert len(calls) == 77
    source = "\n".join((Path(__file__).parent / f"requests_{name}.py").read_text() for name in ("kv", "agent", "catalog"))
    rows = {call for call in calls if f"api.{call}(" in source}
    assert calls - rows == FLOWS
