"""Locks and semaphores, for threads and for tasks. Clients make them: `client.lock(...)`, `client.semaphore(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.recipes.lock import worst_case_takeover
from consulate.recipes.claims import AsyncLockable, Lockable
from consulate.recipes.held import AsyncHeld, Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.durations import Duration
    from consulate.recipes.claims import MakeMachine
    from consulate.recipes.clients import TaskClient, ThreadClient


class Lock(Lockable[Held]):
    """A lock on a key, for threads. `with lock as held:` waits for it, and holds it while the block runs."""

    def __init__(
        self,
        client: ThreadClient,
        key: str,
        machine: MakeMachine,
        timeout: Duration | None,
        on_loss: Callable[[Held], object] | None,
        longest: tuple[Duration, Duration],
    ) -> None:
        super().__init__(client, f"the lock {key!r}", machine, Held, timeout, on_loss)
        self.key = key
        self._longest = longest

    @property
    def worst_case_takeover(self) -> float:
        """The seconds after which another has the lock at the latest, if its holder crashes: 2 x TTL + lock delay.

        Each change of the cluster's leader in between adds up to 2 x TTL, since Consul begins the TTL anew.
        """
        return worst_case_takeover(*self._longest)


class AsyncLock(AsyncLockable[AsyncHeld]):
    """A lock on a key, for tasks. `async with lock as held:` waits for it, and holds it while the block runs."""

    def __init__(
        self,
        client: TaskClient,
        key: str,
        machine: MakeMachine,
        timeout: Duration | None,
        cancel_on_loss: bool,
        longest: tuple[Duration, Duration],
    ) -> None:
        super().__init__(client, f"the lock {key!r}", machine, AsyncHeld, timeout, cancel_on_loss)
        self.key = key
        self._longest = longest

    @property
    def worst_case_takeover(self) -> float:
        """The seconds after which another has the lock at the latest, if its holder crashes: 2 x TTL + lock delay.

        Each change of the cluster's leader in between adds up to 2 x TTL, since Consul begins the TTL anew.
        """
        return worst_case_takeover(*self._longest)


class Semaphore(Lockable[Held]):
    """One of a number of slots, for threads. `with semaphore as held:` waits for one, and holds it while the block runs."""

    def __init__(
        self, client: ThreadClient, prefix: str, machine: MakeMachine, timeout: Duration | None, on_loss: Callable[[Held], object] | None
    ) -> None:
        super().__init__(client, f"a slot of {prefix!r}", machine, Held, timeout, on_loss)
        self.prefix = prefix


class AsyncSemaphore(AsyncLockable[AsyncHeld]):
    """One of a number of slots, for tasks. `async with semaphore as held:` waits for one, and holds it while the block runs."""

    def __init__(self, client: TaskClient, prefix: str, machine: MakeMachine, timeout: Duration | None, cancel_on_loss: bool) -> None:
        super().__init__(client, f"a slot of {prefix!r}", machine, AsyncHeld, timeout, cancel_on_loss)
        self.prefix = prefix
