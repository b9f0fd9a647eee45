"""A forked process must not use its parent's connections: each transport begins anew in the child."""

from __future__ import annotations

import os
import socket
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """A transport with connections of its own."""

    def after_fork(self) -> None:
        """In the child: forget the parent's connections without a word to the server."""
        ...


_transports: WeakSet[Forkable] = WeakSet()


def renew_after_fork(transport: Forkable) -> None:
    """Call `transport.after_fork()` in each process that is forked from this one, for as long as the transport lives."""
    _transports.add(transport)


def close_inherited(sock: socket.socket | None) -> None:
    """Close the descriptor of a parent's socket, and touch nothing else: a thread that is not here may hold the lock of its reader."""
    if sock is not None and (descriptor := sock.detach()) >= 0:
        os.close(descriptor)


def _after_fork() -> None:
    for transport in list(_transports):
        transport.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
