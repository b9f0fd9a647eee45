"""The shell of a client, which drives its recipes. All views of a client share it."""

# ruff: noqa: SLF001 - these classes, and the clients, are halves of each other

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from transports.cancel import is_cancellable
from transports.machines.clocks import async_machine_clock, machine_clock
from transports.machines.runs import MOST_WAITING, Queries, query_limit
from transports.started import starter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulate.recipes.clients import TaskClient, ThreadClient
    from transports.machines.tasks import TaskShell
    from transports.machines.threads import ThreadShell

_lock = Lock()


def thread_shell(client: ThreadClient) -> ThreadShell:
    """Return the shell of a client for threads. A clock that is also a shell, such as that of `Programs`, drives them itself."""
    from transports.machines.threads import MOST_HELD, ThreadShell

    transport: Any = client._transport
    clock: Any = client._context.clock
    if hasattr(clock, "machines"):
        own: ThreadShell = clock.machines
        return own
    with _lock:
        if (shell := client._shells.get("threads")) is None:
            shell = client._shells["threads"] = ThreadShell(
                machine_clock(clock),
                lambda: Queries(MOST_HELD, min(MOST_WAITING, query_limit(transport)), _has_place(transport)),
                is_cancellable=is_cancellable(transport),
            )
            if hasattr(clock, "follow"):
                clock.follow(shell)
    found: ThreadShell = shell
    return found


@contextmanager
def own_thread_shell(client: ThreadClient, workers: int) -> Iterator[ThreadShell]:
    """Give a shell for one call of a client, whose threads have all ended at the end of the block.

    workers: its threads for calls, and so the most calls at a time.
    """
    clock: Any = client._context.clock
    if hasattr(clock, "machines"):
        yield clock.machines
        return
    shell = _new_shell(client, workers)
    if hasattr(clock, "follow"):
        clock.follow(shell)
    try:
        yield shell
    finally:
        shell.join()


def _new_shell(client: ThreadClient, workers: int) -> ThreadShell:
    transport: Any = client._transport
    clock = machine_clock(client._context.clock)
    start = starter(transport, client._context)
    if start is not None:
        from transports.machines.sockets import SocketShell

        return SocketShell(clock, _no_queries, start, workers=workers)
    from transports.machines.threads import ThreadShell

    return ThreadShell(clock, _no_queries, is_cancellable=is_cancellable(transport), workers=workers)


def _no_queries() -> Queries:
    return Queries(0, 0, lambda: False)


def task_shell(client: TaskClient) -> TaskShell:
    """Return the shell of a client for tasks."""
    clock: Any = client._context.clock
    if hasattr(clock, "machines"):
        own: TaskShell = clock.machines
        return own
    from transports.machines.tasks import TaskShell

    if (shell := client._shells.get("tasks")) is None:
        transport = client._transport
        limit = query_limit(transport)
        shell = client._shells["tasks"] = TaskShell(async_machine_clock(clock), Queries(limit, limit, _has_place(transport)))
    found: TaskShell = shell
    return found


def _has_place(transport: Any) -> Any:
    return getattr(transport, "has_place", lambda: True)
