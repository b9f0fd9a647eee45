"""Strategies for fault plans and for interleavings. Both shrink to fewer and earlier events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from consulate.testing.programs import Interleaving, Pass
from transports.faults.plans import Delay, Drop, Duplicate, Fault, FaultPlan, LeaderChange, Leaderless, Limited, Reset, Stale, Truncate

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from transports.faults.plans import Kind

#: Delays in seconds, some shorter and some longer than a client's default time limit of 10.
_DELAYS = (0.1, 1.0, 5.0, 20.0)

#: Steps of the clock in seconds: a short one, the shortest TTL, twice that, that plus a lock delay, a blocking query's default wait.
_PASSES = (1.0, 10.0, 20.0, 60.0, 300.0)

#: The most turns of one program in a row.
_STINT = 4


def faults() -> SearchStrategy[Fault]:
    """Return a strategy for one fault of `consulate.testing.faults`."""
    kinds: list[SearchStrategy[Fault]] = [
        st.builds(Drop, st.sampled_from(("refused", "timeout"))),
        st.builds(Reset, applied=st.booleans(), idle=st.booleans()),
        st.builds(Delay, st.sampled_from(_DELAYS), st.sampled_from(("request", "answer"))),
        st.builds(Duplicate, st.sampled_from(("second", "first"))),
        st.builds(Truncate, st.integers(0, 20), st.booleans()),
        st.builds(Stale, st.integers(1, 3)),
        st.just(Leaderless()),
        st.just(Limited()),
        st.builds(LeaderChange, st.sampled_from((0.5, 5.0))),
    ]
    return st.one_of(kinds)


def fault_plans(
    of: Kind = "all", *, among: Sequence[Fault] | None = None, max_requests: int = 12, path: str = "/"
) -> SearchStrategy[FaultPlan]:
    """Return a strategy for plans of the first requests of a client.

    among: the faults to choose from; None: `faults()`. max_requests: the longest plan. of, path: see `FaultPlan`.
    """
    return _plans(faults() if among is None else st.sampled_from(list(among)), of, max_requests, path)


# A composite, so that Hypothesis shows the plan's own repr.
@st.composite
def _plans(draw: st.DrawFn, one: SearchStrategy[Fault], of: Kind, max_requests: int, path: str) -> FaultPlan:
    plan = draw(st.lists(st.none() | one, max_size=max_requests))
    while plan and plan[-1] is None:
        plan = plan[:-1]
    return FaultPlan(plan, of=of, path=path)


def interleavings(programs: int = 2, *, max_stints: int = 8, passes: Sequence[float] = _PASSES) -> SearchStrategy[Interleaving]:
    """Return a strategy for interleavings of this many programs.

    max_stints: the most stints; in a stint, one program gets a few turns in a row. passes: the seconds that may pass after a stint; () for
    none. Raises ValueError for less than one program.
    """
    if programs < 1:
        raise ValueError(f"programs must be 1 or more, not {programs}")
    return _interleavings(programs, max_stints, [None, *(Pass(seconds) for seconds in passes)])


# Stints instead of single turns: bugs show when a program runs for a while, stops, and goes on after others have run. Turns that are chosen
# one by one rarely form that pattern.
@st.composite
def _interleavings(draw: st.DrawFn, programs: int, max_stints: int, passes: Sequence[Pass | None]) -> Interleaving:
    stint = st.tuples(st.integers(1, programs - 1) if programs > 2 else st.just(1), st.integers(0, _STINT), st.sampled_from(passes))
    turns: list[int | Pass] = []
    number = 0
    for other, length, passed in draw(st.lists(stint, min_size=min(2, max_stints), max_size=max_stints)):
        turns += [number] * length
        if passed is not None:
            turns.append(passed)
        number = (number + other) % programs
    return Interleaving(*turns)
