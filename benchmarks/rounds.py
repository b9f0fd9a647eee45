"""Run a part: start a worker for each line, let all make their calls in turn, round after round, and compare the medians.

A figure counts when both cores were quiet before and after (benchmarks/gauge.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from statistics import fmean

from benchmarks.gauge import Gauge
from benchmarks.parts import Line, Part
from benchmarks.peers import Missing
from benchmarks.processes import Site, Worker
from benchmarks.results import Result

#: The share of a piece that is made before the first round, and not counted.
_WARM_UP = 0.5


def _start(line: Line, site: Site, calls: int, longest: float) -> tuple[Worker, int]:
    """Start the worker of a line, check what its calls return, and warm it up. Return it, and its calls in a piece. Raises Missing."""
    worker = site.start(line.client)
    try:
        if line.result is not None:
            result = worker.ask(line.case, check=True)["result"]
            assert result == line.result, f"{line.name} returned {result!r}, not {line.result!r}"
        wall = worker.ask(line.case, calls=max(int(calls * _WARM_UP), 1))["wall"] / 1e6
    except BaseException:
        worker.close()
        raise
    return worker, max(int(min(calls, longest / wall)), 1)


def _measure(worker: Worker, case: str, site: Site, calls: int) -> dict[str, float]:
    served = site.server.cpu()
    figures = worker.ask(case, calls=calls)
    served = (site.server.cpu() - served) / (figures["wall"] * calls / 1e6)
    return {"cpu": figures["cpu"], "wall": figures["wall"], "server": served}


def _round(gauge: Gauge, measure: Callable[[], dict[str, float]], pieces: int) -> dict[str, float]:
    """Return the figures of a round of one line: the means of its pieces, each measured at a quiet moment."""
    measured = [gauge.quietest(measure) for _ in range(pieces)]
    means = {name: fmean(piece[name] for piece in measured) for name in measured[0]}
    return means | {"rate": 1e6 / means["wall"]}


def run(part: Part, site: Site, gauge: Gauge, rounds: int, calls: int, versions: dict[str, str]) -> Result:
    """Return the table of a part. calls: in a piece of a round, at most. versions: where the versions of the libraries are put."""
    result = Result(part.name, part.title, part.measures)
    with ExitStack() as stack:
        workers: list[tuple[str, str, Worker, int]] = []
        for line in part.lines:
            try:
                worker, number = _start(line, site, calls, part.longest)
            except Missing as why:
                result.drop(line.name, str(why))
                continue
            stack.enter_context(closing(worker))
            versions.update(worker.versions)
            workers.append((line.name, line.case, worker, number))
        for turn in range(rounds):
            # Another one begins each time, so that none always follows the same other one.
            first = turn % len(workers) if workers else 0
            for name, case, worker, number in workers[first:] + workers[:first]:
                result.add(name, _round(gauge, partial(_measure, worker, case, site, number), part.pieces))
    result.taken = {line.name: result.taken[line.name] for line in part.lines if line.name in result.taken}
    if part.group != "memory" and result.taken:
        busiest = max(result.taken, key=lambda line: result.median(line, "server"))
        result.notes.append(f"the server was busy for at most {result.median(busiest, 'server'):.0%} of the time, with {busiest}")
    result.judge(part.targets)
    return result
