"""The report of a run, for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tests.recipes.chaos.records import Record
from tests.recipes.chaos.verdict import Hold, Verdict

#: How many lines of one kind are shown.
_SHOWN = 12

#: What differs between errors of one kind, and how much of an error is shown.
_DIFFERS, _WIDTH = re.compile(r"[0-9a-f-]{36}|(?<![a-z])[0-9]{4,}"), 110


def _some(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"    and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [f"  {title}: {len(lines)}", *(f"    {line}" for line in lines[:_SHOWN]), *more]


def _kinds(holds: Sequence[Hold]) -> str:
    counted = Counter(hold.who.rsplit(" ", 1)[0] for hold in holds)
    return ", ".join(f"{count} by {kind}" for kind, count in sorted(counted.items()))


def _longest_gap(holds: Sequence[Hold]) -> str:
    """Return the longest time between two holders, and who held the lock before."""
    ordered = sorted(holds, key=lambda hold: hold.entered)
    gaps = [(late.entered - min(early.until, late.entered), early.who) for early, late in pairwise(ordered)]
    longest, who = max(gaps, default=(0.0, "nobody"))
    return f"{longest:.1f} s, after {who}"


def _grouped(errors: Counter[str]) -> list[str]:
    """Return the errors, most frequent first, without what differs each time: numbers and identifiers."""
    counted: Counter[str] = Counter()
    for text, count in errors.items():
        counted[_DIFFERS.sub("N", text)[:_WIDTH]] += count
    return [f"{count} x {text}" for text, count in counted.most_common()]


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
        f"  the longest time without a holder: {_longest_gap(verdict.holds)}",
    ]
    if verdict.windows:
        lines.append(
            f"  a stopped holder left its block at most {max(verdict.windows) * 1000:.0f} ms after it was resumed ({len(verdict.windows)})"
        )
    lines += _some("what ours were told", _grouped(verdict.errors))
    lines += _some("what `consul lock` was told", _grouped(verdict.official_errors))
    lines += _some("overlaps because `consul lock` left late", verdict.official)
    lines += _some("VIOLATIONS", verdict.violations) or ["  no violations: no overlap, tokens grow, everybody got the lock in the end"]
    return "\n".join(lines)
