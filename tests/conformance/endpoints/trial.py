"""A trial: one call of an endpoint on an agent, with its main success or its main error.

    @succeeds("acl.policy.create")
    async def make_a_policy(client: Any, world: World) -> None:
        ...

Each file `try_<group>.py` in this folder holds the trials of a group; they are found by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal, TypeVar

from tests.conformance.table import Check
from tests.proto.manifest import ROWS

#: Where a trial runs: on real agents of these versions, and on the simulator (`consulate dev` and the agent in memory).
Place = Literal["1.8.7", "1.22.5", "simulator"]

Outcome = Literal["success", "error"]


@dataclass(frozen=True)
class Trial:
    """endpoint: its id in the manifest. not_on: place -> the reason why the trial cannot run there."""

    endpoint: str
    outcome: Outcome
    check: Check
    not_on: Mapping[Place, str] = field(default_factory=dict)

    def reason_not_to_run(self, place: str) -> str | None:
        """Return why the trial cannot run at a place; None if it can."""
        return next((reason for where, reason in self.not_on.items() if where == place), None)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.check.__name__}".replace("_", " ")


TRIALS: list[Trial] = []

#: (endpoint, outcome) -> the reason why no agent of the tests can show it.
UNTRIED: dict[tuple[str, Outcome], str] = {
    ("catalog.datacenters", "error"): "it needs no rights and takes no datacenter",
}

#: (endpoint, outcome) -> the module whose tests show it on real agents of their own, since the agent of the trials cannot.
TRIED_APART: dict[tuple[str, Outcome], str] = {}

#: The modules with such tests.
_APART = ("test_special_agents", "test_two_agents")

_Test = TypeVar("_Test", bound=Callable[..., None])


def tries(*endpoints: str) -> Callable[[_Test], _Test]:
    """Mark a test on agents of its own, which shows the main success of these endpoints."""

    def mark(test: _Test) -> _Test:
        for endpoint in endpoints:
            assert endpoint in ROWS, endpoint
            TRIED_APART[endpoint, "success"] = test.__module__.rpartition(".")[2]
        return test

    return mark


def _adder(outcome: Outcome, endpoint: str, not_on: Mapping[Place, str] | None) -> Callable[[Check], Check]:
    assert endpoint in ROWS, endpoint

    def add(check: Check) -> Check:
        TRIALS.append(Trial(endpoint, outcome, check, not_on or {}))
        return check

    return add


def succeeds(endpoint: str, not_on: Mapping[Place, str] | None = None) -> Callable[[Check], Check]:
    """Add a trial of the main success of an endpoint."""
    return _adder("success", endpoint, not_on)


def fails(endpoint: str, not_on: Mapping[Place, str] | None = None) -> Callable[[Check], Check]:
    """Add a trial of the main error of an endpoint."""
    return _adder("error", endpoint, not_on)


def load_trials() -> list[Trial]:
    """Return the trials of all files in this folder, and fill `TRIED_APART`."""
    for name in _APART:
        import_module(f"tests.conformance.{name}")
    for path in sorted(Path(__file__).parent.glob("try_*.py")):
        import_module(f"tests.conformance.endpoints.{path.stem}")
    return TRIALS


def parse_version(text: str) -> tuple[int, ...]:
    """Return a version ("1.22.5") as a tuple that can be compared."""
    return tuple(int(part) for part in text.split("."))


def has_endpoint(endpoint: str, version: str) -> bool:
    """Return whether an agent of this version has the endpoint, as the manifest says."""
    row = ROWS[endpoint]
    since, until = (parse_version(row[bound]) if row[bound] else None for bound in ("since", "until"))
    return (since is None or parse_version(version) >= since) and (until is None or parse_version(version) <= until)
