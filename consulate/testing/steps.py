"""Runners that stop a program at each request: an async program as a coroutine, any other in its own thread.

A program has a main line, and a line for each call of its recipes. Only one line of all programs runs at a time.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from consulate.testing.background import AsyncProgramShell, StopProgram, ThreadProgramShell

if TYPE_CHECKING:
    from consul_proto.message import Request, Response
    from consul_proto.simulator import Parked
    from transports.cancel import Cancel
    from transports.simulated.agent import SimulatedAgent

#: Real seconds in which a program in a thread must make its next request.
_PATIENCE = 60.0


@dataclass(slots=True)
class Call:
    """A program has stopped at a request: the request is not sent yet, or it waits for its answer."""

    request: Request
    timeout: float | None
    parked: Parked | None = None
    is_over: bool = False

    def wake(self) -> None:
        """Record that the wait is over."""
        self.is_over = True


@dataclass(frozen=True, slots=True)
class SleepUntil:
    """A program sleeps until a time of the agent's clock."""

    until: float


@dataclass(frozen=True, slots=True)
class WaitFor:
    """A program waits for one of its recipes, until a time of the agent's clock; None: without end.

    is_shielded: whether no cancellation ends the wait, as while a lock is released.
    """

    is_ready: Callable[[], object]
    until: float | None
    is_shielded: bool = False


At: TypeAlias = Call | SleepUntil | WaitFor


class Step:
    """The awaitable of an async program: it yields itself to the runner."""

    def __init__(self, at: At) -> None:
        self.at = at

    def __await__(self) -> Generator[Step, Any, Any]:
        return (yield self)


class CoroutineLine:
    """Runs a coroutine from one request to the next."""

    def __init__(self) -> None:
        self._coroutine: Coroutine[Any, Any, object] | None = None

    def start(self, program: Callable[[], Any]) -> At:
        """Start the coroutine, and run it to its first request. Raises as `resume`."""
        self._coroutine = program()
        return self.resume(None)

    def resume(self, value: Response | BaseException | None) -> At:
        """Run the coroutine to its next request. Raises what it raises, and StopIteration with its result at its end.

        value: the answer to the current request, or the exception that it raises."""
        assert self._coroutine is not None
        step = self._coroutine.throw(value) if isinstance(value, BaseException) else self._coroutine.send(value)
        if not isinstance(step, Step):
            raise TypeError(
                f"a program may await only its client and consulate.testing.sleep, because there is no event loop; this one awaits {step!r}"
            )
        return step.at

    def stop(self) -> None:
        """Stop the coroutine at its current request. Raises what it raises."""
        if self._coroutine is not None:
            if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_SUSPENDED:
                self.resume(StopProgram())
            self._coroutine.close()


class CoroutineRunner(CoroutineLine):
    """Runs an async program. It is the program's `AsyncTransport`, and stops the program at each request."""

    def __init__(self, agent: SimulatedAgent) -> None:
        super().__init__()
        self._agent = agent
        self._is_stopping = False
        #: Drives the recipes of the program; clients find it at their clock.
        self.machines = AsyncProgramShell(self, CoroutineLine)

    def stop(self) -> None:
        """Stop the program at its current request, and at any later one. Raises what the program raises."""
        self._is_stopping = True
        try:
            super().stop()
        finally:
            self.machines.drop()

    async def stop_at(self, at: At) -> Any:
        """Stop a line until it goes on."""
        if self._is_stopping:
            raise StopProgram
        return await Step(at)

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Stop the program until it has its answer; see `AsyncTransport.send`."""
        answer: Response = await self.stop_at(Call(request, timeout))
        return answer

    @property
    def clock(self) -> CoroutineRunner:
        """This object, as a clock: the agent's time; a sleep stops the program."""
        return self

    def now(self) -> float:
        """Return the agent's time."""
        return self._agent.now

    async def sleep(self, seconds: float) -> None:
        """Stop the program until this many seconds have passed."""
        if seconds > 0 or self._is_stopping:
            await self.stop_at(SleepUntil(self._agent.now + seconds))

    async def wait_for(self, is_ready: Callable[[], object], until: float | None, is_shielded: bool) -> None:
        """Stop the program until something is so, or the time has come."""
        await self.stop_at(WaitFor(is_ready, until, is_shielded))

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""


#: The line that runs in a thread.
_of_thread = threading.local()


class ThreadLine:
    """Runs a function in a thread, from one request to the next."""

    def __init__(self) -> None:
        self._mine, self._others = threading.Semaphore(0), threading.Semaphore(0)
        self._value: Response | BaseException | None = None
        self._at: At | BaseException | None = None
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def start(self, program: Callable[[], Any]) -> At:
        """Start the function, and run it to its first request. Raises as `resume`."""
        self._thread = threading.Thread(target=self._run, args=(program,), name="consul-program", daemon=True)
        self._thread.start()
        return self._next()

    def resume(self, value: Response | BaseException | None) -> At:
        """Run the function to its next request; see `CoroutineLine.resume`."""
        self._value = value
        self._mine.release()
        return self._next()

    def _next(self) -> At:
        if not self._others.acquire(timeout=_PATIENCE):
            raise TimeoutError(f"a program made no request within {_PATIENCE:.0f} s; it may wait only for calls of its client")
        at = self._at
        assert at is not None
        if isinstance(at, BaseException):
            raise at
        return at

    def _run(self, program: Callable[[], Any]) -> None:
        _of_thread.line = self
        try:
            end: BaseException = StopIteration(program())
        except BaseException as error:
            end = error
        self._at = end
        self._others.release()

    def stop(self) -> None:
        """Stop the function at its current request, and at any later one. Raises what it raises."""
        if self._thread is not None and self._thread.is_alive():
            self._is_stopping = True
            if not isinstance(self._at, BaseException):
                try:
                    self.resume(StopProgram())
                finally:
                    self._thread.join(_PATIENCE)
            self._thread.join(_PATIENCE)

    def stop_at(self, at: At) -> Any:
        """Stop this line until it goes on. It is called in its thread."""
        if self._is_stopping:
            raise StopProgram
        self._at = at
        self._others.release()
        self._mine.acquire()
        if isinstance(self._value, BaseException):
            raise self._value
        return self._value


class ThreadRunner(ThreadLine):
    """Runs a program in a thread. It is the program's `Transport`, and stops that thread at each request."""

    def __init__(self, agent: SimulatedAgent) -> None:
        super().__init__()
        self._agent = agent
        #: Drives the recipes of the program; clients find it at their clock.
        self.machines = ThreadProgramShell(self, ThreadLine)

    def stop(self) -> None:
        """Stop the program at its current request, and at any later one. Raises what the program raises."""
        try:
            super().stop()
        finally:
            self.machines.drop()

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:  # noqa: ARG002
        """Stop the program until it has its answer; see `Transport.send`.

        `cancel` has no effect: only one program runs at a time, so no other thread sets it while this one waits.
        """
        answer: Response = _of_thread.line.stop_at(Call(request, timeout))
        return answer

    @property
    def clock(self) -> ThreadRunner:
        """This object, as a clock: the agent's time; a sleep stops the program."""
        return self

    def now(self) -> float:
        """Return the agent's time."""
        return self._agent.now

    def sleep(self, seconds: float) -> None:
        """Stop the program until this many seconds have passed."""
        if seconds > 0:
            _of_thread.line.stop_at(SleepUntil(self._agent.now + seconds))

    def wait_for(self, is_ready: Callable[[], object], until: float | None) -> None:
        """Stop the program until something is so, or the time has come."""
        _of_thread.line.stop_at(WaitFor(is_ready, until))

    def close(self) -> None:
        """Do nothing: there is no connection."""
