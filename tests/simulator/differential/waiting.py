"""Blocking queries on both sides, and the writes that wake them.

No test sleeps to show that nothing happens: before a write each real query waits or is answered, and so it is after the write.
"""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked
from consul_proto.simulator.engine.versions import V1_X
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.goroutines import waiting_queries

#: Seconds in which the real agent must have noticed a query or a write.
_PATIENCE = 60.0

#: Where nothing was found.
_NOTHING = (b"[]", b"null", b"")


@dataclass
class Waiter:
    """A query that waits on both sides. found: what the real agent answered before."""

    call: Call
    connection: http.client.HTTPConnection
    real: Future[Response]
    simulated: Parked
    found: bytes


class Waiting:
    """The blocking queries of both sides."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._threads = ThreadPoolExecutor(64)
        self._waiters: list[Waiter] = []
        #: Queries of earlier examples.
        self._others = waiting_queries(sides.goroutines())

    def close(self) -> None:
        """End the threads, and the connections of queries without an answer."""
        for waiter in self._waiters:
            if waiter.connection.sock is not None:
                with suppress(OSError):  # the answer may be there by now
                    waiter.connection.sock.shutdown(socket.SHUT_RDWR)
        self._threads.shutdown()

    def wait(self, path: str, query: tuple[tuple[str, str | None], ...]) -> list[str]:
        """Start a query that waits for the next change, on both sides. Return the differences of the present answers."""
        call = Call("GET", path, query)
        found = self._sides.differences(call)
        if path.startswith("/v1/catalog/node/") and self._sides.simulator.settings.version < V1_X:
            # 1.8 also wakes it for neighbours in its tree of nodes, and answers if anything in the table is newer.
            return found
        answers = self._sides.answers(call)
        requests = [self._next(call, side, answer) for side, answer in enumerate(answers)]
        parked = self._sides.simulator.handle(requests[1], self._sides.now)
        if not isinstance(parked, Parked):
            return [*found, f"{call}: the simulated one does not wait"]
        connection = http.client.HTTPConnection(*self._sides.address, timeout=600)
        asked = self._threads.submit(_ask, connection, requests[0])
        self._waiters.append(Waiter(call, connection, asked, parked, answers[0].body.strip()))
        return found + self._settle()

    def _next(self, call: Call, side: int, answer: Response) -> Request:
        """Return the query for what is newer than an answer."""
        index = answer.headers.get("x-consul-index") or "1"
        return Call("GET", call.path, (*call.query, ("index", index), ("wait", "10m"))).with_names(self._sides.names[side])

    def write(self, call: Call) -> list[str]:
        """Write on both sides, and return the differences in the answers of the queries that this wakes."""
        found = self._sides.differences(call)
        for waiter in [waiter for waiter in self._waiters if waiter.simulated.response is not None]:
            self._waiters.remove(waiter)
            found += self._compare(waiter)
        return found + self._settle()

    def _compare(self, waiter: Waiter) -> list[str]:
        simulated = waiter.simulated.response
        assert simulated is not None
        try:
            real = waiter.real.result(_PATIENCE)
        except TimeoutError:
            return [f"{waiter.call}: no answer, where the simulated one has index {simulated.headers.get('x-consul-index')}"]
        return self._sides.compare(waiter.call, real, simulated)

    def _settle(self) -> list[str]:
        """Wait until the real agent is done with each query, and return the answers that the simulator does not give.

        A real agent may also answer a query that finds nothing when something similar changes, which it keeps nearby. It is asked again.
        """
        found: list[str] = []
        while answered := self._answered():
            for waiter in answered:
                real = waiter.real.result()
                if waiter.found in _NOTHING and real.body.strip() == waiter.found:
                    waiter.real = self._threads.submit(_ask, waiter.connection, self._next(waiter.call, 0, real))
                else:
                    self._waiters.remove(waiter)
                    found.append(f"{waiter.call}: {real}, where the simulated one waits")
        return found

    def _answered(self) -> list[Waiter]:
        """Wait until each real query waits or is answered, and return those that are answered."""
        deadline = time.monotonic() + _PATIENCE
        while pending := [waiter for waiter in self._waiters if not waiter.real.done()]:
            if len(waiting_queries(self._sides.goroutines()) - self._others) == len(pending):
                break
            assert time.monotonic() < deadline, f"these neither wait nor are answered: {[waiter.call for waiter in pending]}"
            time.sleep(0.001)
        return [waiter for waiter in self._waiters if waiter.real.done()]

    @property
    def left(self) -> list[Waiter]:
        """The queries that still wait."""
        return self._waiters


def _ask(connection: http.client.HTTPConnection, request: Request) -> Response:
    try:
        connection.request(request.method, request.target)
        answer = connection.getresponse()
        return Response(answer.status, Headers(answer.getheaders()), answer.read())
    finally:
        connection.close()
