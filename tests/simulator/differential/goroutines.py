"""What a real agent is doing at this moment, by its goroutines: an agent in development mode lists them.

So no test has to guess how long an agent takes on a busy machine. See https://pkg.go.dev/net/http/pprof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The path of the list.
GOROUTINES = "/debug/pprof/goroutine"

#: The state of a goroutine that waits for one of several events, none of which has happened.
_WAITS = "select"

#: The agent writes its services and checks to the catalog, and in there waits for the next change, with the number of the line.
_SYNC, _SYNC_WAITS = "agent/ae.(*StateSyncer).Run", re.compile(r"agent/ae\.\(\*StateSyncer\)\.syncChangesEventFn\(.*\n.*/ae\.go:(\d+) ")

#: A connection of a client, and where its blocking query waits: for a change of the state, or of the agent's stream.
_CONNECTION = "net/http.(*conn).serve"
_QUERY_WAITS = ("go-memdb.WatchSet.Watch", "submatview.(*materializer).query")

#: Reads the state, or waits for a change of it.
_STATE = "hashicorp/go-memdb."


@dataclass(frozen=True)
class Goroutine:
    """A goroutine. number: no other one of the agent ever has it. state: such as "select". stack: the innermost function first."""

    number: int
    state: str
    stack: str


def read_goroutines(listed: str) -> list[Goroutine]:
    """Read the list: blocks that begin with "goroutine 7 [select, 2 minutes]:"."""
    blocks = (block.partition("\n") for block in listed.strip().split("\n\n"))
    return [Goroutine(int(head.split()[1]), head.partition("[")[2].partition("]")[0].partition(",")[0], stack) for head, _, stack in blocks]


class Sync:
    """Tells whether an agent has nothing left to write to the catalog.

    It also waits before it compares the whole catalog: for up to three seconds, on a later line of the same function. Changes wait too.
    """

    def __init__(self) -> None:
        self._line: int | None = None

    def is_done(self, goroutines: list[Goroutine]) -> bool:
        """Return whether it waits for the next change: on the first line on which it was ever seen to wait."""
        [sync] = [found for found in goroutines if _SYNC in found.stack]
        place = _SYNC_WAITS.search(sync.stack)
        if sync.state != _WAITS or place is None:
            return False
        line = int(place[1])
        self._line = line if self._line is None else min(line, self._line)
        return line == self._line


def waiting_queries(goroutines: list[Goroutine]) -> set[int]:
    """Return the numbers of the blocking queries that wait and have not been woken; none of them while anything is being woken."""
    if any(found.state != _WAITS for found in goroutines if _STATE in found.stack):
        return set()
    return {
        found.number
        for found in goroutines
        if found.state == _WAITS and _CONNECTION in found.stack and any(function in found.stack for function in _QUERY_WAITS)
    }
