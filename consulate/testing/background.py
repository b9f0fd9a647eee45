"""The recipes of programs: each call of a machine is a line of its own, which `Programs` carries on when its program gets a turn.

A machine has no thread and no task here: it goes on with the turns of its program. A program that gets none while time passes is one that
is paused, and may lose what it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from consul_proto.errors import ConsulateException
from consul_proto.recipes.machine import Answered, Failed
from transports.machines.clocks import due
from transports.machines.runs import Call, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consul_proto.recipes.machine import Effect, Event, Machine

E = TypeVar("E")


class StopProgram(BaseException):
    """Raised inside a program to stop it."""


class BlockCancelled(BaseException):
    """Raised inside a program to cancel the block of a recipe that was lost. run: the recipe's."""

    def __init__(self, run: object) -> None:
        super().__init__()
        self.run = run


class BackgroundCall:
    """A call of a machine. at: where its line has stopped; None: it has not started."""

    def __init__(self, call: Call, line: Any, perform: Callable[[], Any]) -> None:
        self.call, self.line, self.perform = call, line, perform
        self.at: Any = None


class _ProgramShell:
    """Drives the recipes of one program. runner: the program's. new_line: makes what runs a call."""

    def __init__(self, runner: Any, new_line: Callable[[], Any]) -> None:
        self.runner = runner
        self.new_line = new_line
        self.runs: list[_ProgramRun[Any]] = []
        self.calls: list[BackgroundCall] = []
        #: What forgets a query that waits for its answer.
        self.forget: Callable[[Any], object] = lambda _at: None
        #: Is raised in the program when it goes on.
        self.pending: BlockCancelled | None = None

    def next_deadline(self) -> float | None:
        """Return when a machine of the program is due."""
        times = [run.machine.next_deadline() for run in self.runs]
        return min((time for time in times if time is not None), default=None)

    def advance(self) -> None:
        """Do what is due."""
        for run in list(self.runs):
            while not run.is_over and (deadline := run.machine.next_deadline()) is not None and deadline <= self.runner.now():
                run.advance()
                run.settle()

    def finish(self, background: BackgroundCall, result: Any) -> None:
        """Report the result of a call: a Reply, or an exception."""
        self.calls.remove(background)
        run: _ProgramRun[Any] = background.call.run  # type: ignore[assignment] # it made the call
        name = background.call.send.name
        if isinstance(result, ConsulateException):
            run.finish(background.call, Failed(name, result))
        else:
            run.finish(background.call, Answered(name, result))
        run.settle()

    def drop(self) -> None:
        """The program has ended, and its recipes with it, as those of a process that ends."""
        self.runs = []
        for background in list(self.calls):
            self.remove(background)

    def remove(self, background: BackgroundCall) -> None:
        """End a call that nobody waits for."""
        self.calls.remove(background)
        self.forget(background.at)
        with suppress(StopProgram, StopIteration, ConsulateException):
            background.line.stop()


class _ProgramRun(Run[E]):
    """A machine of a program."""

    def __init__(self, shell: _ProgramShell, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> None:
        super().__init__(self, machine, perform, tell)
        self._shell = shell
        self.now = shell.runner.now

    def _open(self) -> None:
        self._shell.runs.append(self)
        self.begin()
        self.settle()

    def stop(self) -> None:
        """Tell the machine that its user is done."""
        self.request_stop()
        self.settle()

    def give(self, step: Callable[[], Sequence[Effect[E]]]) -> None:
        """Let the machine take something from its user: a method of the machine, with its argument."""
        self.hand(step)
        self.settle()

    def settle(self) -> None:
        """Forget the machine once it is over."""
        if self.is_over and self in self._shell.runs:
            self._shell.runs.remove(self)

    def send(self, call: Call) -> Event | None:
        """Begin a call: with the next turns of the program."""

        def perform() -> Any:
            return self.perform(call.send.operation, timeout=call.send.timeout, retry=False)

        call.handle = BackgroundCall(call, self._shell.new_line(), perform)
        self._shell.calls.append(call.handle)
        return None

    def cancel(self, call: Call) -> None:
        """Cancel a call."""
        self._shell.remove(call.handle)

    def _is_done(self, is_ready: Callable[[], object], until: float | None) -> bool:
        return bool(is_ready() or self.is_over or (until is not None and self.now() >= until))


class ThreadProgramRun(_ProgramRun[E]):
    """A machine of a program in a thread; see `ThreadRun`."""

    def open(self) -> None:
        """Begin."""
        self._open()

    def wait(self, is_ready: Callable[[], object], timeout: float | None = None) -> bool:
        """Wait until something is so, the machine is over, or the time is over; see `ThreadRun.wait`."""
        until = due(self.now, timeout)
        while not self._is_done(is_ready, until):
            self._shell.runner.wait_for(lambda: self._is_done(is_ready, until), until)
        return bool(is_ready())

    def wait_until_over(self, timeout: float | None = None) -> None:
        """Wait until the machine is over, or the time is over."""
        self.wait(lambda: False, timeout)


class AsyncProgramRun(_ProgramRun[E]):
    """A machine of an async program; see `TaskRun`."""

    async def open(self) -> None:
        """Begin."""
        self._open()

    async def close(self) -> None:
        """Stop the machine, and wait until it is over."""
        self.stop()
        await self.wait_until_over()

    async def wait_until_over(self) -> None:
        """Wait until the machine is over. Nothing cancels this."""
        while not self.is_over:
            await self._shell.runner.wait_for(lambda: self.is_over, None, True)

    async def wait(self, is_ready: Callable[[], object], timeout: float | None = None) -> bool:
        """Wait until something is so, the machine is over, or the time is over; see `ThreadRun.wait`."""
        until = due(self.now, timeout)
        while not self._is_done(is_ready, until):
            await self._shell.runner.wait_for(lambda: self._is_done(is_ready, until), until, False)
        return bool(is_ready())

    def enter_scope(self) -> None:
        """Begin the block that `cancel_block` cancels."""

    def leave_scope(self, error: BaseException | None) -> BaseException | None:
        """End that block. error: what it raised. Return what is left of that without the cancellation by `cancel_block`."""
        if self._shell.pending is not None and self._shell.pending.run is self:
            self._shell.pending = None
        return None if isinstance(error, BlockCancelled) and error.run is self else error

    def cancel_block(self) -> None:
        """Cancel the program's block."""
        self._shell.pending = self._shell.pending or BlockCancelled(self)

    def is_cancellation(self, error: BaseException | None) -> bool:
        """Return whether this is a cancellation."""
        return isinstance(error, BlockCancelled)


class ThreadProgramShell(_ProgramShell):
    """Drives the recipes of a program in a thread."""

    def new(self, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> ThreadProgramRun[E]:
        """Return what drives a machine, once it is open."""
        return ThreadProgramRun(self, machine, perform, tell)


class AsyncProgramShell(_ProgramShell):
    """Drives the recipes of an async program."""

    def new(self, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> AsyncProgramRun[E]:
        """Return what drives a machine, once it is open."""
        return AsyncProgramRun(self, machine, perform, tell)
