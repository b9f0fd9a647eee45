"""Runs a user's programs against an agent in memory, one request at a time, in the order that a test says: the same each time.

A program is a function of a client, async or not. It is stopped at each request, and goes on when it gets a turn: what other programs do
in between, and how much time passes, is the test's choice. It begins with its first turn. An async program runs without an event loop: it
awaits its client, and `sleep`, and nothing else. A program that is not async runs in a thread of its own, of which only one runs at a time.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from consul_proto.errors import ConsulateException
from consul_proto.flow import sleep as _sleep
from consul_proto.message import Response
from consulate.client import AsyncConsul, Consul
from transports.faults import FaultPlan

if TYPE_CHECKING:
    from consul_proto.message import Request
    from consul_proto.simulator import Parked
    from consulate.testing.agent import ConsulAgent
    from transports.faults import Fault
    from transports.faulty import AsyncFaultyTransport, FaultyTransport
    from transports.simulated import SimulatedAgent

#: An async function of an AsyncConsul, or a function of a Consul.
Program = Callable[[AsyncConsul], Coroutine[Any, Any, object]] | Callable[[Consul], object]

#: Real seconds in which a program in a thread must come to its next request.
_PATIENCE = 60.0

#: How much may happen on the agent by itself until somebody goes on; a program that none of it wakes waits for ever.
_EVENTS = 10_000


@overload
def sleep(consul: Consul, seconds: float) -> None: ...
@overload
def sleep(consul: AsyncConsul, seconds: float) -> Awaitable[None]: ...
def sleep(consul: Consul | AsyncConsul, seconds: float) -> Awaitable[None] | None:
    """Sleep for as long as the client's own pauses would: in an agent's virtual time, or really. Await it with an AsyncConsul."""
    return consul.perform(_sleep(seconds))


@dataclass(frozen=True, slots=True)
class Pass:
    """Let time pass, in which nobody gets a turn. seconds: how much."""

    seconds: float

    def __repr__(self) -> str:
        return f"Pass({self.seconds})"


@dataclass(frozen=True, init=False)
class Interleaving:
    """Who gets a turn, in order: the number of a program, the first is 0; or `Pass(seconds)`.

    A program that cannot go on (it ended, or waits) gives its turn to the next that can; where none can, time passes until one can.
    """

    turns: tuple[int | Pass, ...]

    def __init__(self, *turns: int | Pass) -> None:
        object.__setattr__(self, "turns", turns)

    def __repr__(self) -> str:
        return f"Interleaving({', '.join(map(repr, self.turns))})"


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended. value: what it returned; error: the ConsulateException that it let pass; stopped: whether it had to be."""

    value: object = None
    error: ConsulateException | None = None
    stopped: bool = False


class _Stopped(BaseException):
    """Ends a program that is not to go on."""


@dataclass(slots=True)
class _Call:
    """A program is at a request that is still to be sent, or waits for its answer."""

    request: Request
    timeout: float | None
    parked: Parked | None = None
    is_over: bool = False

    def wake(self) -> None:
        self.is_over = True


@dataclass(frozen=True, slots=True)
class _Asleep:
    """A program sleeps until a time."""

    until: float


class _Step:
    """What an async program awaits: it yields itself to whoever drives it."""

    def __init__(self, at: _Call | _Asleep) -> None:
        self.at = at

    def __await__(self) -> Generator[_Step, Any, Any]:
        return (yield self)


class _InTasks:
    """An async program: as an `AsyncTransport`, it stops at each request."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._coroutine: Coroutine[Any, Any, object] | None = None
        self._is_stopping = False

    def start(self, program: Callable[[], Any]) -> _Call | _Asleep:
        self._coroutine = program()
        return self.go_on(None)

    def go_on(self, value: Response | BaseException | None) -> _Call | _Asleep:
        """Run until the next request. Raises what the program raises, StopIteration with its value at its end."""
        assert self._coroutine is not None
        step = self._coroutine.throw(value) if isinstance(value, BaseException) else self._coroutine.send(value)
        if not isinstance(step, _Step):
            raise TypeError(
                f"a program awaits its client and consulate.testing.sleep alone, there is no event loop; this one awaits {step!r}"
            )
        return step.at

    def stop(self) -> None:
        self._is_stopping = True
        if self._coroutine is not None:
            if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_SUSPENDED:
                self.go_on(_Stopped())
            self._coroutine.close()

    async def send(self, request: Request, timeout: float | None) -> Response:
        """As `AsyncTransport.send`."""
        if self._is_stopping:
            raise _Stopped
        answer: Response = await _Step(_Call(request, timeout))
        return answer

    async def sleep(self, seconds: float) -> None:
        """As `AsyncTransport.sleep`."""
        if self._is_stopping:
            raise _Stopped
        if seconds > 0:
            await _Step(_Asleep(self._agent.now + seconds))

    async def aclose(self) -> None:
        """Nothing is open."""


class _InThread:
    """A program that is not async: as a `Transport`, it stops at each request, and another thread goes on."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._mine, self._others = threading.Semaphore(0), threading.Semaphore(0)
        self._value: Response | BaseException | None = None
        self._at: _Call | _Asleep | BaseException | None = None
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def start(self, program: Callable[[], Any]) -> _Call | _Asleep:
        self._thread = threading.Thread(target=self._run, args=(program,), name="consul-program", daemon=True)
        self._thread.start()
        return self._next()

    def go_on(self, value: Response | BaseException | None) -> _Call | _Asleep:
        """As `_InTasks.go_on`."""
        self._value = value
        self._mine.release()
        return self._next()

    def _next(self) -> _Call | _Asleep:
        if not self._others.acquire(timeout=_PATIENCE):
            raise TimeoutError(f"a program came to no request within {_PATIENCE:.0f} s: does it wait for another program by itself?")
        at = self._at
        assert at is not None
        if isinstance(at, BaseException):
            raise at
        return at

    def _run(self, program: Callable[[], Any]) -> None:
        try:
            end: BaseException = StopIteration(program())
        except BaseException as error:
            end = error
        self._at = end
        self._others.release()

    def stop(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._is_stopping = True
            if not isinstance(self._at, BaseException):
                try:
                    self.go_on(_Stopped())
                finally:
                    self._thread.join(_PATIENCE)
            self._thread.join(_PATIENCE)

    def _stop_at(self, at: _Call | _Asleep) -> Any:
        if self._is_stopping:
            raise _Stopped
        self._at = at
        self._others.release()
        self._mine.acquire()
        if isinstance(self._value, BaseException):
            raise self._value
        return self._value

    def send(self, request: Request, timeout: float | None) -> Response:
        """As `Transport.send`."""
        answer: Response = self._stop_at(_Call(request, timeout))
        return answer

    def sleep(self, seconds: float) -> None:
        """As `Transport.sleep`."""
        if seconds > 0:
            self._stop_at(_Asleep(self._agent.now + seconds))

    def close(self) -> None:
        """Nothing is open."""


class Programs:
    """Programs on one agent with a virtual clock, each with a client of its own, under a test's control.

    faults: a plan for each program's client, in their order; None for none.

    Use it as a context manager, or call `close`: programs that have not ended are stopped there. A ConsulateException that a program lets
    pass ends it, as it would end a process; any other exception is the test's, and is raised where the program got its turn.
    Raises ValueError for an agent in real time.
    """

    def __init__(self, agent: ConsulAgent, *programs: Program, faults: Sequence[FaultPlan | None] = ()) -> None:
        if agent.simulated.is_real:
            raise ValueError("programs take turns in an agent's virtual time; this agent's time is real")
        self._agent = agent
        self._runners: list[_InTasks | _InThread] = []
        self._faulty: list[FaultyTransport | AsyncFaultyTransport] = []
        self._programs: list[Callable[[], Any]] = []
        #: Where each program is; None: it has not begun.
        self._at: list[_Call | _Asleep | End | None] = []
        #: What was done, a line for each turn.
        self.history: list[str] = []
        for number, program in enumerate(programs):
            plan = faults[number] if number < len(faults) else None
            self._add(program, plan or FaultPlan())

    def _add(self, program: Program, plan: FaultPlan) -> None:
        agent = self._agent
        if inspect.iscoroutinefunction(program):
            tasks = _InTasks(agent.simulated)
            async_faulty = agent.async_faulty(tasks, plan)
            client: Any = AsyncConsul(transport=async_faulty, token=agent.token)
            self._runners.append(tasks)
            self._faulty.append(async_faulty)
        else:
            thread = _InThread(agent.simulated)
            faulty = agent.faulty(thread, plan)
            client = Consul(transport=faulty, token=agent.token)
            self._runners.append(thread)
            self._faulty.append(faulty)
        self._programs.append(lambda: program(client))
        self._at.append(None)

    def befall(self, number: int, fault: Fault) -> None:
        """Let the next request of a program meet a fault, whatever its plan says."""
        self._faulty[number].befall(fault)

    def __len__(self) -> int:
        return len(self._runners)

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def ends(self) -> list[End | None]:
        """How each program ended; None where it goes on."""
        return [at if isinstance(at, End) else None for at in self._at]

    def may_go_on(self, number: int) -> bool:
        """Whether a program would do something with a turn: it neither ended, nor sleeps, nor waits for Consul."""
        at = self._at[number]
        if isinstance(at, End):
            return False
        if isinstance(at, _Asleep):
            return at.until <= self._agent.now
        return not isinstance(at, _Call) or at.parked is None or at.is_over

    def turn(self, number: int) -> bool:
        """Let a program's request be carried out, and let the program go on to its next one; False where it cannot go on.

        Raises what the program raises, but for a ConsulateException, which is its end.
        """
        if not self.may_go_on(number):
            return False
        try:
            # From its start, or from a sleep, to its next request is no turn: nobody else could notice.
            while not isinstance(at := self._at[number], _Call):
                if not self.may_go_on(number):
                    return True
                self._at[number] = self._runners[number].go_on(None) if isinstance(at, _Asleep) else self._start(number)
            self._answer(number, at)
        except StopIteration as stop:
            self._end(number, End(stop.value))
        except ConsulateException as error:
            self._end(number, End(error=error))
        return True

    def _start(self, number: int) -> _Call | _Asleep:
        return self._runners[number].start(self._programs[number])

    def _end(self, number: int, end: End) -> None:
        if inspect.iscoroutine(end.value):
            end.value.close()
            raise TypeError("a program that awaits is an async function itself, or functools.partial of one")
        self._at[number] = end
        self._note(number, f"fails: {end.error}" if end.error else f"ends: {end.value!r}")

    def _answer(self, number: int, call: _Call) -> None:
        simulated, runner = self._agent.simulated, self._runners[number]
        if call.parked is None:
            answer = simulated.begin(call.request)
            if not isinstance(answer, Response):
                call.parked = answer
                simulated.wait_for(answer, call.timeout, call.wake)
                self._note(number, f"{call.request.shown} waits")
                return
            self._note(number, f"{call.request.shown} -> {answer.status}")
            self._at[number] = runner.go_on(answer)
            return
        try:
            found: Response | ConsulateException = simulated.end(call.parked)
        except ConsulateException as error:
            found = error
        simulated.forget(call.parked)
        self._note(number, f"{call.request.shown} -> {found.status}")
        self._at[number] = runner.go_on(found)

    def _note(self, number: int, what: str) -> None:
        self.history.append(f"{self._agent.now:8.1f} s  program {number}: {what}")

    def advance(self, seconds: float) -> None:
        """Let time pass, in which nobody gets a turn."""
        self._agent.advance(seconds)
        self.history.append(f"{self._agent.now:8.1f} s  {seconds:g} s have passed")

    def take(self, turn: int | Pass) -> bool:
        """Take one turn of an interleaving; False where nobody could ever go on any more. Raises as `turn`."""
        if isinstance(turn, Pass):
            self.advance(turn.seconds)
            return True
        for _ in range(_EVENTS):
            for number in range(turn, turn + len(self)):
                if self.turn(number % len(self)):
                    return True
            if (due := self._next_event()) is None:
                return False
            self._agent.advance(max(due - self._agent.now, 0.0))
        return False

    def _next_event(self) -> float | None:
        """When somebody may go on, at the earliest; None: never."""
        asleep = [at.until for at in self._at if isinstance(at, _Asleep)]
        waits = any(isinstance(at, _Call) for at in self._at)
        simulated = self._agent.simulated.next_event() if waits else None
        return min((due for due in (*asleep, simulated) if due is not None), default=None)

    def run(
        self, interleaving: Interleaving | None = None, *, turns: int = 1000, invariant: Callable[[], object] | None = None
    ) -> list[End]:
        """Take the turns of an interleaving; then all get turns in order until all have ended. Return how they ended; programs are stopped.

        turns: how many are taken at most, all in all. invariant: called after each, and raises where something does not hold.
        Raises as `turn`.
        """
        given = () if interleaving is None else interleaving.turns
        try:
            for place in range(turns):
                turn = given[place] if place < len(given) else place
                if all(isinstance(at, End) for at in self._at) or not self.take(turn):
                    break
                if invariant is not None:
                    invariant()
        finally:
            self.close()
        return [at if isinstance(at, End) else End(stopped=True) for at in self._at]

    def close(self) -> None:
        """Stop the programs that have not ended, each at its request, and close their clients."""
        for number, (at, runner) in enumerate(zip(self._at, self._runners, strict=True)):
            if isinstance(at, End):
                continue
            self._at[number] = End(stopped=True)
            if isinstance(at, _Call) and at.parked is not None:
                self._agent.simulated.forget(at.parked)
            try:
                runner.stop()
            except (_Stopped, StopIteration, ConsulateException):
                continue
