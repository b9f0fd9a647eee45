"""Run programs against an agent in memory, one request at a time, in the order that a test chooses. The same order gives the same result.

A program is a function of a client, async or not. It stops at each request, and goes on when it gets a turn. The test chooses what other
programs do in between, and how much time passes. A program starts with its first turn. An async program has no event loop: it may await
only its client, and `sleep`. A program that is not async runs in its own thread; only one of these threads runs at a time.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from consul_proto.errors import ConsulateException
from consul_proto.flow import sleep as _sleep
from consul_proto.message import Response
from consulate.client import AsyncConsul, Consul
from consulate.testing.steps import Call, CoroutineRunner, SleepUntil, StopProgram, ThreadRunner
from transports.faults.plans import FaultPlan

if TYPE_CHECKING:
    from consulate.testing.agent import ConsulAgent
    from transports.faults.plans import Fault, Printer
    from transports.faults.transport import AsyncFaultyTransport, FaultyTransport

#: An async function of an AsyncConsul, or a function of a Consul.
Program = Callable[[AsyncConsul], Coroutine[Any, Any, object]] | Callable[[Consul], object]

#: The most timed events to process until a program can go on. A program that none of them wakes waits forever.
_EVENTS = 10_000


@overload
def sleep(consul: Consul, seconds: float) -> None: ...
@overload
def sleep(consul: AsyncConsul, seconds: float) -> Awaitable[None]: ...
def sleep(consul: Consul | AsyncConsul, seconds: float) -> Awaitable[None] | None:
    """Sleep by the client's clock, which is virtual if its agent has a virtual clock. With an AsyncConsul, await the result."""
    return consul.perform(_sleep(seconds))


@dataclass(frozen=True, slots=True)
class Pass:
    """Move the clock forward, without a turn for any program. seconds: by how much."""

    seconds: float

    def __repr__(self) -> str:
        return f"Pass({self.seconds})"


@dataclass(frozen=True, init=False)
class Interleaving:
    """The order of turns. Each turn is the number of a program (the first is 0), or `Pass(seconds)`.

    If a program cannot go on, because it ended or waits, the next one that can gets its turn. If none can, time passes until one can.
    """

    turns: tuple[int | Pass, ...]

    def __init__(self, *turns: int | Pass) -> None:
        object.__setattr__(self, "turns", turns)

    def __repr__(self) -> str:
        return f"Interleaving({', '.join(map(repr, self.turns))})"

    def _repr_pretty_(self, printer: Printer, _cycle: bool) -> None:
        """Show the repr instead of the fields in IPython's printer, which Hypothesis uses."""
        printer.text(repr(self))


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended.

    value: what it returned. error: the ConsulateException that ended it. stopped: whether it was stopped from outside."""

    value: object = None
    error: ConsulateException | None = None
    stopped: bool = False


class Programs:
    """Programs on one agent with a virtual clock, each with its own client, under a test's control.

    faults: a plan for the client of each program, in order; None for no faults.

    Use it as a context manager, or call `close`: this stops the programs that have not ended. A ConsulateException that a program does not
    catch ends that program, as it would end a process. Any other exception is raised to the test, by the method that gave the turn.
    Raises ValueError for an agent with a real clock.
    """

    def __init__(self, agent: ConsulAgent, *programs: Program, faults: Sequence[FaultPlan | None] = ()) -> None:
        if agent.simulated.is_real:
            raise ValueError("programs need an agent with a virtual clock; the clock of this agent is real")
        self._agent = agent
        self._runners: list[CoroutineRunner | ThreadRunner] = []
        self._faulty: list[FaultyTransport | AsyncFaultyTransport] = []
        self._programs: list[Callable[[], Any]] = []
        #: The position of each program; None: it has not started.
        self._at: list[Call | SleepUntil | End | None] = []
        #: A line for each turn, with what happened.
        self.history: list[str] = []
        for number, program in enumerate(programs):
            plan = faults[number] if number < len(faults) else None
            self._add(program, plan or FaultPlan())

    def _add(self, program: Program, plan: FaultPlan) -> None:
        agent = self._agent
        if inspect.iscoroutinefunction(program):
            tasks = CoroutineRunner(agent.simulated)
            async_faulty = agent.async_faulty(tasks, plan)
            client: Any = AsyncConsul(transport=async_faulty, token=agent.token)
            self._runners.append(tasks)
            self._faulty.append(async_faulty)
        else:
            thread = ThreadRunner(agent.simulated)
            faulty = agent.faulty(thread, plan)
            client = Consul(transport=faulty, token=agent.token)
            self._runners.append(thread)
            self._faulty.append(faulty)
        self._programs.append(lambda: program(client))
        self._at.append(None)

    def inject(self, number: int, fault: Fault) -> None:
        """Inject a fault into the next request of a program, whatever its plan says."""
        self._faulty[number].inject(fault)

    def __len__(self) -> int:
        return len(self._runners)

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def ends(self) -> list[End | None]:
        """How each program ended; None for one that has not ended."""
        return [at if isinstance(at, End) else None for at in self._at]

    def may_go_on(self, number: int) -> bool:
        """Return whether a program can go on: it has not ended, does not sleep, and does not wait for Consul."""
        at = self._at[number]
        if isinstance(at, End):
            return False
        if isinstance(at, SleepUntil):
            return at.until <= self._agent.now
        return not isinstance(at, Call) or at.parked is None or at.is_over

    def turn(self, number: int) -> bool:
        """Carry out the request of a program, and run the program to its next one. Return False if it cannot go on.

        Raises any exception of the program except a ConsulateException, which ends the program.
        """
        if not self.may_go_on(number):
            return False
        try:
            # Running from the start, or from a sleep, to the next request takes no turn: no other program could see it.
            while not isinstance(at := self._at[number], Call):
                if not self.may_go_on(number):
                    return True
                self._at[number] = self._runners[number].resume(None) if isinstance(at, SleepUntil) else self._start(number)
            self._answer(number, at)
        except StopIteration as stop:
            self._end(number, End(stop.value))
        except ConsulateException as error:
            self._end(number, End(error=error))
        return True

    def _start(self, number: int) -> Call | SleepUntil:
        return self._runners[number].start(self._programs[number])

    def _end(self, number: int, end: End) -> None:
        if inspect.iscoroutine(end.value):
            end.value.close()
            raise TypeError(
                "a program that awaits must be an async function, or functools.partial of one; this function returned a coroutine"
            )
        self._at[number] = end
        self._note(number, f"fails: {end.error}" if end.error else f"ends: {end.value!r}")

    def _answer(self, number: int, call: Call) -> None:
        simulated, runner = self._agent.simulated, self._runners[number]
        if call.parked is None:
            answer = simulated.begin(call.request)
            if not isinstance(answer, Response):
                call.parked = answer
                simulated.wait_for(answer, call.timeout, call.wake)
                self._note(number, f"{call.request.shown} waits")
                return
            self._note(number, f"{call.request.shown} -> {answer.status}")
            self._at[number] = runner.resume(answer)
            return
        try:
            found: Response | ConsulateException = simulated.end(call.parked)
        except ConsulateException as error:
            found = error
        simulated.forget(call.parked)
        self._note(number, f"{call.request.shown} -> {found.status}")
        self._at[number] = runner.resume(found)

    def _note(self, number: int, what: str) -> None:
        self.history.append(f"{self._agent.now:8.1f} s  program {number}: {what}")

    def advance(self, seconds: float) -> None:
        """Move the clock forward, without a turn for any program."""
        self._agent.advance(seconds)
        self.history.append(f"{self._agent.now:8.1f} s  {seconds:g} s have passed")

    def take(self, turn: int | Pass) -> bool:
        """Take one turn of an interleaving. Return False if no program can ever go on. Raises what `turn` raises."""
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
        """Return the earliest time at which a program may go on; None: never."""
        asleep = [at.until for at in self._at if isinstance(at, SleepUntil)]
        waits = any(isinstance(at, Call) for at in self._at)
        simulated = self._agent.simulated.next_event() if waits else None
        return min((due for due in (*asleep, simulated) if due is not None), default=None)

    def run(
        self, interleaving: Interleaving | None = None, *, turns: int = 1000, invariant: Callable[[], object] | None = None
    ) -> list[End]:
        """Take the turns of an interleaving, then turns in order from 0, until all programs have ended. Return how they ended.

        turns: the most turns in total; then the programs are stopped. invariant: called after each turn; it raises if something does not
        hold. Raises what `turn` raises.
        """
        given = () if interleaving is None else interleaving.turns
        try:
            for place in range(turns):
                turn = given[place] if place < len(given) else place - len(given)
                if all(isinstance(at, End) for at in self._at) or not self.take(turn):
                    break
                if invariant is not None:
                    invariant()
        finally:
            self.close()
        return [at if isinstance(at, End) else End(stopped=True) for at in self._at]

    def close(self) -> None:
        """Stop the programs that have not ended, each at its current request."""
        for number, (at, runner) in enumerate(zip(self._at, self._runners, strict=True)):
            if isinstance(at, End):
                continue
            self._at[number] = End(stopped=True)
            if isinstance(at, Call) and at.parked is not None:
                self._agent.simulated.forget(at.parked)
            try:
                runner.stop()
            except (StopProgram, StopIteration, ConsulateException):
                continue
