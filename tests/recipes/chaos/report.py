"""The report of a run, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tests.recipes.chaos.records import Record
from tests.recipes.chaos.verdict import Hold, Verdict

#: How many lines of one kind are shown.
_SHOWN = 12


def _some(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"    and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [f"  {title}: {len(lines)}", *(f"    {line}" for line in lines[:_SHOWN]), *more]


def _kinds(holds: Sequence[Hold]) -> str:
    counted = Counter(hold.who.rpartition(" ")[0] for hold in holds)
    return ", ".join(f"{count} by {kind}" for kind, count in sorted(counted.items()))


def longest_gap(holds: Sequence[Hold]) -> float:
    """Return the longest time between two holders, in seconds."""
    ordered = sorted(holds, key=lambda hold: hold.entered)
    return max((late.entered - (early.left or late.entered) for early, late in pairwise(ordered)), default=0.0)


def as_text(title: str, records: Sequence[Record], verdict: Verdict) -> str:
    """Return the report."""
    killed = Counter(record.text.partition(",")[0] for record in records if record.what == "killed")
    ours = [hold for hold in verdict.holds if not hold.is_official]
    lost = [hold for hold in ours if hold.lost]
    stopped = [hold for hold in ours if hold.pauses]
    tokens = [hold.token for hold in verdict.holds if hold.token is not None]
    lines = [
        title,
        f"  killed: {', '.join(f'{what} {count} times' for what, count in sorted(killed.items())) or 'nothing'}",
        f"  held {len(verdict.holds)} times: {_kinds(verdict.holds)}",
        f"  of ours: {len(lost)} lost, {len(stopped)} stopped while they held it",
        f"  fencing tokens: {len(tokens)}, from {min(tokens, default=0)} to {max(tokens, default=0)}",
        f"  the longest time without a holder: {longest_gap(verdict.holds):.1f} s",
    ]
    if verdict.windows:
        lines.append(f"  a stopped holder left its block at most {max(verdict.windows) * 1000:.0f} ms after it was resumed ({len(verdict.windows)})")
    lines += _some("what contenders were told", [f"{count} x {text}" for text, count in verdict.errors.most_common()])
    lines += _some("overlaps because `consul lock` left late", verdict.official)
    lines += _some("VIOLATIONS", verdict.violations) or ["  no violations: no overlap, tokens grow, everybody got the lock in the end"]
    return "\n".join(lines)
