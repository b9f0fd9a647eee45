"""The shell for tasks: each machine has a task, inside the block of its user, and each of its calls another.

What the user's block raises, and whoever cancels it, do not reach these tasks: they end when the machine is over, which cleans up in a
bounded time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel

from consul_proto.errors import ConsulateException, NoConnectionFree, RequestError
from consul_proto.recipes.machine import Answered, Failed
from transports.machines.clocks import due
from transports.machines.runs import Call, Queries, Query, Run, report, shareable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyio.abc import TaskGroup

    from consul_proto.meta import Reply
    from consul_proto.recipes.machine import Effect, Event, Machine
    from transports.machines.clocks import AsyncMachineClock, TaskEvent

E = TypeVar("E")


class TaskShell:
    """What the machines of one client share. clock: of the machines. queries: their blocking queries."""

    def __init__(self, clock: AsyncMachineClock, queries: Queries) -> None:
        self.clock = clock
        self.queries = queries

    def new(self, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> TaskRun[E]:
        """Return what drives a machine, once it is open. tell: gets the machine's events."""
        return TaskRun(self, machine, perform, tell)


class TaskRun(Run[E]):
    """Drives a machine, from `open` to `close`, which belong around a block of one task."""

    def __init__(self, shell: TaskShell, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> None:
        super().__init__(self, machine, perform, tell)
        self._shell = shell
        self.now = shell.clock.now
        self._block = anyio.CancelScope()
        self._is_entered = False
        self._outer: TaskGroup
        self._inner: TaskGroup
        self._woken: TaskEvent = shell.clock.event()
        self._waiting: set[TaskEvent] = set()

    # For the user's task.

    async def open(self) -> None:
        """Begin."""
        self._outer = anyio.create_task_group()
        await self._outer.__aenter__()
        self._outer.start_soon(self._drive, name="consul-recipe")

    async def close(self) -> None:
        """Stop the machine, and wait until it is over, even if the task is cancelled."""
        self.stop()
        try:
            with anyio.CancelScope(shield=True):
                await self.wait_until_over()
        finally:
            # Without what the block raised: a task group would wrap it.
            await self._outer.__aexit__(None, None, None)

    def enter_scope(self) -> None:
        """Begin the block that `cancel_block` cancels."""
        self._block.__enter__()
        self._is_entered = True

    def leave_scope(self, error: BaseException | None) -> BaseException | None:
        """End that block. error: what it raised. Return what is left of that without the cancellation by `cancel_block`."""
        if not self._is_entered:
            return error
        try:
            is_handled = self._block.__exit__(None if error is None else type(error), error, None if error is None else error.__traceback__)
        except BaseException as changed:
            return changed
        return None if is_handled else error

    def cancel_block(self) -> None:
        """Cancel the user's block."""
        self._block.cancel()

    def is_cancellation(self, error: BaseException | None) -> bool:
        """Return whether this is the cancellation of a task."""
        kind = anyio.get_cancelled_exc_class()
        if isinstance(error, BaseExceptionGroup):
            return error.split(kind)[1] is None
        return isinstance(error, kind)

    def stop(self) -> None:
        """Tell the machine that its user is done. It goes on until everything is given back."""
        self._step(self.request_stop)

    def give(self, step: Callable[[], Sequence[Effect[E]]]) -> None:
        """Let the machine take something from its user: a method of the machine, with its argument."""
        self._step(lambda: self.hand(step))

    async def wait(self, is_ready: Callable[[], object], timeout: float | None = None) -> bool:
        """Wait until something is so, the machine is over, or the time is over; see `ThreadRun.wait`."""
        until = due(self.now, timeout)
        while not is_ready():
            if self.failure is not None:
                raise self.failure
            if self.is_over or (until is not None and self.now() >= until):
                return bool(is_ready())
            woken = self._shell.clock.event()
            self._waiting.add(woken)
            try:
                await self._shell.clock.wait(woken, until)
            finally:
                self._waiting.discard(woken)
        return True

    async def wait_until_over(self) -> None:
        """Wait until the machine is over. A virtual clock moves on while this waits."""
        if not self._shell.clock.is_virtual:
            await self.wait(lambda: False)
            return
        await self._shell.clock.settle()
        while not self.is_over:
            if (until := self.machine.next_deadline()) is not None:
                await self._shell.clock.sleep(max(0.0, until - self.now()))
            await self._shell.clock.settle()

    # The driving task.

    async def _drive(self) -> None:
        try:
            await self._drive_in_group(self.begin)
        except anyio.get_cancelled_exc_class():
            # No scope does this: the event loop ends, and cancels all its tasks. Clean up all the same, which takes a bounded time.
            await self._drive_in_group(self.request_stop)
            raise
        finally:
            if not self.is_over:
                self._step(lambda: self.fail(RuntimeError("the event loop ended before everything was given back")))

    async def _drive_in_group(self, first: Callable[[], object]) -> None:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as self._inner:
                if not self.is_over:
                    self._step(first)
                await self._until_over()

    async def _until_over(self) -> None:
        while not self.is_over:
            until = self.machine.next_deadline()
            if until is not None and until <= self.now():
                self._step(self.advance)
                continue
            self._woken = self._shell.clock.event()
            await self._shell.clock.wait(self._woken, until)

    def _step(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:
            self.fail(error)
        self._woken.set()
        for woken in list(self._waiting):
            woken.set()
        for call in self.take_followers():
            _ask_again(call)

    # What the machine asks for.

    def send(self, call: Call) -> Event | None:
        """Begin a call. Return its failure, if it cannot begin."""
        if call.send.may_block:
            query = self._shell.queries.join(call, anyio.lowlevel.current_token())
            if isinstance(query, NoConnectionFree):
                return Failed(call.send.name, query)
            if len(query.calls) == 1:
                self._ask(query)
            return None
        call.handle = anyio.CancelScope()
        self._inner.start_soon(self._call, call)
        return None

    def cancel(self, call: Call) -> None:
        """Cancel a call. If other machines need its query, one of them asks again: the tasks of this one may end."""
        if call.query is None:
            call.handle.cancel()
            return
        query: Query = call.query
        handle = query.handle if query.calls[0] is call else None
        is_over = self._shell.queries.leave(call)
        if handle is not None:
            handle.cancel()
            if not is_over:
                query.calls[0].run._ask(query)  # type: ignore[attr-defined] # noqa: SLF001 - another run of the same class

    def _ask(self, query: Query) -> None:
        query.handle = anyio.CancelScope()
        self._inner.start_soon(self._query, query, query.calls[0], query.handle)

    async def _call(self, call: Call) -> None:
        result: Reply[Any] | ConsulateException = _cancelled()
        try:
            with call.handle:
                result = await self._perform(call, call.send.operation)
        finally:
            if not call.handle.cancel_called:
                name = call.send.name
                event = Failed(name, result) if isinstance(result, ConsulateException) else Answered(name, result)
                self._step(lambda: self.finish(call, event))

    async def _query(self, query: Query, first: Call, scope: anyio.CancelScope) -> None:
        result: Reply[Any] | ConsulateException = _cancelled()
        try:
            with scope:
                result = await self._perform(first, shareable(first.send.operation))
        finally:
            if not scope.cancel_called:
                report(self._shell.queries.end(query), result, _step_of)

    async def _perform(self, call: Call, operation: Any) -> Reply[Any] | ConsulateException:
        """Return the reply, or the error. An error that no machine knows ends the run."""
        try:
            reply: Reply[Any] = await self.perform(operation, timeout=call.send.timeout, retry=False)
        except ConsulateException as error:
            return error
        except Exception as error:
            self._step(lambda error=error: self.fail(error))  # type: ignore[misc] # bound early
            return RequestError("the call could not be made")
        return reply


def _step_of(run: Any, step: Callable[[], object]) -> None:
    run._step(step)  # noqa: SLF001 - of this file


def _ask_again(call: Call) -> None:
    """Begin a blocking query again for a call that is in flight."""
    run: Any = call.run
    refused = run.send(call)
    if refused is not None:
        _step_of(run, lambda: run.finish(call, refused))


def _cancelled() -> RequestError:
    """Return the error of a call whose task somebody else cancelled."""
    return RequestError("the call was cancelled, with all tasks of the event loop")
