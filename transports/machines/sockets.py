"""A shell for threads whose scheduler also waits for the answers to calls: for all of them at once, by poll.

If a worker waited for each answer, each call would take two switches of threads.
"""

from __future__ import annotations

from functools import partial
from threading import current_thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from consul_proto.meta import Meta, Reply
from transports.machines.readiness import Readiness
from transports.machines.threads import ThreadShell, event_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.cancel import Cancel
    from transports.machines.clocks import MachineClock
    from transports.machines.runs import Call, Queries
    from transports.started import Started

_NO_META = Meta()


class SocketShell(ThreadShell):
    """A `ThreadShell` for calls that can be sent without waiting. Workers make the others, and retry.

    start: sends the request of an operation, or returns None if it must wait for that; see `transports.started`. The calls have the time
    limit of the client, and their replies have no headers.
    """

    def __init__(
        self,
        clock: MachineClock,
        queries: Callable[[], Queries],
        start: Callable[[object, Cancel], Started | None],
        *,
        workers: int,
    ) -> None:
        self._start = start
        super().__init__(clock, queries, is_cancellable=True, workers=workers)

    def _renew(self) -> None:
        super()._renew()
        self._sockets = self._woken = Readiness()
        #: The calls whose answers are awaited, by the descriptors of their sockets.
        self._started: dict[int, tuple[Call, Started]] = {}

    def after_fork(self) -> None:
        """In the child: every machine belongs to the parent."""
        inherited = self._sockets
        super().after_fork()
        inherited.close()

    def join(self) -> None:
        """Wait until the threads have ended, once all machines are over."""
        super().join()
        self._sockets.close()

    def _begin(self, call: Call) -> None:
        started = self._start(call.send.operation, call.handle) if self._sockets.open() else None
        if started is None:
            super()._begin(call)
        elif started.exchange.is_over:
            self._end(call, started)
        else:
            descriptor = started.exchange.descriptor
            self._started[descriptor] = call, started
            self._sockets.watch(descriptor, is_sending=started.exchange.is_sending)
            if current_thread() is not self._thread:
                self._woken.set()  # the scheduler waits without this socket

    def cancel(self, call: Call) -> None:
        """Cancel a call."""
        super().cancel(call)
        for descriptor, (one, started) in self._started.items():
            if one is call:
                self._forget(descriptor)
                self._count_end()
                started.exchange.give_up()
                return

    def _wait(self, until: float | None) -> None:
        deadlines = [started.exchange.deadline for _, started in list(self._started.values())]
        left = min(deadlines, default=float("inf")) - monotonic()
        ready = self._sockets.wait_for_any(left if until is None else min(left, until - self.now()))
        now = monotonic()
        for descriptor, (call, started) in list(self._started.items()):
            if descriptor in ready or started.exchange.deadline <= now:
                run: Any = call.run
                self._inbox.append((run, partial(self._advance, call, started)))

    def _advance(self, call: Call, started: Started) -> None:
        """Send and read what can be; end the call if it is over."""
        exchange, descriptor = started.exchange, started.exchange.descriptor
        if self._started.get(descriptor) != (call, started):
            return  # it was cancelled
        if exchange.deadline <= monotonic():
            exchange.expire()
        elif not exchange.advance():
            self._sockets.watch(descriptor, is_sending=exchange.is_sending)
            return
        self._forget(descriptor)
        self._end(call, started)

    def _forget(self, descriptor: int) -> None:
        del self._started[descriptor]
        self._sockets.forget(descriptor)

    def _end(self, call: Call, started: Started) -> None:
        """End a call whose exchange is over."""

        def perform() -> Reply[Any]:
            return Reply(started.result(), _NO_META)

        if started.needs_time:
            self._workers.submit(lambda: self._call(call, perform))
        else:
            self._count_end()
            call.run.finish(call, event_of(call, perform))
