"""Write docs/coverage.md: each endpoint, its calls, and where the tests try it. With `--check`, only test whether the page is current."""

from __future__ import annotations

import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

from consul_proto.message import Response
from consulate import AsyncConsul, Consul
from tests.conformance.endpoints.trial import TRIED_APART, UNTRIED, Trial, has_endpoint, load_trials
from tests.proto.manifest import CALLS, ROWS, Call
from transports.memory import AsyncMemoryTransport, MemoryTransport

_PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"

#: Where the trials run: two versions of Consul, and the simulator, which emulates both.
_VERSIONS = ("1.8.7", "1.22.5")
_PLACES = (*_VERSIONS, "simulator")

_HEAD = """\
# The HTTP API and its calls

Each endpoint of Consul's HTTP API, and its calls in Consulate. *pure*, *sync* and *async* say whether `client.ops`, `Consul` and
`AsyncConsul` have the calls.

The last columns say where the test suite tries an endpoint, with the sync and the async client: on two versions of Consul, and on the
simulator (`consulate dev` and the in-memory agent, as both versions). *both*: the tests provoke its main success and its main error;
*success* or *error*: only this one; *not there*: this version does not have the endpoint. A number refers to the reasons below the table.
Endpoints of Consul Enterprise are tested against the requests and answers of its documentation.

`python -m scripts.coverage` generates this page from `tests/spec/endpoints.json` and from `tests/conformance/endpoints`.
"""


def _has(face: Any, call: Call) -> bool:
    try:
        attrgetter(call.name)(face)
    except AttributeError:
        return False
    return True


def _nothing(_request: object) -> Response:
    return Response(200)


class Reasons:
    """The reasons why an endpoint is not tried somewhere, numbered."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def mark(self, reason: str) -> str:
        """Return the number of a reason, as the table shows it."""
        return f"({self.numbers.setdefault(reason, len(self.numbers) + 1)})"


def _tried(row: dict[str, Any], place: str, trials: list[Trial], reasons: Reasons) -> str:
    if row["edition"] == "enterprise":
        return "Enterprise"
    if not any(has_endpoint(row["id"], version) for version in (_VERSIONS if place == "simulator" else [place])):
        return "not there"
    shown = [trial.outcome for trial in trials if trial.endpoint == row["id"] and not trial.reason_not_to_run(place)]
    apart = {outcome: module for (endpoint, outcome), module in TRIED_APART.items() if endpoint == row["id"]}
    shown += apart if place != "simulator" else []
    marks = [
        *(reasons.mark(reason) for trial in trials if trial.endpoint == row["id"] and (reason := trial.reason_not_to_run(place))),
        *(reasons.mark(reason) for (endpoint, _), reason in UNTRIED.items() if endpoint == row["id"]),
        *(reasons.mark(f"in tests/conformance/{module}.py, on real agents of its own") for module in apart.values()),
    ]
    word = "both" if {"success", "error"} <= {*shown} else next(iter(shown), "no")
    return " ".join([word, *dict.fromkeys(marks)])


def page() -> str:
    """Return the page."""
    trials, reasons = load_trials(), Reasons()
    faces = (
        Consul(transport=MemoryTransport(_nothing)).ops,
        Consul(transport=MemoryTransport(_nothing)),
        AsyncConsul(transport=AsyncMemoryTransport(_nothing)),
    )
    calls: dict[str, list[Call]] = {}
    for call in CALLS:
        calls.setdefault(call.row["id"], []).append(call)
    lines = [_HEAD, "| endpoint | calls | pure | sync | async | 1.8.7 | 1.22.5 | simulator |", "|---|---|---|---|---|---|---|---|"]
    for row in ROWS.values():
        own = calls.get(row["id"], [])
        names = ", ".join(f"`{call.name}`" for call in own) or "none"
        have = ["yes" if own and all(_has(face, call) for call in own) else "no" for face in faces]
        tried = [_tried(row, place, trials, reasons) for place in _PLACES]
        lines.append("| " + " | ".join([f"{row['id']} (`{row['method']} {row['path']}`)", names, *have, *tried]) + " |")
    called = sum(row in calls for row in ROWS)
    lines += ["", f"{called} of {len(ROWS)} endpoints have a call.", ""]
    lines += [f"{number}. {reason}" for reason, number in reasons.numbers.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(_PAGE.read_text() != page())
    _PAGE.write_text(page())
