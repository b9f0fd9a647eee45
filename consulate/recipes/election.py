"""Elections, for threads and for tasks. Clients make them: `client.election(...)`."""

# ruff: noqa: SLF001 - these classes, and the clients, are halves of each other

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from random import random
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar

from consul_proto.recipes.election import Observer, leader
from consul_proto.recipes.lock import worst_case_takeover
from consul_proto.recipes.outcomes import Acquired, GaveUp, Leader, LeaderChanged, Lost
from consulate.recipes.claims import AsyncLockable, Lockable, call_back
from consulate.recipes.held import AsyncHeld, AsyncLoss, Held, Loss
from consulate.recipes.shells import task_shell, thread_shell

if TYPE_CHECKING:
    from types import TracebackType

    from consul_proto.durations import Duration
    from consulate.recipes.claims import MakeMachine
    from consulate.recipes.clients import TaskClient, ThreadClient
    from transports.machines.tasks import TaskRun
    from transports.machines.threads import ThreadRun

T = TypeVar("T")

_NOT_OPEN = "use it as a context manager: `with election.observe() as leaders:`, then iterate"


class Election(Lockable[Held]):
    """An election, for threads. `with election as leadership:` waits until this process leads, and leads while the block runs."""

    def __init__(
        self,
        client: ThreadClient,
        key: str,
        machine: Callable[[bool], MakeMachine],
        timeout: Duration | None,
        on_loss: Callable[[Held], object] | None,
        longest: tuple[Duration, Duration],
    ) -> None:
        super().__init__(client, f"the leadership {key!r}", machine(False), Held, timeout, on_loss)
        self.key = key
        self._campaign = machine(True)
        self._longest = longest

    @property
    def worst_case_takeover(self) -> float:
        """The seconds after which another leads at the latest, if the leader crashes: 2 x TTL + lock delay; see `Lock`."""
        return worst_case_takeover(*self._longest)

    def leader(self) -> Leader | None:
        """Return who leads: the key's value, the leader's session, and the term; None if nobody does."""
        return self._client.perform(leader(self.key, self._client._codec))

    def observe(self) -> Followed[Leader | None]:
        """Follow who leads: `with election.observe() as leaders: for leader in leaders: ...`.

        The first is who leads now. It goes on until the block ends, or `close()` from another thread.
        """
        machine = Observer(self.key, codec=self._client._codec, jitter=random)
        return Followed(self._client, machine, _Leaders)

    def campaign(self) -> Followed[Held]:
        """Lead again and again: `with election.campaign() as terms: for leadership in terms: ...`.

        Each leadership is one term; after its loss, the next one comes as soon as this process is elected again. Its `release()` ends the
        campaign.
        """
        return Followed(self._client, self._campaign(None), partial(_Terms, self._what, Loss, Held, self._on_loss))


class AsyncElection(AsyncLockable[AsyncHeld]):
    """An election, for tasks. `async with election as leadership:` waits until this process leads, and leads while the block runs."""

    def __init__(
        self,
        client: TaskClient,
        key: str,
        machine: Callable[[bool], MakeMachine],
        timeout: Duration | None,
        cancel_on_loss: bool,
        longest: tuple[Duration, Duration],
    ) -> None:
        super().__init__(client, f"the leadership {key!r}", machine(False), AsyncHeld, timeout, cancel_on_loss)
        self.key = key
        self._campaign = machine(True)
        self._longest = longest

    @property
    def worst_case_takeover(self) -> float:
        """The seconds after which another leads at the latest, if the leader crashes: 2 x TTL + lock delay; see `Lock`."""
        return worst_case_takeover(*self._longest)

    async def leader(self) -> Leader | None:
        """Return who leads: the key's value, the leader's session, and the term; None if nobody does."""
        return await self._client.perform(leader(self.key, self._client._codec))

    def observe(self) -> AsyncFollowed[Leader | None]:
        """Follow who leads: `async with election.observe() as leaders: async for leader in leaders: ...`.

        The first is who leads now. It goes on until the block ends, or `close()` from another task.
        """
        machine = Observer(self.key, codec=self._client._codec, jitter=random)
        return AsyncFollowed(self._client, machine, _Leaders)

    def campaign(self) -> AsyncFollowed[AsyncHeld]:
        """Lead again and again: `async with election.campaign() as terms: async for leadership in terms: ...`.

        Each leadership is one term; after its loss, the next one comes as soon as this process is elected again. Its `release()` ends the
        campaign.
        """
        return AsyncFollowed(self._client, self._campaign(None), partial(_Terms, self._what, AsyncLoss, AsyncHeld, None))


class _Leaders:
    """Reads what an observer tells. followed: what the leaders are for."""

    def __init__(self, followed: object) -> None:
        self._followed = followed

    def read(self, event: Any) -> list[Leader | None]:
        return [event.leader] if isinstance(event, LeaderChanged) else []

    def is_past(self, _leader: Leader | None) -> bool:
        return False


class _Terms:
    """Makes the terms of a campaign from what its machine tells. followed: what the terms are for."""

    def __init__(self, what: str, loss: type[Any], held: Any, on_loss: Callable[[Any], object] | None, followed: Any) -> None:
        self._what, self._loss, self._held, self._on_loss = what, loss, held, on_loss
        self._followed = followed
        self._term: Any = None

    def read(self, event: Any) -> list[Any]:
        if isinstance(event, Acquired):
            self._term = self._held(self._loss(self._followed.run, self._what), event, self._followed._stop)
            return [self._term]
        if isinstance(event, Lost):
            self._term.lost._lose(event.error)
            self._term.lost._settle()
            if self._on_loss is not None:
                call_back(self._on_loss, self._term, self._what)
        return []

    def is_past(self, term: Any) -> bool:
        """Return whether a term was over before anybody asked for it."""
        return bool(term.lost.is_set())


class _AnyFollowed(Generic[T]):
    """What `Followed` and `AsyncFollowed` share: what was told and not yet returned."""

    def __init__(self, client: Any, machine: Any, reader: Callable[[Any], Any]) -> None:
        self._client, self._machine = client, machine
        self.run: Any = None
        self._reader = reader(self)
        self._told: deque[T] = deque()
        self._gave_up: GaveUp | None = None

    def _tell(self, event: Any) -> None:
        if isinstance(event, GaveUp):
            self._gave_up = event
        self._told.extend(self._reader.read(event))

    def _new(self, shell: Any) -> Any:
        if self.run is not None:
            raise RuntimeError("it can be followed only once; call the method again for a new one")
        self.run = shell.new(self._machine, self._client.perform_with_meta, self._tell)
        return self.run

    def _is_known(self) -> bool:
        """Return whether there is something to return. It changes nothing: threads of the shell ask too."""
        return any(not self._reader.is_past(told) for told in self._told.copy())

    def _fresh(self) -> list[T]:
        """Take the next event that is not over yet. Return a list with it, or an empty list."""
        while self._told:
            if not self._reader.is_past(told := self._told.popleft()):
                return [told]
        return []

    def _end(self, end: type[Exception]) -> Exception:
        return end() if self._gave_up is None else self._gave_up.error

    def close(self) -> None:
        """End it: the iteration stops. Closing twice does nothing."""
        if self.run is not None:
            self.run.stop()


class Followed(_AnyFollowed[T]):
    """What happens, one after another, for threads: iterate over it inside a `with` block."""

    def __enter__(self) -> Self:
        run: ThreadRun[Any] = self._new(thread_shell(self._client))
        run.open()
        return self

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if self.run is None:
            raise RuntimeError(_NOT_OPEN)
        while self.run.wait(self._is_known):
            for told in self._fresh():
                return told
        raise self._end(StopIteration)

    def _stop(self) -> None:
        self.close()
        self.run.wait_until_over()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self._stop()
        return False


class AsyncFollowed(_AnyFollowed[T]):
    """What happens, one after another, for tasks: iterate over it inside an `async with` block."""

    async def __aenter__(self) -> Self:
        run: TaskRun[Any] = self._new(task_shell(self._client))
        await run.open()
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self.run is None:
            raise RuntimeError(_NOT_OPEN)
        while await self.run.wait(self._is_known):
            for told in self._fresh():
                return told
        raise self._end(StopAsyncIteration)

    async def _stop(self) -> None:
        self.close()
        await self.run.wait_until_over()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        await self.run.close()
        return False
