"""`client.lock`, `client.semaphore` and `client.election`. What they need is imported when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.codec import Value
    from consul_proto.durations import Duration
    from consulate.recipes.claims import MakeMachine
    from consulate.recipes.election import AsyncElection, Election
    from consulate.recipes.held import Held
    from consulate.recipes.lock import AsyncLock, AsyncSemaphore, Lock, Semaphore

#: Those of the machines, which are not imported for their sake.
DEFAULT_TTL = DEFAULT_DELAY = "15s"


class ThreadRecipes:
    """The recipes of a client for threads."""

    def lock(
        self: Any,
        key: str,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        on_loss: Callable[[Held], object] | None = None,
    ) -> Lock:
        """Return a lock on a key, for threads: `with client.lock("jobs/nightly/.lock") as held:`. Nothing is sent before that.

        It excludes the official client's locks on the same key; `consul lock jobs/nightly` locks "jobs/nightly/.lock".

        value: what the key holds while it is locked. delete: delete the key when the lock is released.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        delay: the lock delay: seconds for which nobody gets it after a loss (not after a release).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        on_loss: is called with what was held when it is lost, in a thread of the recipes, and must return soon.

        The block raises LockNotAcquired after `timeout`, LockConflict if the key is used for something else, LockLost after a loss.
        Raises ValueError for a key or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/application-leader-election
        """
        from random import random

        from consul_proto.recipes import lock
        from consulate.recipes.lock import Lock

        def machine(timeout: Duration | None) -> lock.Lock:
            options: Any = {"session": session, "ttl": ttl, "delay": delay, "checks": checks, "name": name, "timeout": timeout}
            return lock.Lock(key, value=value, delete=delete, jitter=random, **options)

        return Lock(self, key, machine, timeout, on_loss, (ttl, delay))

    def semaphore(
        self: Any,
        prefix: str,
        limit: int,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        on_loss: Callable[[Held], object] | None = None,
    ) -> Semaphore:
        """Return one of `limit` slots, for threads: `with client.semaphore("imports/slots", limit=3) as held:`.

        It has the official client's layout, and counts its holders. All contenders must give the same limit.

        value: what the key of this holder holds. delete: delete the semaphore's key when its last holder leaves.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        on_loss: is called with what was held when it is lost, in a thread of the recipes, and must return soon.

        The block raises LockNotAcquired after `timeout`, LockConflict for another limit, LockLost after a loss.
        Raises ValueError for a limit below 1, and for a prefix or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/semaphore
        """
        from random import random

        from consul_proto.recipes import semaphore
        from consulate.recipes.lock import Semaphore

        def machine(timeout: Duration | None) -> semaphore.Semaphore:
            options: Any = {"session": session, "ttl": ttl, "checks": checks, "name": name, "timeout": timeout}
            return semaphore.Semaphore(prefix, limit, value=value, delete=delete, jitter=random, **options)

        return Semaphore(self, prefix, machine, timeout, on_loss)

    def election(
        self: Any,
        key: str,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        on_loss: Callable[[Held], object] | None = None,
    ) -> Election:
        """Return an election, for threads: `with client.election("service/billing/leader", value="node-1") as leadership:`.

        `leader()` says who leads, `observe()` follows that, and `campaign()` leads again and again.

        value: what the key says about the leader while it leads.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        delay: the lock delay: seconds for which nobody gets it after a loss (not after a release).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        on_loss: is called with what was held when it is lost, in a thread of the recipes, and must return soon.

        The block raises LockNotAcquired after `timeout`, LockConflict if the key is used for something else, LockLost after a loss.
        Raises ValueError for a key or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/application-leader-election
        """
        from random import random

        from consul_proto.recipes import election
        from consulate.recipes.election import Election

        def machine(again: bool) -> MakeMachine:
            def make(timeout: Duration | None) -> election.Election:
                options: Any = {"session": session, "ttl": ttl, "delay": delay, "checks": checks, "name": name, "timeout": timeout}
                return election.Election(key, value=value, again=again, jitter=random, **options)

            return make

        return Election(self, key, machine, timeout, on_loss, (ttl, delay))


class TaskRecipes:
    """The recipes of a client for tasks."""

    def lock(
        self: Any,
        key: str,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        cancel_on_loss: bool = False,
    ) -> AsyncLock:
        """Return a lock on a key, for tasks: `async with client.lock("jobs/nightly/.lock") as held:`. Nothing is sent before that.

        It excludes the official client's locks on the same key; `consul lock jobs/nightly` locks "jobs/nightly/.lock".

        value: what the key holds while it is locked. delete: delete the key when the lock is released.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        delay: the lock delay: seconds for which nobody gets it after a loss (not after a release).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        cancel_on_loss: cancel the block when it is lost.

        The block raises LockNotAcquired after `timeout`, LockConflict if the key is used for something else, LockLost after a loss.
        Raises ValueError for a key or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/application-leader-election
        """
        from random import random

        from consul_proto.recipes import lock
        from consulate.recipes.lock import AsyncLock

        def machine(timeout: Duration | None) -> lock.Lock:
            options: Any = {"session": session, "ttl": ttl, "delay": delay, "checks": checks, "name": name, "timeout": timeout}
            return lock.Lock(key, value=value, delete=delete, jitter=random, **options)

        return AsyncLock(self, key, machine, timeout, cancel_on_loss, (ttl, delay))

    def semaphore(
        self: Any,
        prefix: str,
        limit: int,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        cancel_on_loss: bool = False,
    ) -> AsyncSemaphore:
        """Return one of `limit` slots, for tasks: `async with client.semaphore("imports/slots", limit=3) as held:`.

        It has the official client's layout, and counts its holders. All contenders must give the same limit.

        value: what the key of this holder holds. delete: delete the semaphore's key when its last holder leaves.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        cancel_on_loss: cancel the block when it is lost.

        The block raises LockNotAcquired after `timeout`, LockConflict for another limit, LockLost after a loss.
        Raises ValueError for a limit below 1, and for a prefix or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/semaphore
        """
        from random import random

        from consul_proto.recipes import semaphore
        from consulate.recipes.lock import AsyncSemaphore

        def machine(timeout: Duration | None) -> semaphore.Semaphore:
            options: Any = {"session": session, "ttl": ttl, "checks": checks, "name": name, "timeout": timeout}
            return semaphore.Semaphore(prefix, limit, value=value, delete=delete, jitter=random, **options)

        return AsyncSemaphore(self, prefix, machine, timeout, cancel_on_loss)

    def election(
        self: Any,
        key: str,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        cancel_on_loss: bool = False,
    ) -> AsyncElection:
        """Return an election, for tasks: `async with client.election("service/billing/leader", value="node-1") as leadership:`.

        `leader()` says who leads, `observe()` follows that, and `campaign()` leads again and again.

        value: what the key says about the leader while it leads.
        session: the ID of a session of your own; None: it makes one, and destroys it at the end.
        ttl: seconds without contact after which it is lost; at least the agent's session_ttl_min (10 seconds).
        delay: the lock delay: seconds for which nobody gets it after a loss (not after a release).
        checks: IDs of checks that end the session when they fail; None: serfHealth (fast, but any trouble of the network between agents
        counts); []: none. name: the session's, for people. timeout: seconds to wait; None: without end.
        cancel_on_loss: cancel the block when it is lost.

        The block raises LockNotAcquired after `timeout`, LockConflict if the key is used for something else, LockLost after a loss.
        Raises ValueError for a key or a duration that Consul does not accept.
        https://developer.hashicorp.com/consul/docs/automate/application-leader-election
        """
        from random import random

        from consul_proto.recipes import election
        from consulate.recipes.election import AsyncElection

        def machine(again: bool) -> MakeMachine:
            def make(timeout: Duration | None) -> election.Election:
                options: Any = {"session": session, "ttl": ttl, "delay": delay, "checks": checks, "name": name, "timeout": timeout}
                return election.Election(key, value=value, again=again, jitter=random, **options)

            return make

        return AsyncElection(self, key, machine, timeout, cancel_on_loss, (ttl, delay))
