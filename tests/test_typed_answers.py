"""Each recorded answer has exactly the members that its TypedDict declares: none that is not declared, and all that are required."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

import pytest

from consul_proto.errors import Forbidden, NotFound, TransactionFailed
from consul_proto.message import Headers, Response
from tests.proto.flows import FLOWS
from tests.proto.manifest import CALLS, Call
from tests.type_shapes import differences, returned_type

_SAMPLES = sorted((Path(__file__).parent / "samples").glob("*/*.json"))

#: The rows that several calls read: the one that returns all of the answer.
_WHOLE = {"kv.get": "kv.get_records", "txn": "txn.commit"}

#: Parameters of a query that change the shape of the answer.
_SHAPES = {"format", "keys", "pem", "raw"}

#: Calls by row, without those that only differ in what they make of the same answer.
_BY_ROW: dict[str, Call] = {}
for _call in CALLS:
    if _call.name not in FLOWS:
        _row = _call.operation().name
        if _WHOLE.get(_row, _call.name) == _call.name:
            _BY_ROW.setdefault(_row, _call)


def _answers() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in _SAMPLES:
        found[path.parent.name].append(path)
    return found


def _response(path: Path) -> Response | None:
    """Return the recorded answer; None if the request asked for another shape than the call does."""
    sample = json.loads(path.read_text())
    if _SHAPES & {name for name, _ in sample["request"]["query"]}:
        return None
    body = base64.b64decode(sample["body_base64"]) if "body_base64" in sample else sample["body"].encode()
    return Response(sample["status"], Headers([(name, value) for name, value in sample["headers"]]), body)


@pytest.mark.parametrize("row", sorted(set(_answers()) & set(_BY_ROW)))
def test_recorded_answers_have_their_types(row: str) -> None:
    call = _BY_ROW[row]
    operation, shape = call.operation(), returned_type(call.definition.build)
    wrong: dict[str, list[str]] = {}
    for path in _answers()[row]:
        response = _response(path)
        if response is None or response.status not in operation.answers:
            continue
        with suppress(NotFound, TransactionFailed, Forbidden):
            if found := list(differences(operation.decode(response), shape)):
                wrong[path.name] = found[:8]
    assert wrong == {}


class _Inner(TypedDict):
    number: int


class _Outer(TypedDict, total=False):
    inner: _Inner
    names: list[str] | None


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({}, []),
        ({"inner": {"number": 1}, "names": None}, []),
        ({"inner": {}}, ["value.inner.number: missing, but required in _Inner"]),
        ({"inner": {"number": True}}, ["value.inner.number: bool is not <class 'int'>"]),
        ({"names": ["a", 1]}, ["value.names[1]: int is not <class 'str'>"]),
        ({"other": 1}, ["value.other: not declared in _Outer"]),
        ([], ["value: list is not a _Outer"]),
    ],
)
def test_differences(value: Any, wrong: list[str]) -> None:
    assert list(differences(value, _Outer)) == wrong
