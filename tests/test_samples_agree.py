"""The samples agree with tests/spec/endpoints.json: each recorded failure has a row, and each row that one agent can show has a sample."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.endpoints.trial import has_endpoint

_TESTS = Path(__file__).parent

#: The answers to wrong parameters that every call can get. The rows do not repeat them.
_EVERYWHERE = [
    {"status": 400, "when": "", "body": "Cannot specify ?stale with ?consistent, conflicting semantics."},
    {"status": 400, "when": "", "body": "Cannot specify ?cached with ?consistent, conflicting semantics."},
    {"status": 400, "when": "", "body": "Invalid wait time"},
    {"status": 400, "when": "", "body": "Invalid index"},
    {"status": 400, "when": "", "body": 'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature'},
]

#: Rows without a sample, by the beginning of their `when`, with the reason.
_NOT_RECORDED = {
    "no leader elected": "a single agent in development mode elects itself",
    "1.11 to 1.14": "neither version that is recorded",
    "1.15+: token vanished": "it would have to go between two steps of the agent",
    "1.22+: body without Content-Length": "a sample does not tell how its body was framed",
    "new configuration does not load": "the configuration of the agents stays valid",
    "CA signing rate limit": "a certificate authority signs 50 certificates a second before it refuses",
    "path leaves that of base_url": "an agent with a path_allowlist refuses the path before",
    "script check while script checks are off": "the agents of the tests have them on",
}


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads((_TESTS / "spec" / "endpoints.json").read_text())}


def _samples() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted((_TESTS / "samples").glob("*/*.json")):
        sample = json.loads(file.read_text())
        assert file.relative_to(_TESTS / "samples").as_posix() == f"{sample['operation']}/{sample['case']}.{sample['consul']}.json"
        found[sample["operation"]].append(sample)
    return found


_SAMPLES = _samples()


def _matches(error: dict[str, Any], sample: dict[str, Any]) -> bool:
    """Return whether a row of `errors` describes this sample. `<...>` in its text matches anything; JSON is compared on one line."""
    if error["status"] != sample["status"]:
        return False
    body = sample["body"]
    with suppress(ValueError):
        body = json.dumps(json.loads(body), ensure_ascii=False)
    if error["body"] == "":
        return body == "" or "body as for 200" in error["when"]
    pattern = ".*?".join(re.escape(literal) for literal in re.split(r"<[^>]*>", error["body"]))
    return re.search(pattern, body, re.DOTALL) is not None


def _is_of_an_agent_without_it(sample: dict[str, Any]) -> bool:
    """Return whether this is how an agent answers that does not have the endpoint."""
    return sample["status"] == 404 and not has_endpoint(sample["operation"], sample["consul"])


@pytest.mark.parametrize("operation", sorted(_SAMPLES))
def test_each_failure_that_was_recorded_has_a_row(operation: str) -> None:
    row = _rows()[operation]
    without = [
        (sample["case"], sample["consul"], sample["status"], sample["body"])
        for sample in _SAMPLES[operation]
        if sample["status"] not in row["ok"]
        and not _is_of_an_agent_without_it(sample)
        and not any(_matches(error, sample) for error in row["errors"] + _EVERYWHERE)
    ]
    assert without == []


@pytest.mark.parametrize("operation", sorted(_SAMPLES))
def test_each_row_that_one_agent_can_show_has_a_sample(operation: str) -> None:
    without = [
        error
        for error in _rows()[operation]["errors"]
        if not error["when"].startswith(tuple(_NOT_RECORDED)) and not any(_matches(error, sample) for sample in _SAMPLES[operation])
    ]
    assert without == []


@pytest.mark.parametrize("operation", sorted(row["id"] for row in _rows().values() if row["seed"]))
def test_each_documented_call_has_a_success_of_some_version(operation: str) -> None:
    assert any(sample["status"] in _rows()[operation]["ok"] for sample in _SAMPLES[operation])


@pytest.mark.parametrize("operation", sorted(_SAMPLES))
def test_both_versions_have_the_same_cases(operation: str) -> None:
    cases: dict[str, set[str]] = defaultdict(set)
    for sample in _SAMPLES[operation]:
        cases[sample["consul"]].add(sample["case"])
    assert len(cases) > 1
    assert len(set(map(frozenset, cases.values()))) == 1
