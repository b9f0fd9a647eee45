"""A simulator in an event loop: it gives the simulator real time, and the requests of all connections, one at a time."""

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

#: The shortest pause between two looks at the clock, in seconds. It limits the CPU load if an event stays due.
_LEAST_PAUSE = 0.001


class SimulatorLike(Protocol):
    """The methods of a `Simulator` that a host needs."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The checks that must be run, by their ids."""
        ...

    def handle(self, request: Request, now: float) -> Response | Parked:
        """Answer a request, or park it."""
        ...

    def advance(self, now: float) -> None:
        """Move the simulator's clock to `now`."""
        ...

    def next_deadline(self) -> float | None:
        """Return the time of the next event; None if there is none."""
        ...

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        """Record the result of a check."""
        ...

    def forget(self, parked: Parked) -> None:
        """Remove a parked query."""
        ...


class Host:
    """A simulator with a real clock. Make and use it in one event loop.

    start: the event loop's time at which the simulator's time is 0; without it, now.
    default_token: the token of requests that have none, as acl.tokens.default in Consul.
    on_failure: called with an exception that the simulator raised, which is a bug in the simulator; the request is answered with 500.
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
        """The simulator's time, in seconds."""
        return anyio.current_time() - self._start

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The checks that must be run, by their ids."""
        return self._simulator.probes

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call the callback whenever the state may have changed: after each request that is not a GET, and after each timed event."""
        self._callbacks.append(callback)

    def handle(self, request: Request) -> Response | Parked:
        """Answer a request, or park it. The `wake` of a parked query is called when it has its `response`."""
        if self._default_token:
            request = _with_default_token(request, self._default_token)
        try:
            return self._simulator.handle(request, self.now)
        except Exception as error:  # a bug in the simulator must not end the server
            self._on_failure(error)
            return Response(500, Headers([("Content-Type", "text/plain; charset=utf-8")]), b"the simulator failed")
        finally:
            self._changed.set()
            if request.method != "GET":
                self._notify()

    def record_probe(self, probe: Probe, status: str, output: str) -> None:
        """Record the result of a check."""
        try:
            self._simulator.record_probe(probe, status, output, self.now)
        except Exception as error:
            self._on_failure(error)
        self._changed.set()
        self._notify()

    def forget(self, parked: Parked) -> None:
        """Remove a parked query whose client has gone away."""
        if parked.response is None:
            self._simulator.forget(parked)

    async def run_clock(self) -> None:
        """Run the simulator's clock until cancelled."""
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
    """Return the request with the agent's default token, if it has no token of its own."""
    headers = request.headers
    if headers.get("x-consul-token") or headers.get("authorization") or any(name == "token" and value for name, value in request.query):
        return request
    own = [(name, value) for name, value in headers if name != "x-consul-token"]
    return type(request)(request.method, request.path, request.query, Headers([*own, ("X-Consul-Token", token)]), request.body)
