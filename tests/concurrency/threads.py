"""Threads that work at once and are joined; what fails in one fails the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

#: Seconds. A thread that does not end is a deadlock.
_PATIENCE = 60.0


class _ThreadRunner:
    """`run_in_threads(n, work)` calls work(0) to work(n - 1) in threads of their own, and returns when all ended."""

    def __call__(self, count: int, work: Callable[[int], None]) -> None:
        with self.background(count, work):
            pass

    @contextmanager
    def background(self, count: int, work: Callable[[int], None]) -> Iterator[None]:
        """The same, and meanwhile the block runs."""
        failures: list[BaseException] = []

        def run(number: int) -> None:
            try:
                work(number)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(number,), name=f"worker {number}", daemon=True) for number in range(count)]
        for thread in threads:
            thread.start()
        # Where the block fails, nobody answers what the threads wait for: they are left to end with the process.
        deadline = monotonic()
        try:
            yield
            deadline = monotonic() + _PATIENCE
        finally:
            for thread in threads:
                thread.join(max(deadline - monotonic(), 0.01))
        stuck = [thread.name for thread in threads if thread.is_alive()]
        assert not stuck, f"threads that never end: {stuck}"
        if failures:
            raise failures[0]


run_in_threads = _ThreadRunner()
