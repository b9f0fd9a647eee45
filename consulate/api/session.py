"""`consulate.api.session.Session`, under its documented name, and its counterpart for tasks. Both can keep a session alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from consul_proto.endpoints import session as endpoints
from consul_proto.namespace import Async, Sync
from consulate.api.documented import Documented
from consulate.recipes.clients import client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.durations import Duration
    from consulate.recipes.held import LiveSession
    from consulate.recipes.session import AsyncSessionKeeper, SessionKeeper


class Session(Documented, endpoints.Session[Sync]):
    """Create, renew, read and destroy sessions."""

    def keep(
        self,
        name: str | None = None,
        behavior: Literal["release", "delete"] = "release",
        *,
        ttl: Duration = "15s",
        delay: Duration | None = None,
        checks: Sequence[str] | None = None,
        timeout: Duration | None = None,
        on_loss: Callable[[LiveSession], object] | None = None,
    ) -> SessionKeeper:
        """Return a session that lives while a block runs, for threads: `with client.session.keep(ttl="15s") as session:`.

        It is renewed at half its TTL, and destroyed at the end of the block or after a loss. Nothing is sent before the block.

        The parameters are those of `create`. timeout: seconds to wait until Consul can create it; None: without end.
        on_loss: is called with the session when it is lost, in a thread of the recipes, and must return soon.

        The block raises LockLost after a loss. Raises ValueError for an invalid duration or behavior.
        https://developer.hashicorp.com/consul/docs/automate/session
        """
        from consul_proto.recipes.session import SessionOptions
        from consulate.recipes.session import SessionKeeper

        return SessionKeeper(client_of(self, "session.keep"), SessionOptions(ttl, behavior, delay, checks, name), timeout, on_loss)


class AsyncSession(endpoints.Session[Async]):
    """Create, renew, read and destroy sessions, for tasks."""

    _awaits = True

    def keep(
        self,
        name: str | None = None,
        behavior: Literal["release", "delete"] = "release",
        *,
        ttl: Duration = "15s",
        delay: Duration | None = None,
        checks: Sequence[str] | None = None,
        timeout: Duration | None = None,
        cancel_on_loss: bool = False,
    ) -> AsyncSessionKeeper:
        """Return a session that lives while a block runs, for tasks: `async with client.session.keep(ttl="15s") as session:`.

        It is renewed at half its TTL, and destroyed at the end of the block or after a loss. Nothing is sent before the block.

        The parameters are those of `create`. timeout: seconds to wait until Consul can create it; None: without end.
        cancel_on_loss: cancel the block when it is lost.

        The block raises LockLost after a loss. Raises ValueError for an invalid duration or behavior.
        https://developer.hashicorp.com/consul/docs/automate/session
        """
        from consul_proto.recipes.session import SessionOptions
        from consulate.recipes.session import AsyncSessionKeeper

        return AsyncSessionKeeper(
            client_of(self, "session.keep"), SessionOptions(ttl, behavior, delay, checks, name), timeout, cancel_on_loss
        )
