"""What a real agent is doing at this moment, by its goroutines: an agent in development mode lists them.

So no test has to guess how long an agent takes on a busy machine. See https://pkg.go.dev/net/http/pprof.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The path of the list.
GOROUTINES = "/debug/pprof/goroutine"

#: The state of a goroutine that waits for one of several events, none of which has happened.
_WAITS = "select"

#: The agent writes its services and checks to the catalog, and in there waits for the next change.
_SYNC, _SYNC_WAITS = "agent/ae.(*StateSyncer).Run", "agent/ae.(*StateSyncer).syncChangesEventFn"

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


def has_synced(goroutines: list[Goroutine]) -> bool:
    """Return whether the agent has nothing left to write to the catalog."""
    [sync] = [found for found in goroutines if _SYNC in found.stack]
    return sync.state == _WAITS and _SYNC_WAITS in sync.stack


def waiting_queries(goroutines: list[Goroutine]) -> set[int]:
    """Return the numbers of the blocking queries that wait and have not been woken; none of them while anything is being woken."""
    if any(found.state != _WAITS for found in goroutines if _STATE in found.stack):
        return set()
    return {
        found.number
        for found in goroutines
        if found.state == _WAITS and _CONNECTION in found.stack and any(function in found.stack for function in _QUERY_WAITS)
    }
