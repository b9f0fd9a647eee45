"""The one event loop that a simulator lives in: real time, and the requests of many connections, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import anyio

from consul_proto.message import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consul_proto.message import Request
    from consul_proto.simulator import Parked
    from consul_proto.simulator.agent.probes import Probe

#: Seconds between two looks at the clock at least, so that what is due and does not go away takes no whole processor.
_LEAST_PAUSE = 0.001


class SimulatorLike(Protocol):
    """What is hosted: a `Simulator`, or anything that has its methods."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The checks that ask something, by their ids."""
        ...

    def handle(self, request: Request, now: float) -> Response | Parked:
        """Answer a request, or park it."""
        ...

    def advance(self, now: float) -> None:
        """Let time pass."""
        ...

    def next_deadline(self) -> float | None:
        """When something happens by itself next."""
        ...

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        """Note what a check found."""
        ...

    def forget(self, parked: Parked) -> None:
        """Forget a query."""
        ...


class Host:
    """A simulator in real time, which is 0 now. Make and use it in one event loop.

    default_token: of requests that give none, as acl.tokens.default is.
    failed: told of an exception of the simulator's own, which is a mistake in it; the request is answered with 500.
    """

    def __init__(
        self,
        simulator: SimulatorLike,
        *,
        start: float | None = None,
        default_token: str = "",
        on_failure: Callable[[Exception], object] | None = None,
    ) -> None:
        self._simulator = simulator
        self._start = anyio.current_time() if start is None else start
        self._default_token = default_token
        self._on_failure = on_failure or (lambda _: None)
        self._callbacks: list[Callable[[], object]] = []
        self._changed = anyio.Event()

    @property
    def now(self) -> float:
        """Seconds since the simulator began."""
        return anyio.current_time() - self._start

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The checks that ask something."""
        return self._simulator.probes

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call the watcher whenever something may have changed: after a request that is no GET, and when time did something."""
        self._callbacks.append(callback)

    def handle(self, request: Request) -> Response | Parked:
        """Answer a request now, or park it: its `wake` is called when its `response` is there."""
        if self._default_token:
            request = _with_default_token(request, self._default_token)
        try:
            return self._simulator.handle(request, self.now)
        except Exception as error:  # a mistake in the simulator costs one answer, not the server
            self._on_failure(error)
            return Response(500, Headers([("Content-Type", "text/plain; charset=utf-8")]), b"the simulator failed")
        finally:
            self._changed.set()
            if request.method != "GET":
                self._notify()

    def record_probe(self, probe: Probe, status: str, output: str) -> None:
        """Note what a check found."""
        try:
            self._simulator.record_probe(probe, status, output, self.now)
        except Exception as error:
            self._on_failure(error)
        self._changed.set()
        self._notify()

    def forget(self, parked: Parked) -> None:
        """Forget a query whose client went away."""
        if parked.response is None:
            self._simulator.forget(parked)

    async def run_clock(self) -> None:
        """Let the simulator's time pass, until cancelled."""
        while True:
            self._changed = anyio.Event()
            due = self._simulator.next_deadline()
            pause = float("inf") if due is None else max(due - self.now, _LEAST_PAUSE)
            with anyio.move_on_after(pause) as waited:
                await self._changed.wait()
            if waited.cancelled_caught:
                self._advance()

    def _advance(self) -> None:
        try:
            self._simulator.advance(self.now)
        except Exception as error:
            self._on_failure(error)
        self._notify()

    def _notify(self) -> None:
        for callback in self._callbacks:
            callback()


def _with_default_token(request: Request, token: str) -> Request:
    """The request with the agent's default token, where it has none of its own."""
    headers = request.headers
    if headers.get("x-consul-token") or headers.get("authorization") or any(name == "token" and value for name, value in request.query):
        return request
    own = [(name, value) for name, value in headers if name != "x-consul-token"]
    return type(request)(request.method, request.path, request.query, Headers([*own, ("X-Consul-Token", token)]), request.body)
