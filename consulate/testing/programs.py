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
from consulate.testing.background import StopProgram
from consulate.testing.steps import At, Call, CoroutineRunner, SleepUntil, ThreadRunner, WaitFor
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
        self._at: list[At | End | None] = []
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
        self._runners[-1].machines.forget = self._forget
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
        """Return whether a program can go on: it has not ended, does not sleep, and does not wait for Consul; or a recipe of it can."""
        at = self._at[number]
        if isinstance(at, End):
            return False
        machines = self._runners[number].machines
        deadline = machines.next_deadline()
        is_due = deadline is not None and deadline <= self._agent.now
        return is_due or machines.pending is not None or self._is_ready(at) or any(self._is_ready(call.at) for call in machines.calls)

    def _is_ready(self, at: At | None) -> bool:
        """Return whether a line of a program can go on from here."""
        if isinstance(at, SleepUntil):
            return at.until <= self._agent.now
        if isinstance(at, WaitFor):
            return bool(at.is_ready())
        return at is None or at.parked is None or at.is_over

    def turn(self, number: int) -> bool:
        """Carry out the request of a program, and run the program to its next one. Return False if it cannot go on.

        A recipe of the program goes first: a lock that must be renewed, say. Raises any exception of the program except a
        ConsulateException, which ends the program.
        """
        if not self.may_go_on(number):
            return False
        try:
            if not self._carry_on_recipes(number) and not self._carry_on(number):
                self._carry_on_recipes(number)  # the program has just begun one
        except StopIteration as stop:
            self._end(number, End(stop.value))
        except ConsulateException as error:
            self._end(number, End(error=error))
        return True

    def _carry_on(self, number: int) -> bool:
        """Run a program to its next request, after the one at which it has stopped. Return whether it had stopped at one."""
        runner = self._runners[number]
        # Running from the start, from a sleep or a wait to the next request takes no turn: no other program could see it.
        while not isinstance(at := self._at[number], Call) or runner.machines.pending is not None:
            pending = runner.machines.pending
            if pending is not None and not (isinstance(at, WaitFor) and at.is_shielded):
                runner.machines.pending = None
                self._forget(at)
                self._at[number] = runner.resume(pending)
            elif not self._is_ready(at if not isinstance(at, End) else None):
                return False
            else:
                self._at[number] = self._start(number) if at is None else runner.resume(None)
        if self._is_ready(at):
            found = self._answer(number, at)
            if found is not None:
                self._at[number] = runner.resume(found)
        return True

    def _carry_on_recipes(self, number: int) -> bool:
        """Do what the machines of a program have to do: what is due, and their next request. Return whether there was a request."""
        machines = self._runners[number].machines
        machines.advance()
        for background in machines.calls:
            if not self._is_ready(background.at):
                continue
            try:
                if background.at is None:
                    background.at = background.line.start(background.perform)
                found = self._answer(number, background.at) if isinstance(background.at, Call) else None
                if found is not None or isinstance(background.at, SleepUntil):
                    background.at = background.line.resume(found)
            except StopIteration as stop:
                machines.finish(background, stop.value)
            except ConsulateException as error:
                machines.finish(background, error)
            return True
        return False

    def _start(self, number: int) -> At:
        return self._runners[number].start(self._programs[number])

    def _end(self, number: int, end: End) -> None:
        if inspect.iscoroutine(end.value):
            end.value.close()
            raise TypeError(
                "a program that awaits must be an async function, or functools.partial of one; this function returned a coroutine"
            )
        self._at[number] = end
        self._runners[number].machines.drop()
        self._note(number, f"fails: {end.error}" if end.error else f"ends: {end.value!r}")

    def _answer(self, number: int, call: Call) -> Response | ConsulateException | None:
        """Send the request of a call, or look whether its answer is there. Return the answer, or None if it must wait."""
        simulated = self._agent.simulated
        if call.parked is None:
            answer = simulated.begin(call.request)
            if not isinstance(answer, Response):
                call.parked = answer
                simulated.wait_for(answer, call.timeout, call.wake)
                self._note(number, f"{call.request.shown} waits")
                return None
            self._note(number, f"{call.request.shown} -> {answer.status}")
            return answer
        try:
            found: Response | ConsulateException = simulated.end(call.parked)
        except ConsulateException as error:
            found = error
        simulated.forget(call.parked)
        self._note(number, f"{call.request.shown} -> {found.status}")
        return found

    def _forget(self, at: object) -> None:
        """Forget the query that waits at this position, if there is one."""
        if isinstance(at, Call) and at.parked is not None:
            self._agent.simulated.forget(at.parked)

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
        running = [number for number, at in enumerate(self._at) if not isinstance(at, End)]
        machines = [self._runners[number].machines for number in running]
        positions = [*(self._at[number] for number in running), *(call.at for each in machines for call in each.calls)]
        times = [at.until for at in positions if isinstance(at, SleepUntil | WaitFor)] + [each.next_deadline() for each in machines]
        if any(isinstance(at, Call) for at in positions):
            times.append(self._agent.simulated.next_event())
        return min((due for due in times if due is not None), default=None)

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
            self._forget(at)
            try:
                runner.stop()
            except (StopProgram, StopIteration, ConsulateException):
                continue
