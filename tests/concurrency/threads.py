"""Run threads at the same time and join them. An exception in a thread fails the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

#: Seconds until a thread that does not end counts as a deadlock.
_PATIENCE = 60.0


class _ThreadRunner:
    """`run_in_threads(n, work)` calls work(0) to work(n - 1), each in its own thread, and returns when all have ended."""

    def __call__(self, count: int, work: Callable[[int], None]) -> None:
        with self.background(count, work):
            pass

    @contextmanager
    def background(self, count: int, work: Callable[[int], None]) -> Iterator[None]:
        """Run the threads while the block runs."""
        failures: list[BaseException] = []

        def run(number: int) -> None:
            try:
                work(number)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(number,), name=f"worker {number}", daemon=True) for number in range(count)]
        for thread in threads:
            thread.start()
        # If the block fails, the threads may wait forever: they end with the process.
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
