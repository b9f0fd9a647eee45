"""Blocking queries on both sides at once, and which write wakes each.

Nothing here sleeps to find that something does not happen: an answer carries the index of what woke it, so that one that came too early
differs from the simulated one when it is compared.
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

#: Seconds until a query that a write concerns must have its answer.
_PATIENCE = 5.0


@dataclass
class Waiter:
    """A query that waits on both sides."""

    call: Call
    connection: http.client.HTTPConnection
    real: Future[Response]
    simulated: Parked


class Waiting:
    """Queries that wait, on the sides of a differential run."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._threads = ThreadPoolExecutor(64)
        self._waiters: list[Waiter] = []

    def close(self) -> None:
        """End the threads; of those whose queries nothing answered, by closing their connections."""
        for waiter in self._waiters:
            waiter.connection.close()
        self._threads.shutdown()

    def wait(self, path: str, query: tuple[tuple[str, str | None], ...]) -> list[str]:
        """Let a query wait for what changes after now, on both sides; and tell what differs now."""
        call = Call("GET", path, query)
        found = self._sides.differences(call)
        requests = []
        answers = self._sides.answers(call)
        if path.startswith("/v1/catalog/node/") and self._sides.simulator.settings.version < V1_X:
            # 1.8 wakes it for some nodes beside it in the tree that it keeps, and answers as soon as anything in the table is newer.
            return found
        if answers[0].status == 404:
            # What is not there may be no news (since 1.12), and whether a query was there before the next write cannot be told.
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
        """Write on both sides; whoever waits for it must be answered, with the same."""
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
        """Those that still wait."""
        return self._waiters


def _answer(connection: http.client.HTTPConnection) -> Response:
    try:
        answer = connection.getresponse()
        return Response(answer.status, Headers(answer.getheaders()), answer.read())
    finally:
        connection.close()
