"""A listening port that never accepts: connecting to it waits."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

#: Seconds within which a connection on this machine succeeds, if it can.
_SOON = 0.2


@contextmanager
def full_listener() -> Iterator[str]:
    """Yield the address of a TCP port whose queue of connections is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        is_full = False
        while not is_full:
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
            is_full = not select.select([], [waiting], [], _SOON)[1]
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
