"""A handle that cancels calls of other threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from consul_proto.message import Request, Response
    from transports.protocol import CancellableTransport, OpenAnswer, StreamingTransport, Transport

T = TypeVar("T")


class Cancel:
    """Cancels calls, from any thread. Each call that was given this handle raises `Cancelled` within 100 ms.

    ```python
    stop = Cancel()
    threading.Timer(5, stop.set).start()
    consul.perform(consul.ops.kv.get("k").blocking(index=7), cancel=stop)
    ```

    One handle can serve any number of calls, at once or in turn. A handle that is set stays set.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler may interrupt `set` and set the handle itself.
        self._lock = threading.RLock()
        self._is_set = False
        #: For those who wait. Most handles are only asked.
        self._event: threading.Event | None = None
        self._actions: dict[object, Callable[[], object]] = {}

    def set(self) -> None:
        """Cancel every call that has this handle, and every later one. Setting it twice does nothing."""
        with self._lock:
            self._is_set = True
            if self._event is not None:
                self._event.set()
            for action in list(self._actions.values()):
                action()

    def is_set(self) -> bool:
        """Return whether the handle is set."""
        return self._is_set

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the handle is set, at most this many seconds (None: no limit). Return whether it is set."""
        with self._lock:
            if self._event is None:
                self._event = threading.Event()
            event = self._event
            if self._is_set:
                event.set()
        return event.wait(seconds)

    @contextmanager
    def on_set(self, action: Callable[[], object]) -> Iterator[None]:
        """Call `action` once the handle is set, or at once if it is set already. It is never called after the block."""
        key = object()
        with self._lock:
            self._actions[key] = action
            if self._is_set:
                action()
        try:
            yield
        finally:
            with self._lock:
                del self._actions[key]

    def __repr__(self) -> str:
        return f"<Cancel {'set' if self.is_set() else 'not set'}>"


def send_cancellable(transport: Transport, request: Request, timeout: float | None, cancel: Cancel | None) -> Response:
    """Send a request that `cancel` can end. Raises RequestError, or TypeError if the transport cannot cancel a call."""
    if cancel is None:
        return transport.send(request, timeout)
    return cast("CancellableTransport", _require_cancel(transport, transport.send)).send(request, timeout, cancel)


def open_cancellable(transport: StreamingTransport, request: Request, timeout: float | None, cancel: Cancel | None) -> OpenAnswer:
    """Open an answer that `cancel` can end; see `send_cancellable`."""
    return transport.open(request, timeout) if cancel is None else _require_cancel(transport, transport.open).open(request, timeout, cancel)


def is_cancellable(transport: Transport) -> bool:
    """Return whether `send_cancellable` can cancel a call. A transport over others says it itself, with an attribute of this name."""
    own: bool | None = getattr(transport, "is_cancellable", None)
    return _takes_cancel(transport.send) if own is None else own


def _require_cancel(transport: T, method: Callable[..., object]) -> T:
    if not _takes_cancel(method):
        name = f"{type(transport).__name__}.{method.__name__}"
        raise TypeError(f"{name} has no parameter `cancel`, so its calls cannot be cancelled; add it, or leave out cancel=")
    return transport


def _takes_cancel(method: Callable[..., object]) -> bool:
    """Return whether a method has a parameter `cancel`."""
    function = getattr(method, "__func__", None)
    return _has_cancel(function) if isinstance(function, FunctionType) else _has_cancel.__wrapped__(method)


@lru_cache(maxsize=64)
def _has_cancel(function: Callable[..., object]) -> bool:
    # Kept, because reading a signature takes longer than the rest of a call.
    return "cancel" in signature(function).parameters
