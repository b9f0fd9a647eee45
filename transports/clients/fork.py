"""Forks: a child process must not use its parent's connections, so each transport starts with none in the child."""

from __future__ import annotations

import os
import socket
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """A transport that holds connections."""

    def after_fork(self) -> None:
        """In the child: drop the parent's connections without sending anything to the server."""
        ...


_transports: WeakSet[Forkable] = WeakSet()


def renew_after_fork(transport: Forkable) -> None:
    """Call `transport.after_fork()` in every process that is forked from this one while the transport exists."""
    _transports.add(transport)


def close_inherited(sock: socket.socket | None) -> None:
    """Close only the descriptor of a parent's socket. Closing its reader could block: a thread of the parent may hold its lock."""
    if sock is not None and (descriptor := sock.detach()) >= 0:
        os.close(descriptor)


def _after_fork() -> None:
    for transport in list(_transports):
        transport.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
