"""Sessions that are kept alive, for threads and for tasks. Clients make them: `client.session.keep(...)`."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

from consul_proto.durations import Duration, seconds
from consul_proto.recipes.session import KeptSession, SessionOptions
from consulate.recipes.claims import TaskClaim, ThreadClaim
from consulate.recipes.held import AsyncLiveSession, LiveSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulate.recipes.claims import MakeMachine
    from consulate.recipes.clients import TaskClient, ThreadClient


class SessionKeeper(ThreadClaim[LiveSession]):
    """A session that lives while a block runs, for threads."""

    def __init__(
        self, client: ThreadClient, options: SessionOptions, timeout: Duration | None, on_loss: Callable[[LiveSession], object] | None
    ) -> None:
        super().__init__(client, "the session", machine(options), LiveSession, timeout, on_loss)


class AsyncSessionKeeper(TaskClaim[AsyncLiveSession]):
    """A session that lives while a block runs, for tasks."""

    def __init__(self, client: TaskClient, options: SessionOptions, timeout: Duration | None, cancel_on_loss: bool) -> None:
        super().__init__(client, "the session", machine(options), AsyncLiveSession, timeout, cancel_on_loss)


def machine(options: SessionOptions) -> MakeMachine:
    """Return what makes the machine of a kept session."""

    def make(timeout: Duration | None) -> KeptSession:
        return KeptSession(options, timeout=None if timeout is None else seconds(timeout), jitter=random)

    return make
