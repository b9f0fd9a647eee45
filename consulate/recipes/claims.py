"""What a lock, a slot, a leadership and a kept session have in common: a block that holds something, for threads and for tasks."""

# ruff: noqa: SLF001 - these classes, and the clients, are halves of each other

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from consul_proto.errors import LockNotAcquired
from consul_proto.recipes.outcomes import GaveUp, Lost
from consulate.recipes.held import AsyncLoss, Loss
from consulate.recipes.shells import task_shell, thread_shell
from transports.log import failure

if TYPE_CHECKING:
    from types import EllipsisType, TracebackType

    from consul_proto.durations import Duration
    from consul_proto.errors import LockLost
    from consulate.recipes.clients import TaskClient, ThreadClient
    from transports.machines.tasks import TaskRun
    from transports.machines.threads import ThreadRun

H = TypeVar("H")

#: Seconds for which a thread waits after a loss until its session is destroyed. If Consul cannot be reached, the session ends by itself.
_AFTER_LOSS = 1.0

#: Makes a machine that waits for a time; None: without end, 0: it tries once.
MakeMachine: TypeAlias = "Callable[[Duration | None], Any]"

#: Makes what the block gets from how it was lost, what the machine told, and what releases it.
MakeHeld: TypeAlias = Callable[[Any, Any, Any], H]


class _Attempt(Generic[H]):
    """One machine and what it told. release: gives back what an attempt holds. on_lost: is called when the machine tells a loss."""

    def __init__(
        self,
        what: str,
        loss: type[Any],
        make: MakeHeld[H],
        release: Callable[[_Attempt[H]], object],
        on_lost: Callable[[_Attempt[H]], object],
    ) -> None:
        self.run: Any = None
        self.held: H | None = None
        self.loss: Any = None
        self.gave_up: GaveUp | None = None
        #: Whether it was given back before the end of the block.
        self.is_released = False
        self._what, self._new_loss, self._make, self._release = what, loss, make, release
        self._on_lost = on_lost

    def tell(self, event: Any) -> None:
        if isinstance(event, GaveUp):
            self.gave_up = event
        elif isinstance(event, Lost):
            self.loss._lose(event.error)
            self._on_lost(self)
        else:
            self.loss = self._new_loss(self.run, self._what)
            self.held = self._make(self.loss, event, partial(self._release, self))

    def is_known(self) -> bool:
        """Return whether something is held, or never will be."""
        return self.held is not None or self.gave_up is not None

    def result(self) -> H:
        """Return what is held. Raises why nothing is."""
        if self.gave_up is not None:
            raise self.gave_up.error
        if self.held is None:
            raise RuntimeError(f"{self._what} ended before anything was held: its process was forked, or its event loop ends")
        if (lost := self.loss.error) is not None:
            raise lost  # the process was paused before the block could begin
        return self.held


def _replaces(lost: LockLost | None, error: BaseException | None) -> bool:
    """Return whether a loss is what the block must raise: what cannot be caught by mistake (KeyboardInterrupt) goes on as it is."""
    return lost is not None and lost is not error and (error is None or isinstance(error, Exception))


def call_back(on_loss: Callable[[H], object], held: H, what: str) -> None:
    """Call a user's callback. What it raises is logged: the thread that calls it goes on with all recipes of the client."""
    try:
        on_loss(held)
    except Exception:
        failure("on_loss of %s failed", what)


def _held_twice(what: str) -> RuntimeError:
    return RuntimeError(f"{what} is held or waited for already by this object; make another object for another holder")


class ThreadClaim(Generic[H]):
    """Holds something while a block runs, for threads. An object holds it once at a time; it can be used again after that.

    what: its name in errors. machine: makes a machine. held: makes what the block gets. timeout: seconds to wait for it.
    on_loss: is called with what was held when it is lost, in a thread of the recipes, and must return soon. What it raises is logged.
    """

    def __init__(
        self,
        client: ThreadClient,
        what: str,
        machine: MakeMachine,
        held: MakeHeld[H],
        timeout: Duration | None,
        on_loss: Callable[[H], object] | None,
    ) -> None:
        machine(timeout)  # invalid arguments raise here
        self._client = client
        self._what, self._machine, self._held = what, machine, held
        self._timeout = timeout
        self._on_loss = on_loss
        self._guard = threading.Lock()
        self._attempt: _Attempt[H] | None = None
        #: That of the block.
        self._entered: _Attempt[H] | None = None

    def __enter__(self) -> H:
        held = self._begin(self._timeout)
        self._entered = self._attempt
        return held

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        attempt, self._entered = self._entered, None
        self._leave(attempt, error)
        return False

    def _leave(self, attempt: _Attempt[H] | None, error: BaseException | None) -> None:
        """End a block. error: what it raised. Raises LockLost if that is worse."""
        lost = self._end(attempt)
        if lost is not None and _replaces(lost, error):
            raise lost from error

    def _begin(self, timeout: Duration | None) -> H:
        attempt: _Attempt[H] = _Attempt(self._what, Loss, self._held, self._release, self._lost)
        with self._guard:
            if self._attempt is not None:
                raise _held_twice(self._what)
            self._attempt = attempt
        run: ThreadRun[Any] | None = None
        try:
            run = attempt.run = thread_shell(self._client).new(self._machine(timeout), self._client.perform_with_meta, attempt.tell)
            run.open()
            run.wait(attempt.is_known)
            return attempt.result()
        except BaseException:
            self._attempt = None
            if run is not None:
                run.stop()
                run.wait_until_over()
            raise

    def _release(self, attempt: _Attempt[H]) -> None:
        """Give back what is held. Raises LockLost if it was lost."""
        if (lost := self._end(attempt)) is not None:
            raise lost

    def _end(self, attempt: _Attempt[H] | None) -> LockLost | None:
        """Give back what is held, and wait until that is done; after a loss, only for a moment. Return the loss. Twice does nothing."""
        with self._guard:
            if attempt is None or self._attempt is not attempt:
                return None
            self._attempt = None
        lost: LockLost | None = attempt.loss._settle()
        attempt.run.stop()
        attempt.run.wait_until_over(None if lost is None else _AFTER_LOSS)
        return lost

    def _lost(self, attempt: _Attempt[H]) -> None:
        if self._on_loss is not None and attempt.held is not None:
            call_back(self._on_loss, attempt.held, self._what)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._what} of {self._client!r}>"


class Lockable(ThreadClaim[H]):
    """What can be tried for: a lock, a slot, a leadership; for threads."""

    def acquire(self, timeout: Duration | EllipsisType | None = ...) -> H | None:
        """Wait for it, and return what is held; None if the time is over. Call `release()` of the result in the end.

        timeout: seconds to wait; 0: try once; None: without end; without it, that of this object.
        Raises what the block would raise, except LockNotAcquired when the time is over.
        """
        try:
            return self._begin(self._timeout if timeout is ... else timeout)
        except LockNotAcquired as error:
            if error.is_time_over:
                return None
            raise

    def attempt(self, timeout: Duration | None = 0) -> Try[H]:
        """Return a block that gets what is held, or None if the time is over: `with lock.attempt() as held:`.

        timeout: seconds to wait; 0: try once; None: without end.
        """
        return Try(self, timeout)


class Try(Generic[H]):
    """A block that gets what is held, or None, for threads."""

    def __init__(self, claim: Lockable[H], timeout: Duration | None) -> None:
        self._claim = claim
        self._timeout = timeout
        self._attempt: _Attempt[H] | None = None

    def __enter__(self) -> H | None:
        held = self._claim.acquire(self._timeout)
        self._attempt = None if held is None else self._claim._attempt
        return held

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self._claim._leave(self._attempt, error)
        return False


class TaskClaim(Generic[H]):
    """Holds something while a block runs, for tasks; see `ThreadClaim`. cancel_on_loss: cancel the block when it is lost."""

    def __init__(
        self,
        client: TaskClient,
        what: str,
        machine: MakeMachine,
        held: MakeHeld[H],
        timeout: Duration | None,
        cancel_on_loss: bool,
    ) -> None:
        machine(timeout)  # invalid arguments raise here
        self._client = client
        self._what, self._machine, self._held = what, machine, held
        self._timeout = timeout
        self._cancel_on_loss = cancel_on_loss
        self._attempt: _Attempt[H] | None = None

    async def __aenter__(self) -> H:
        return await self._begin(self._timeout)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        attempt, self._attempt = self._attempt, None
        assert attempt is not None
        lost: LockLost | None = None if attempt.is_released else attempt.loss._settle()
        run: TaskRun[Any] = attempt.run
        left = run.leave_scope(error)
        await run.close()
        if lost is not None and not run.is_cancellation(left) and _replaces(lost, left):
            raise lost from left
        if left is not None and left is not error:
            raise left
        return False

    async def _begin(self, timeout: Duration | None) -> H:
        if self._attempt is not None:
            raise _held_twice(self._what)
        attempt = self._attempt = _Attempt(self._what, AsyncLoss, self._held, self._release, self._lost)
        try:
            run: TaskRun[Any] = task_shell(self._client).new(self._machine(timeout), self._client.perform_with_meta, attempt.tell)
            attempt.run = run
            await run.open()
            try:
                await run.wait(attempt.is_known)
                held = attempt.result()
            except BaseException:
                await run.close()
                raise
        except BaseException:
            self._attempt = None
            raise
        if self._cancel_on_loss:
            run.enter_scope()
        return held

    async def _release(self, attempt: _Attempt[H]) -> None:
        """Give back what is held. Raises LockLost if it was lost."""
        if self._attempt is attempt and not attempt.is_released:
            attempt.is_released = True
            lost = attempt.loss._settle()
            attempt.run.stop()
            await attempt.run.wait_until_over()
            if lost is not None:
                raise lost

    def _lost(self, attempt: _Attempt[H]) -> None:
        if self._cancel_on_loss:
            attempt.run.cancel_block()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._what} of {self._client!r}>"


class AsyncLockable(TaskClaim[H]):
    """What can be tried for: a lock, a slot, a leadership; for tasks. A machine needs a block, so there is no `acquire`."""

    def attempt(self, timeout: Duration | None = 0) -> AsyncTry[H]:
        """Return a block that gets what is held, or None if the time is over: `async with lock.attempt() as held:`.

        timeout: seconds to wait; 0: try once; None: without end.
        """
        return AsyncTry(self, timeout)


class AsyncTry(Generic[H]):
    """A block that gets what is held, or None, for tasks."""

    def __init__(self, claim: AsyncLockable[H], timeout: Duration | None) -> None:
        self._claim = claim
        self._timeout = timeout
        self._holds = False

    async def __aenter__(self) -> H | None:
        try:
            held = await self._claim._begin(self._timeout)
        except LockNotAcquired as error:
            if error.is_time_over:
                return None
            raise
        self._holds = True
        return held

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        return await self._claim.__aexit__(kind, error, trace) if self._holds else False
