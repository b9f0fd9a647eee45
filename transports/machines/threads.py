"""The shell for threads: one scheduler thread for all machines of a client, a few workers for calls, and a thread for each blocking query.

One thread at a time takes the steps of machines: the scheduler, or a worker whose call has just ended.
The number of threads does not depend on the number of machines: while all of them hold something, there are at most
1 + `WORKERS` + `MOST_HELD`. Those that wait may have some more blocking queries, one for each thing that they wait for.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from consul_proto.errors import ConsulateException, NoConnectionFree, RequestTimeout
from consul_proto.recipes.machine import Answered, Failed
from transports.cancel import Cancel
from transports.clients.fork import renew_after_fork
from transports.log import failure
from transports.machines.clocks import due
from transports.machines.runs import Call, Queries, Query, Run, report, shareable
from transports.machines.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consul_proto.message import Response
    from consul_proto.meta import Reply
    from consul_proto.recipes.machine import Effect, Event, Machine
    from transports.machines.clocks import MachineClock

E = TypeVar("E")

#: The most threads for calls that are answered at once, and the most blocking queries of machines that hold something.
WORKERS, MOST_HELD = 4, 3

#: The least seconds that a call gets which had to wait for a worker.
_LEAST = 0.001

#: The most seconds that closing waits for threads that are about to end.
_MOMENT = 1.0


def event_of(call: Call, perform: Callable[[], Any]) -> Event:
    """Return the event for the end of a call. perform: returns its reply, or raises ConsulateException."""
    try:
        return Answered(call.send.name, perform())
    except ConsulateException as error:
        return Failed(call.send.name, error)


class ThreadRun(Run[E]):
    """A machine that a `ThreadShell` drives. Any thread may call `stop` and `wait`."""

    def __init__(self, shell: ThreadShell, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> None:
        super().__init__(shell, machine, perform, tell)
        self._shell = shell
        #: What wakes each thread that waits, and what it waits for.
        self._waiting: dict[threading.Event, Callable[[], object]] = {}
        #: For when the shell will look at the machine.
        self.planned: float | None = None

    def now(self) -> float:
        """Return the time of the machine's clock."""
        return self._shell.now()

    def open(self) -> None:
        """Begin."""
        self._shell.add(self)

    def stop(self) -> None:
        """Tell the machine that its user is done. It goes on until everything is given back."""
        if not self.is_over:
            self._shell.post(self, self.request_stop)

    def give(self, step: Callable[[], Sequence[Effect[E]]]) -> None:
        """Let the machine take something from its user, in a thread of the shell: a method of the machine, with its argument.

        While all workers are busy, the one that is free first does this.
        """
        self._shell.post(self, lambda: self.hand(step), is_urgent=False)

    def wait(self, is_ready: Callable[[], object], timeout: float | None = None) -> bool:
        """Wait until something is so, the machine is over, or the time is over. Return whether it is so.

        timeout: seconds of the machine's clock. is_ready: called after each step of the machine, in the shell's threads too; it must change
        nothing.
        Raises what broke the shell, and RuntimeError in a thread of the shell itself, which would wait for ever.
        """
        if is_ready():
            return True
        if self._shell.is_own_thread():
            raise RuntimeError("a callback of a recipe must not wait for recipes: its thread drives them; let another thread do it")
        until = due(self.now, timeout)
        with self._woken(is_ready) as woken:
            while not is_ready():
                if self.failure is not None:
                    raise self.failure
                if self.is_over or (until is not None and self.now() >= until):
                    return bool(is_ready())
                self._shell.clock.wait(woken, until)
                woken.clear()
        return True

    def wait_until_over(self, timeout: float | None = None) -> None:
        """Wait until the machine is over, or the time is over. A virtual clock moves on while this waits."""
        if not self._shell.clock.is_virtual:
            self.wait(lambda: False, timeout)
            return
        end = due(self.now, timeout)
        self._shell.clock.settle()
        while not self.is_over and (end is None or self.now() < end):
            if (until := self._shell.next_deadline()) is not None:
                self._shell.clock.sleep(max(0.0, until - self.now()))
            self._shell.clock.settle()

    @contextmanager
    def _woken(self, is_ready: Callable[[], object]) -> Iterator[threading.Event]:
        """Give an event that is set after a step of the machine, if something is so then, or nothing will happen any more."""
        woken = threading.Event()
        self._waiting[woken] = is_ready
        try:
            yield woken
        finally:
            self._waiting.pop(woken, None)  # in a forked process it is gone

    def notify(self) -> None:
        """Wake the threads that have a reason to wake: a thread that wakes in vain costs as much as a step."""
        for woken, is_ready in self._waiting.copy().items():
            try:
                is_needed = self.is_over or is_ready()
            except Exception:  # the thread that waits will raise it
                is_needed = True
            if is_needed:
                woken.set()

    def abandon(self) -> None:
        """In a forked process: nothing is held here, and nothing will happen any more."""
        self.is_over = True
        self.held_until = None
        self.calls = {}
        self._waiting = {}


class ThreadShell:
    """Drives any number of machines on one client. Its threads exist while there are machines.

    clock: of the machines. is_cancellable: whether the client's transport can cancel a call. queries: the blocking queries.
    workers: the most threads for calls that are answered at once.
    """

    def __init__(self, clock: MachineClock, queries: Callable[[], Queries], *, is_cancellable: bool, workers: int = WORKERS) -> None:
        self.clock = clock
        self._most_workers = workers
        self.now = clock.now
        self._new_queries = queries
        self._is_cancellable = is_cancellable
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        #: Held by the thread that takes steps.
        self._stepping = threading.Lock()
        self._woken = threading.Event()
        self._runs: set[ThreadRun[Any]] = set()
        self._inbox: deque[tuple[ThreadRun[Any] | None, Callable[[], object]]] = deque()
        #: (when a run is due, a number that orders equal ones, the run). Only the entry that is planned counts.
        self._due: list[tuple[float, int, ThreadRun[Any]]] = []
        self._order = count()
        self._thread: threading.Thread | None = None
        #: The last one that was started, which may be about to end.
        self._last_thread: threading.Thread | None = None
        self._is_waiting = False
        #: The calls that a worker makes or will make.
        self._in_flight = 0
        self._workers = Workers(self._most_workers, "consul-recipes-call")
        #: The threads of blocking queries.
        self._asking: list[threading.Thread] = []
        self._queries = self._new_queries()

    def after_fork(self) -> None:
        """In the child: every machine belongs to the parent. Nothing is sent."""
        runs = self._runs
        self._renew()
        for run in runs:
            run.abandon()

    # For any thread.

    def new(self, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> ThreadRun[E]:
        """Return what drives a machine, once it is open. tell: gets the machine's events, in a thread of the shell."""
        return ThreadRun(self, machine, perform, tell)

    def add(self, run: ThreadRun[Any]) -> None:
        """Begin to drive a machine."""
        with self._lock:
            self._runs.add(run)
            self._inbox.append((run, run.begin))
            if self._thread is None:
                self._thread = self._last_thread = threading.Thread(target=self._schedule, name="consul-recipes", daemon=True)
                self._thread.start()
        self._woken.set()

    def post(self, run: ThreadRun[Any] | None, step: Callable[[], object], *, is_urgent: bool = True) -> None:
        """Let the shell take a step, in the scheduler's thread or in a worker's.

        run: whose machine it concerns. is_urgent: False leaves it to the next worker whose call ends, if all workers are busy.
        """
        self._inbox.append((run, step))
        # A call that is counted has not ended yet, and its worker looks into the inbox when it ends.
        if is_urgent or self._in_flight < self._most_workers:
            self._woken.set()

    def join(self) -> None:
        """Wait until the threads have ended, once all machines are over."""
        for thread in self._threads():
            thread.join()

    def close(self) -> None:
        """Wait a moment until the threads have ended, once the transport is closed; not if a machine goes on.

        A program may end next, and Python 3.11 can crash if it ends at the moment when a daemon thread does.
        """
        with self._lock:
            if self._runs or self.is_own_thread():
                return
        end = monotonic() + _MOMENT
        for thread in self._threads():
            thread.join(max(0.0, end - monotonic()))

    def _threads(self) -> list[threading.Thread]:
        last = [] if self._last_thread is None else [self._last_thread]
        return [*last, *self._workers.threads, *self._asking]

    def is_own_thread(self) -> bool:
        """Return whether this thread belongs to a shell."""
        return threading.current_thread().name.startswith("consul-recipes")

    def next_deadline(self) -> float | None:
        """Return when the first machine is due."""
        with self._lock:
            return self._due[0][0] if self._due else None

    def is_settled(self) -> bool:
        """Return whether the shell has done everything that is due, and waits."""
        with self._lock:
            if self._thread is None:
                return True
            is_due = bool(self._due) and self._due[0][0] <= self.now()
            return self._is_waiting and self._workers.is_idle and not (self._inbox or self._woken.is_set() or is_due)

    # For the thread that takes steps.

    def _schedule(self) -> None:
        while True:
            self._woken.clear()
            with self._stepping:
                self._work()
            if self._inbox:
                continue  # a worker posted it, and left it to the thread that took steps
            with self._lock:
                if not (self._runs or self._inbox):
                    self._thread = None
                    self._workers.end()
                    return
                until = self._due[0][0] if self._due else None
                self._is_waiting = True
            self._wait(until)
            self._is_waiting = False

    def _wait(self, until: float | None) -> None:
        """Wait until somebody sets `_woken`, or the time has come."""
        self.clock.wait(self._woken, until)

    def _finish(self, call: Call, event: Event) -> None:
        """Report the end of a call, in the worker's thread: unless another thread takes steps, it takes all that were posted."""
        run: Any = call.run
        self._inbox.append((run, lambda: run.finish(call, event)))
        stepping = self._stepping  # a step may fork, and the child gets another
        while self._inbox and stepping.acquire(blocking=False):
            try:
                planned = self.next_deadline()
                self._work()
                if not self._runs or self.next_deadline() != planned:
                    self._woken.set()  # the scheduler waits for another moment now, or ends
            finally:
                stepping.release()

    def _work(self) -> None:
        """Do what was posted and what is due, until there is nothing left."""
        while True:
            if self._inbox:
                self._step(*self._inbox.popleft())
                continue
            with self._lock:
                if not self._due or self._due[0][0] > self.now():
                    return
                planned, _, run = heapq.heappop(self._due)
            if planned == run.planned:
                run.planned = None
                self._step(run, run.advance)

    def _step(self, run: Any, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # one broken machine must not stop the others
            failure("a recipe ends: it could not be driven")
            if run is None:
                return
            run.fail(error)
        if run is not None:
            self._after(run)

    def _after(self, run: ThreadRun[Any]) -> None:
        deadline = None if run.is_over else run.machine.next_deadline()
        with self._lock:
            if run.is_over:
                self._runs.discard(run)
            if deadline is not None and deadline != run.planned:
                heapq.heappush(self._due, (deadline, next(self._order), run))
            run.planned = deadline
        run.notify()
        for call in run.take_followers():
            self._ask_again(call)

    def _ask_again(self, call: Call) -> None:
        """Begin a blocking query again for a call that is in flight."""
        refused = self.send(call)
        if refused is not None:
            run: Any = call.run
            self._step(run, lambda: run.finish(call, refused))

    # What a run asks for.

    def send(self, call: Call) -> Event | None:
        """Begin a call. Return its failure, if it cannot begin."""
        call.handle = Cancel() if self._is_cancellable else None
        if not call.send.may_block:
            with self._lock:
                self._in_flight += 1
            self._begin(call)
            return None
        query = self._queries.join(call)
        if isinstance(query, NoConnectionFree):
            return Failed(call.send.name, query)
        if len(query.calls) == 1:
            query.handle = call.handle
            thread = threading.Thread(target=self._ask, args=(query, call), name="consul-recipes-query", daemon=True)
            thread.start()
            self._asking = [*(each for each in self._asking if each.is_alive()), thread]
        return None

    def _begin(self, call: Call) -> None:
        """Begin a call that is answered at once."""
        self._workers.submit(lambda: self._call(call, lambda: self._perform_in_time(call)))

    def cancel(self, call: Call) -> None:
        """Cancel a call. One that waits for a worker is never sent."""
        if call.query is None:
            call.until = float("-inf")
            handle = call.handle
        else:
            handle = call.query.handle if self._queries.leave(call) else None
        if handle is not None:
            handle.set()

    # For the other threads.

    def _perform(self, call: Call, operation: Any, timeout: float, handle: Cancel | None) -> Any:
        options = {} if handle is None else {"cancel": handle}
        return call.run.perform(operation, timeout=timeout, retry=False, **options)

    def _perform_in_time(self, call: Call) -> Any:
        left = call.until - self.now()
        if left <= 0:
            raise RequestTimeout("the call waited for others until its time limit; nothing was sent", maybe_applied=False)
        return self._perform(call, call.send.operation, max(left, _LEAST), call.handle)

    def _call(self, call: Call, perform: Callable[[], Any]) -> None:
        run: Any = call.run
        try:
            event = event_of(call, perform)
        except BaseException as error:
            self._count_end()
            self.post(run, lambda error=error: run.fail(error))  # type: ignore[misc] # bound early: Python forgets the name
            return
        self._count_end()
        self._finish(call, event)

    def _count_end(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def _ask(self, query: Query, first: Call) -> None:
        try:
            result: Reply[Response] | ConsulateException = self._perform(
                first, shareable(first.send.operation), first.send.timeout, query.handle
            )
        except ConsulateException as error:
            result = error
        except BaseException as error:
            self.post(None, lambda error=error: self._break(query, error))  # type: ignore[misc] # bound early: Python forgets the name
            return
        self.post(None, lambda: self._answer(query, result))

    def _answer(self, query: Query, result: Reply[Response] | ConsulateException) -> None:
        report(self._queries.end(query), result, self._step)

    def _break(self, query: Query, error: BaseException) -> None:
        for call in self._queries.end(query):
            run: Any = call.run
            self._step(run, lambda run=run: run.fail(error))  # type: ignore[misc] # bound early
