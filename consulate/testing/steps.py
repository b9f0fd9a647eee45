"""How a program is stopped at each request, and goes on: an async one by driving its coroutine, any other in a thread of its own."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consul_proto.message import Request, Response
    from consul_proto.simulator import Parked
    from transports.cancel import Cancel
    from transports.simulated.agent import SimulatedAgent

#: Real seconds in which a program in a thread must come to its next request.
_PATIENCE = 60.0


class StopProgram(BaseException):
    """Ends a program that is not to go on."""


@dataclass(slots=True)
class Call:
    """A program is at a request that is still to be sent, or waits for its answer."""

    request: Request
    timeout: float | None
    parked: Parked | None = None
    is_over: bool = False

    def wake(self) -> None:
        """Note that the wait is over."""
        self.is_over = True


@dataclass(frozen=True, slots=True)
class SleepUntil:
    """A program sleeps until a time."""

    until: float


class Step:
    """What an async program awaits: it yields itself to whoever drives it."""

    def __init__(self, at: Call | SleepUntil) -> None:
        self.at = at

    def __await__(self) -> Generator[Step, Any, Any]:
        return (yield self)


class CoroutineRunner:
    """An async program: as an `AsyncTransport`, it stops at each request."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._coroutine: Coroutine[Any, Any, object] | None = None
        self._is_stopping = False

    def start(self, program: Callable[[], Any]) -> Call | SleepUntil:
        """Begin, and run until the first request; as `resume`."""
        self._coroutine = program()
        return self.resume(None)

    def resume(self, value: Response | BaseException | None) -> Call | SleepUntil:
        """Run until the next request. Raises what the program raises, StopIteration with its value at its end."""
        assert self._coroutine is not None
        step = self._coroutine.throw(value) if isinstance(value, BaseException) else self._coroutine.send(value)
        if not isinstance(step, Step):
            raise TypeError(
                f"a program awaits its client and consulate.testing.sleep alone, there is no event loop; this one awaits {step!r}"
            )
        return step.at

    def stop(self) -> None:
        """End the program where it is: each request that it still makes ends it. Raises what it raises."""
        self._is_stopping = True
        if self._coroutine is not None:
            if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_SUSPENDED:
                self.resume(StopProgram())
            self._coroutine.close()

    async def send(self, request: Request, timeout: float | None) -> Response:
        """As `AsyncTransport.send`."""
        if self._is_stopping:
            raise StopProgram
        answer: Response = await Step(Call(request, timeout))
        return answer

    @property
    def clock(self) -> CoroutineRunner:
        """The agent's time, in which a sleep is a stop."""
        return self

    def now(self) -> float:
        """As `AsyncClock.now`."""
        return self._agent.now

    async def sleep(self, seconds: float) -> None:
        """As `AsyncClock.sleep`."""
        if self._is_stopping:
            raise StopProgram
        if seconds > 0:
            await Step(SleepUntil(self._agent.now + seconds))

    async def aclose(self) -> None:
        """Nothing is open."""


class ThreadRunner:
    """A program that is not async: as a `Transport`, it stops at each request, and another thread goes on."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._mine, self._others = threading.Semaphore(0), threading.Semaphore(0)
        self._value: Response | BaseException | None = None
        self._at: Call | SleepUntil | BaseException | None = None
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def start(self, program: Callable[[], Any]) -> Call | SleepUntil:
        """Begin, and run until the first request; as `resume`."""
        self._thread = threading.Thread(target=self._run, args=(program,), name="consul-program", daemon=True)
        self._thread.start()
        return self._next()

    def resume(self, value: Response | BaseException | None) -> Call | SleepUntil:
        """As `CoroutineRunner.resume`."""
        self._value = value
        self._mine.release()
        return self._next()

    def _next(self) -> Call | SleepUntil:
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
        """End the program where it is: each request that it still makes ends it. Raises what it raises."""
        if self._thread is not None and self._thread.is_alive():
            self._is_stopping = True
            if not isinstance(self._at, BaseException):
                try:
                    self.resume(StopProgram())
                finally:
                    self._thread.join(_PATIENCE)
            self._thread.join(_PATIENCE)

    def _stop_at(self, at: Call | SleepUntil) -> Any:
        if self._is_stopping:
            raise StopProgram
        self._at = at
        self._others.release()
        self._mine.acquire()
        if isinstance(self._value, BaseException):
            raise self._value
        return self._value

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:  # noqa: ARG002
        """As `Transport.send`. One program runs at a time, so that nobody sets `cancel` while this one waits."""
        answer: Response = self._stop_at(Call(request, timeout))
        return answer

    @property
    def clock(self) -> ThreadRunner:
        """The agent's time, in which a sleep is a stop."""
        return self

    def now(self) -> float:
        """As `Clock.now`."""
        return self._agent.now

    def sleep(self, seconds: float) -> None:
        """As `Clock.sleep`."""
        if seconds > 0:
            self._stop_at(SleepUntil(self._agent.now + seconds))

    def close(self) -> None:
        """Nothing is open."""
