"""When to try again, and after how long: full-jitter backoff inside the call's time budget.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter": a random share of a doubling ceiling).
The caller brings the random number; nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a request is sent again, and how often.

    first, ceiling: the longest first pause, and the longest pause of all, in seconds. attempts: how often a request is sent in all.
    least: seconds that must be left after a pause; with less, another attempt would only turn a clear refusal into a timeout.
    """

    first: float = 0.1
    ceiling: float = 2.0
    attempts: int = 10
    least: float = 0.1

    def pause(self, attempt: int, share: float, left: float | None) -> float | None:
        """Return the seconds to sleep after the failed attempt number `attempt` (1 is the first), or None to give up.

        share: a random number from 0 to 1. left: seconds that the call's time budget still has, None where it is unlimited.
        """
        if attempt >= self.attempts:
            return None
        pause = min(self.ceiling, self.first * 2 ** (attempt - 1)) * share
        return pause if left is None or pause + self.least <= left else None


DEFAULT_BACKOFF = Backoff()
