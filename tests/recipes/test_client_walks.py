"""Several waiters on each client: one tries at a time, observers get each change at once, and every waiter gets the lock in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consul_proto.recipes.election import Election, Observer
from consul_proto.recipes.lock import Lock
from consul_proto.recipes.outcomes import Acquired, GaveUp, LeaderChanged, Lost
from consul_proto.recipes.semaphore import Semaphore
from tests.recipes.clients import Client, Place
from transports.machines.runs import Run

#: Seconds: the TTL of the sessions, when the faults stop, and within which everybody has their turn after that.
TTL, HORIZON, PATIENCE = 10.0, 100.0, 300.0

KEY = "jobs/nightly"

MACHINES: dict[str, Callable[[Place, float | None], Any]] = {
    "lock": lambda place, timeout: Lock(
        KEY, ttl=TTL, delay=5, timeout=timeout, delete=place.random.random() < 0.5, jitter=place.random.random
    ),
    "semaphore": lambda place, timeout: Semaphore(KEY, 3, ttl=TTL, timeout=timeout, jitter=place.random.random),
    "election": lambda place, timeout: Election(KEY, ttl=TTL, delay=5, timeout=timeout, jitter=place.random.random),
}


def walk(kind: str, seed: int) -> None:
    """Let 12 contend on two clients, with faults until `HORIZON`. Each stops soon after it got what it wants."""
    place = Place(seed)
    random = place.random
    place.faults = random.choice([0.0, 0.02, 0.1])
    clients = [Client(place, random.choice([0, 1, 8])) for _ in range(2)]
    runs: list[tuple[Client, Run[Any]]] = []
    ended: set[Run[Any]] = set()

    def leave(client: Client, run: Run[Any]) -> None:
        ended.add(run)
        client.stop(run)

    def break_one(client: Client, run: Run[Any]) -> None:
        if not run.is_over:
            ended.add(run)
            client.fail(run)

    def begin(client: Client) -> None:
        run = client.add(MACHINES[kind](place, random.choice([None, None, 30.0])))
        runs.append((client, run))
        chance = random.random()
        if chance < 0.15:
            place.after(random.uniform(0, HORIZON), lambda: leave(client, run))
        elif chance < 0.2:
            place.after(random.uniform(0, HORIZON), lambda: break_one(client, run))

    def look() -> None:
        """Let those leave who have it."""
        for client, run in runs:
            if run.held_until is not None and run not in ended:
                ended.add(run)
                place.after(random.choice([0.0, 0.01, 3.0]), lambda client=client, run=run: client.stop(run))  # type: ignore[misc] # bound early
        place.after(0.05, look)

    for _ in range(12):
        place.after(random.uniform(0, 5), lambda: begin(random.choice(clients)))
    for _ in range(3):
        place.after(random.uniform(0, HORIZON), random.choice(clients).breaks)
    observed = clients[0].add(Observer(KEY, jitter=random.random)) if kind == "election" else None
    look()
    place.run(HORIZON)
    place.faults = 0.0
    place.run(HORIZON + PATIENCE)
    told = [entry for client in clients for entry in client.told]
    for client, run in runs:
        assert run.is_over, "everybody had their turn, and left"
        events = [event for one, event in told if one is run]
        assert run in ended or any(isinstance(event, (Acquired, Lost, GaveUp)) for event in events), events
        assert not client.queries._queries or observed
    if observed is not None:
        assert [event.leader for run, event in told if run is observed and isinstance(event, LeaderChanged)][-1] is None


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("kind", MACHINES)
def test_walks(kind: str, part: int) -> None:
    for seed in range(part, 25, 5):
        try:
            walk(kind, seed)
        except BaseException as error:
            error.add_note(f"the seed is {seed}")
            raise
