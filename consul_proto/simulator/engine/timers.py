"""Timers in a heap, so that the next one is found quickly."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from itertools import count

#: Replaced entries are removed when there are more of them than valid ones, and more than this number.
_SPARE = 64


class Timers:
    """Timers by name, in seconds."""

    def __init__(self, times: Mapping[str, float] | None = None) -> None:
        self._times: dict[str, float] = dict(times or {})
        self._order = count()
        self._heap: list[tuple[float, int, str]] = []
        self._sift()

    def _sift(self) -> None:
        self._heap = [(time, next(self._order), name) for name, time in self._times.items()]
        heapq.heapify(self._heap)

    def __contains__(self, name: str) -> bool:
        return name in self._times

    def dump(self) -> dict[str, float]:
        """Return all timers, as JSON."""
        return dict(self._times)

    def set(self, name: str, time: float) -> None:
        """Set a timer, in the place of an earlier one."""
        self._times[name] = time
        heapq.heappush(self._heap, (time, next(self._order), name))
        if len(self._heap) > 2 * len(self._times) + _SPARE:
            self._sift()

    def drop(self, name: str) -> None:
        """Remove a timer."""
        self._times.pop(name, None)

    def first(self) -> float | None:
        """Return the time of the first timer."""
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[str]:
        """Remove the timers that have ended, and return their names in the order of their times."""
        ended: list[str] = []
        while (first := self.first()) is not None and first <= now:
            name = heapq.heappop(self._heap)[2]
            del self._times[name]
            ended.append(name)
        return ended
