"""Threads for short calls: a bounded number, started when there is work, and ended together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

Job: TypeAlias = Callable[[], object]


class Workers:
    """At most this many threads, which run jobs in the order in which they came. A job must not raise.

    most: the number of threads. name: what they are called.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._count = 0
        self._threads: list[threading.Thread] = []
        #: The jobs that wait or run.
        self._open = 0

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads that were started, which end after `end`."""
        return list(self._threads)

    @property
    def is_idle(self) -> bool:
        """Whether no job waits or runs."""
        return self._open == 0

    def submit(self, job: Job) -> None:
        """Run a job in one of the threads."""
        with self._lock:
            self._open += 1
            starts = self._open > self._count and self._count < self._most
            self._count += starts
            jobs = self._jobs
        jobs.put(job)
        if starts:
            thread = threading.Thread(target=self._run, args=(jobs,), name=self._name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, jobs: SimpleQueue[Job | None]) -> None:
        while (job := jobs.get()) is not None:
            try:
                job()
            finally:
                with self._lock:
                    self._open -= 1

    def end(self) -> None:
        """End the threads, each after the job that it runs. A later job starts new ones."""
        with self._lock:
            jobs, count = self._jobs, self._count
            self._jobs, self._count = SimpleQueue(), 0
            self._threads = [thread for thread in self._threads if thread.is_alive()]
        for _ in range(count):
            jobs.put(None)
