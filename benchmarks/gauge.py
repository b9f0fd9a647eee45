"""Whether the machine is quiet at this moment: how long a loop takes, beside the least that it has taken.

The load average does not tell: on a virtual machine, others use the same processor, and it can be slower by a half for a second.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from operator import itemgetter
from typing import TypeVar

from benchmarks.machine import on_core

T = TypeVar("T")

#: How much longer than at best the loop may take on a quiet machine.
_QUIET = 1.1

#: How many times the loop runs at first, to find its least time: about half a second.
_FIRST = 150

#: The loop: it makes objects and frees them, as calls do. About 3 ms.
_DOCUMENT = json.dumps([{"Key": f"bench/{number}", "Flags": number, "Value": "dg=="} for number in range(200)])
_TURNS = 20


def _time_loop() -> float:
    begun = time.perf_counter()
    for _ in range(_TURNS):
        json.loads(_DOCUMENT)
    return time.perf_counter() - begun


class Gauge:
    """Looks at some cores. patience: for how many seconds it waits for a moment when they are quiet before and after a measurement.

    time_loop: returns the seconds that the loop takes. now: returns the time in seconds.
    """

    def __init__(
        self,
        *cores: int | None,
        patience: float,
        time_loop: Callable[[], float] = _time_loop,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cores, self._patience, self._time_loop, self._now = cores, patience, time_loop, now
        self._least = dict.fromkeys(cores, math.inf)
        self.measured = self.quiet = 0
        for _ in range(_FIRST if patience else 1):
            self.slowness()

    def slowness(self) -> float:
        """Return how many times longer than at best the loop takes now, on the slowest of the cores."""
        slowest = 1.0
        for core in self._cores:
            with on_core(core):
                taken = self._time_loop()
            self._least[core] = min(self._least[core], taken)
            slowest = max(slowest, taken / self._least[core])
        return slowest

    def quietest(self, measure: Callable[[], T]) -> T:
        """Wait until the cores are quiet, and measure, until they are quiet after it too. Return what was found then.

        When the patience is over, return what the quietest attempt found. Only the loop decides, never what was found.
        """
        end = self._now() + self._patience
        attempts: list[tuple[float, T]] = []
        while not attempts or (attempts[-1][0] > _QUIET and self._now() < end):
            before = self.slowness()
            while before > _QUIET and self._now() < end:
                before = self.slowness()
            found = measure()
            attempts.append((max(before, self.slowness()), found))
        slowness, found = min(attempts, key=itemgetter(0))
        self.measured += 1
        self.quiet += slowness <= _QUIET
        return found

    def __str__(self) -> str:
        return f"{self.quiet} of {self.measured} figures were measured on a quiet machine: a loop took at most {_QUIET:g}x its least time"
