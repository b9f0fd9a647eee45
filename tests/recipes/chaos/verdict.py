"""Judge the log of a run: whether two held the lock at once, whether fencing tokens grow, whether everybody got it. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.recipes.chaos.records import OFFICIAL, Record


@dataclass(slots=True)
class Hold:
    """Somebody's time with the lock. left: when its block ended; None: the log does not say. pauses: when its process was stopped.

    believed: see `Record`; infinite until the log says something.
    """

    who: str
    pid: int
    entered: float
    token: int | None
    left: float | None = None
    believed: float | None = float("inf")
    lost: str = ""
    pauses: list[tuple[float, float]] = field(default_factory=list)

    @property
    def is_official(self) -> bool:
        """Return whether the official `consul lock` held it."""
        return self.who.startswith(OFFICIAL)

    @property
    def is_real(self) -> bool:
        """Return whether its holder believed in it at all: one that was stopped at once saw the loss before anything else."""
        return self.is_official or self.believed is not None

    @property
    def until(self) -> float:
        """Return when it ended.

        A process that was stopped can do nothing about what it began before; it counts until it saw for the last time that it was not lost.
        """
        left = float("inf") if self.left is None else self.left
        return left if self.believed is None or not self.pauses else min(left, self.believed)

    def __str__(self) -> str:
        end = "?" if self.left is None else f"{self.left:.3f}"
        return f"{self.who} ({self.entered:.3f} to {end}, token {self.token})"


@dataclass(slots=True)
class Verdict:
    """What a log shows. violations: what must not happen. official: overlaps because `consul lock` left late.

    windows: for each of our holders that was stopped and lost the lock, for how many seconds it was in its block after it was resumed.
    errors, official_errors: what contenders were told, and how often.
    """

    holds: list[Hold]
    violations: list[str] = field(default_factory=list)
    official: list[str] = field(default_factory=list)
    windows: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    official_errors: Counter[str] = field(default_factory=Counter)


def find_holds(records: Iterable[Record], violations: list[str]) -> list[Hold]:
    """Return the times with the lock, in the order in which they began. What makes no sense is added to the violations."""
    holds: list[Hold] = []
    inside: dict[str, Hold] = {}
    for record in sorted(records, key=lambda record: record.at):
        if record.what == "enter":
            if record.who in inside:
                violations.append(f"{record.who} entered twice, at {record.at:.3f} and before")
            inside[record.who] = Hold(record.who, record.pid, record.at, record.token)
            holds.append(inside[record.who])
        elif record.what == "leave" and record.who not in inside:
            violations.append(f"{record.who} left at {record.at:.3f}, but never entered")
        elif record.what in ("leave", "ended") and record.who in inside:
            hold = inside.pop(record.who)
            hold.left, hold.lost = record.at, record.text
            hold.believed = record.believed if record.what == "leave" else hold.believed
            hold.token = record.token if hold.token is None else hold.token
    violations += [f"{hold} never left" for hold in inside.values()]
    return holds


def add_pauses(holds: Iterable[Hold], records: Iterable[Record]) -> None:
    """Note on each time with the lock when its process was stopped in it."""
    stopped: dict[int, float] = {}
    pauses: list[tuple[int, float, float]] = []
    for record in records:
        if record.what == "paused":
            stopped[record.pid] = record.at
        elif record.what == "resumed":
            pauses.append((record.pid, stopped.pop(record.pid), record.at))
    pauses += [(pid, at, float("inf")) for pid, at in stopped.items()]
    for hold in holds:
        hold.pauses = [(a, b) for pid, a, b in pauses if pid == hold.pid and hold.entered < b and (hold.left is None or a < hold.left)]


def find_overlaps(holds: Iterable[Hold], limit: int = 1) -> list[tuple[Hold, Hold]]:
    """Return the overlaps: a holder, and one that came while `limit` others, this holder among them, still held."""
    found: list[tuple[Hold, Hold]] = []
    inside: list[Hold] = []
    for hold in sorted(holds, key=lambda hold: hold.entered):
        inside = [other for other in inside if other.until > hold.entered]
        if len(inside) >= limit:
            found += [(other, hold) for other in inside]
        inside.append(hold)
    return found


def find_small_tokens(holds: Iterable[Hold]) -> list[str]:
    """Return what is wrong with the fencing tokens: each must be larger than all before."""
    wrong: list[str] = []
    largest: Hold | None = None
    for hold in sorted(holds, key=lambda hold: hold.entered):
        if hold.token is None:
            continue
        if largest is not None and largest.token is not None and hold.token <= largest.token:
            wrong.append(f"the fencing token of {hold} is not larger than that of {largest}")
        else:
            largest = hold
    return wrong


def find_late_beliefs(holds: Iterable[Hold], ttl: float) -> list[str]:
    """Return who was stopped for longer than the TTL, and did not see the loss as the first thing after that."""
    return [
        f"{hold} was stopped from {paused:.3f} to {resumed:.3f}, and still believed that it held the lock at {hold.believed:.3f}"
        for hold in holds
        for paused, resumed in hold.pauses
        if resumed - paused > ttl and hold.believed is not None and hold.believed >= resumed and not hold.is_official
    ]


def judge(records: Sequence[Record], *, ttl: float, expected: Iterable[str], limit: int = 1) -> Verdict:
    """Judge a log.

    ttl: of our sessions, in seconds. expected: who must get the lock after the record "calm". limit: how many may hold at once.
    """
    verdict = Verdict([])
    violations = verdict.violations
    holds = verdict.holds = find_holds(records, violations)
    add_pauses(holds, records)
    real = [hold for hold in holds if hold.is_real]
    for early, late in find_overlaps(real, limit):
        where = verdict.official if early.is_official else violations
        where.append(f"{early} was still there when {late} entered")
    violations += find_small_tokens(real) + find_late_beliefs(holds, ttl)
    for hold in holds:
        if hold.lost and hold.left is not None and not hold.is_official:
            verdict.windows += [hold.left - resumed for _, resumed in hold.pauses]
        if hold.token is None and not hold.is_official:
            violations.append(f"{hold} has no fencing token")
    calm = max((record.at for record in records if record.what == "calm"), default=None)
    if calm is None:
        violations.append('the log has no record "calm": the run did not end')
    else:
        late_ones = {hold.who for hold in real if hold.entered >= calm}
        violations += [f"{who} did not get the lock after the faults had ended" for who in expected if who not in late_ones]
    for record in records:
        if record.what == "error":
            (verdict.official_errors if record.who.startswith(OFFICIAL) else verdict.errors)[record.text] += 1
    return verdict
