"""An event for threads that can be waited for together with sockets."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from math import ceil
from select import POLLIN, POLLOUT, poll

#: The most seconds of one wait: `poll` takes milliseconds, in 32 bits.
_LONGEST = 1e6

#: The most bytes to read from the pipe at once. They only wake, and say nothing.
_MANY = 512


class Readiness(threading.Event):
    """An event. One thread at a time may wait for it with `wait_for_any`: it also wakes when a socket is ready.

    Call `open` before the first `watch`. Any thread may add and remove sockets; the thread that waits sees them when it waits again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._poll = poll()
        self._sockets: set[int] = set()
        #: The ends of a pipe, which wakes a thread that polls.
        self._pipe: tuple[int, int] | None = None
        self._is_polling = False

    def open(self) -> bool:
        """Get ready for sockets. Return False if the process has no descriptors left for that."""
        if self._pipe is None:
            try:
                self._pipe = os.pipe()
            except OSError:
                return False
            for end in self._pipe:
                os.set_blocking(end, False)
            self._poll.register(self._pipe[0], POLLIN)
        return True

    def watch(self, descriptor: int, *, is_sending: bool) -> None:
        """Wake for a socket from now on. is_sending: also when it can send."""
        self._sockets.add(descriptor)
        self._poll.register(descriptor, POLLIN | POLLOUT if is_sending else POLLIN)

    def forget(self, descriptor: int) -> None:
        """No longer wake for a socket, which is still open."""
        self._sockets.remove(descriptor)
        self._poll.unregister(descriptor)

    def set(self) -> None:
        """Wake the thread that waits. It does not wait again before `clear`."""
        super().set()
        if self._is_polling and self._pipe is not None:
            with suppress(BlockingIOError):  # it is full, so it wakes
                os.write(self._pipe[1], b"!")

    def wait_for_any(self, seconds: float) -> list[int]:
        """Wait until the event is set, a socket is ready or the time is over; it may also return earlier.

        seconds: may be infinity. Return the descriptors of the sockets that are ready.
        """
        seconds = min(max(0.0, seconds), _LONGEST)
        if self._pipe is None or not self._sockets:
            self.wait(seconds)
            return []
        self._is_polling = True
        try:
            found = self._poll.poll(0 if self.is_set() else ceil(seconds * 1000))
        finally:
            self._is_polling = False
        ready = [descriptor for descriptor, _ in found]
        if self._pipe[0] in ready:
            ready.remove(self._pipe[0])
            os.read(self._pipe[0], _MANY)
        return ready

    def __del__(self) -> None:
        self.close()  # in case its user was interrupted

    def close(self) -> None:
        """Close the pipe, once nobody waits."""
        pipe, self._pipe = self._pipe, None
        for end in pipe or ():
            os.close(end)
