"""Blocking queries on both sides, and the writes that wake them.

No test sleeps to show that nothing happens: an answer has the index of the write that woke it, so an answer that came too early differs.
"""

from __future__ import annotations

import http.client
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from consul_proto.message import Headers, Response
from consul_proto.simulator import Parked
from consul_proto.simulator.engine.versions import V1_X
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides

#: Seconds in which a query must be answered after its write.
_PATIENCE = 5.0


@dataclass
class Waiter:
    """A query that waits on both sides."""

    call: Call
    connection: http.client.HTTPConnection
    real: Future[Response]
    simulated: Parked


class Waiting:
    """The blocking queries of both sides."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._threads = ThreadPoolExecutor(64)
        self._waiters: list[Waiter] = []

    def close(self) -> None:
        """End the threads. Queries without an answer end when their connections are closed."""
        for waiter in self._waiters:
            waiter.connection.close()
        self._threads.shutdown()

    def wait(self, path: str, query: tuple[tuple[str, str | None], ...]) -> list[str]:
        """Start a query that waits for the next change, on both sides. Return the differences of the present answers."""
        call = Call("GET", path, query)
        found = self._sides.differences(call)
        requests = []
        answers = self._sides.answers(call)
        if path.startswith("/v1/catalog/node/") and self._sides.simulator.settings.version < V1_X:
            # 1.8 also wakes it for neighbours in its tree of nodes, and answers if anything in the table is newer.
            return found
        if answers[0].status == 404:
            # A missing thing may be no news (since 1.12), and it is not known whether the real query began before the next write.
            return found
        for answer, names in zip(answers, self._sides.names, strict=True):
            index = answer.headers.get("x-consul-index") or "1"
            requests.append(Call("GET", path, (*query, ("index", index), ("wait", "60s"))).with_names(names))
        parked = self._sides.simulator.handle(requests[1], self._sides.now)
        if not isinstance(parked, Parked):
            return [*found, f"{call}: the simulated one does not wait"]
        connection = http.client.HTTPConnection(*self._sides.address, timeout=120)
        connection.request(requests[0].method, requests[0].target)
        self._waiters.append(Waiter(call, connection, self._threads.submit(_answer, connection), parked))
        return found

    def write(self, call: Call) -> list[str]:
        """Write on both sides, and return the differences in the answers of the queries that this wakes."""
        found = self._sides.differences(call)
        for waiter in [waiter for waiter in self._waiters if waiter.simulated.response is not None]:
            self._waiters.remove(waiter)
            found += self._compare(waiter)
        return found

    def _compare(self, waiter: Waiter) -> list[str]:
        simulated = waiter.simulated.response
        assert simulated is not None
        try:
            real = waiter.real.result(_PATIENCE)
        except TimeoutError:
            return [f"{waiter.call}: no answer, where the simulated one has index {simulated.headers.get('x-consul-index')}"]
        return self._sides.compare(waiter.call, real, simulated)

    @property
    def left(self) -> list[Waiter]:
        """The queries that still wait."""
        return self._waiters


def _answer(connection: http.client.HTTPConnection) -> Response:
    try:
        answer = connection.getresponse()
        return Response(answer.status, Headers(answer.getheaders()), answer.read())
    finally:
        connection.close()
