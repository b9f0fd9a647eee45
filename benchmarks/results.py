"""What a part of the benchmark found: medians, ratios, and whether what must hold holds; as text and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.parts import Target

_COLUMNS = {
    "cpu": "CPU us",
    "wall": "wall us",
    "rate": "calls/s",
    "peak": "peak MB",
    "rss": "RSS MB",
    "cpu_ms": "CPU ms",
    "wall_ms": "wall ms",
}


def _figure(number: float) -> str:
    """Return a figure as it is printed: a dash if it was not measured."""
    return "-" if number != number else f"{number:,.0f}" if number >= 1000 else f"{number:.1f}"


@dataclass
class Verdict:
    """A target, and the ratio that was found; None: a line of it is missing."""

    target: Target
    ratio: float | None

    @property
    def met(self) -> bool | None:
        """Whether the limit holds; None without a limit or a ratio."""
        if self.target.limit is None or self.ratio is None:
            return None
        return self.ratio >= self.target.limit if self.target.measure == "rate" else self.ratio <= self.target.limit

    @property
    def text(self) -> str:
        """What is compared."""
        ours = f"({self.target.ours} - {self.target.less})" if self.target.less else self.target.ours
        what = f"{ours} / {self.target.base}" if self.target.base else ours
        return what if self.target.measure in ("cpu", "rate") else f"{what} ({_COLUMNS[self.target.measure]})"

    @property
    def promise(self) -> str:
        """The limit, as text."""
        if self.target.limit is None:
            return ""
        return f"at {'least' if self.target.measure == 'rate' else 'most'} {self.target.limit:.2f}{'x' if self.target.base else ' us'}"


@dataclass
class Result:
    """The table of a part. taken: of each line and measure, the figures of the rounds. missing: why a line has none."""

    name: str
    title: str
    measures: tuple[str, ...]
    taken: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, line: str, figures: Mapping[str, float]) -> None:
        """Add the figures of a round."""
        for measure, figure in figures.items():
            self.taken.setdefault(line, {}).setdefault(measure, []).append(figure)

    def drop(self, line: str, reason: str) -> None:
        """Leave a line out."""
        self.taken.pop(line, None)
        self.missing[line] = reason

    def median(self, line: str, measure: str) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.taken[line][measure])

    def judge(self, targets: tuple[Target, ...]) -> None:
        """Compare the medians with the targets."""
        for target in targets:
            needed = [line for line in (target.ours, target.base, target.less) if line]
            ratio = None
            if all(line in self.taken for line in needed):
                ratio = self.median(target.ours, target.measure)
                ratio -= self.median(target.less, target.measure) if target.less else 0.0
                ratio /= self.median(target.base, target.measure) if target.base else 1.0
            self.verdicts.append(Verdict(target, ratio))

    def as_text(self) -> str:
        """Return the table as it is printed."""
        names = [*self.taken, *self.missing, *(verdict.text for verdict in self.verdicts)]
        width = max((len(name) for name in names), default=0) + 2
        lines = [self.title, f"  {'':{width}}" + "".join(f"{_COLUMNS[measure]:>12}" for measure in self.measures)]
        for name in self.taken:
            figures = [self.median(name, measure) for measure in self.measures]
            lines.append(f"  {name:{width}}" + "".join(f"{_figure(number):>12}" for number in figures))
        lines += [f"  {name:{width}}  missing: {reason}" for name, reason in self.missing.items()]
        if self.verdicts:
            lines.append(f"  {'':{width}}{'ratio':>12}  {'target':18}met")
        for verdict in self.verdicts:
            unit = "x" if verdict.target.base else ""
            ratio = "-" if verdict.ratio is None else f"{verdict.ratio:.2f}{unit}"
            met = {True: "yes", False: "NO", None: "" if verdict.target.limit is None else "unknown"}[verdict.met]
            lines.append(f"  {verdict.text:{width}}{ratio:>12}  {verdict.promise:18}{met}".rstrip())
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def as_json(self) -> dict[str, object]:
        """Return everything that was found, for `--json`."""
        return {
            "part": self.name,
            "title": self.title,
            "rounds": self.taken,
            "missing": self.missing,
            "ratios": [
                {
                    "ours": verdict.target.ours,
                    "base": verdict.target.base,
                    "less": verdict.target.less,
                    "measure": verdict.target.measure,
                    "ratio": verdict.ratio,
                    "limit": verdict.target.limit,
                    "met": verdict.met,
                }
                for verdict in self.verdicts
            ],
            "notes": self.notes,
        }
