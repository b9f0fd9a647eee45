"""The recipes of one client take turns to try: how many transactions that is, and who must not wait for the others' turns."""

from __future__ import annotations

import pytest

from consul_proto.errors import RequestError
from consul_proto.recipes.election import Election, Observer
from consul_proto.recipes.lock import Lock
from consul_proto.recipes.outcomes import Acquired, Lost
from consul_proto.recipes.semaphore import Semaphore
from tests.recipes.clients import Client, Place
from transports.machines.runs import Call, Run


@pytest.fixture
def place() -> Place:
    return Place(0)


def _waiters(client: Client, count: int, ttl: float = 10.0) -> list[Run[object]]:
    """Let this many wait for the lock "k", which another holds."""
    for _ in range(count):
        client.add(Lock("k", ttl=ttl))
        client.place.run(client.place.now + 0.1)
    (query,) = client.queries._queries.values()
    assert [call.run for call in query.calls] == client.runs
    return list(client.runs)


def _let_try(place: Place, run: Run[object]) -> Call:
    """Let time pass until a run tries. Return its call."""
    until = place.now + 1
    while "acquire" not in run.calls:
        assert place.now < until
        place.run(place.now + 0.001)
    return run.calls["acquire"]


def _holder(place: Place) -> tuple[Client, Run[object]]:
    """Return a client that holds the lock "k", and its run."""
    client = Client(place)
    run: Run[object] = client.add(Lock("k", delay=0))
    place.run(place.now + 1)
    assert run.held_until is not None
    return client, run


def test_a_takeover_takes_two_transactions(place: Place) -> None:
    other, holder = _holder(place)
    client = Client(place)
    runs = _waiters(client, 30)
    place.transactions.clear()
    other.stop(holder)
    for number in range(30):
        place.run(place.now + 0.5)
        assert len(place.transactions) == 2 * (number + 1), "one releases, and one acquires"
        (held,) = [run for run in runs if run.held_until is not None]
        client.stop(held)
    place.run(place.now + 0.5)
    assert all(run.is_over for run in runs)
    assert all(carried_out for _, _, carried_out in place.transactions)
    assert [run for run, event in client.told if isinstance(event, Acquired)] == runs, "in the order in which they came"


@pytest.mark.parametrize("what", ["stop", "fail", "lost request"])
def test_the_next_one_tries_when_the_first_does_not_get_it(place: Place, what: str) -> None:
    other, holder = _holder(place)
    client = Client(place)
    first, *others = _waiters(client, 3)
    other.stop(holder)
    call = _let_try(place, first)
    if what == "lost request":
        place.end(call.handle, RequestError("the request was lost", maybe_applied=False))
        client.stop(first)
    else:
        {"stop": client.stop, "fail": client.fail}[what](first)
    for _ in others:
        place.run(place.now + 40)  # what broke may have got it: Consul ends its session, and the lock delay follows
        (held,) = [run for run in others if run.held_until is not None]
        client.stop(held)
    place.run(place.now + 1)
    assert all(run.is_over for run in client.runs)


def test_an_observer_hears_at_once(place: Place) -> None:
    """It shares the query of those who wait, and its request is the same. The trial of the first one is never answered."""
    other, holder = _holder(place)
    client = Client(place)
    first, _ = _waiters(client, 2)
    observer = client.add(Observer("k"))
    place.run(place.now + 1)
    assert len(client.queries._queries) == 1, "they share a query"
    other.stop(holder)
    _let_try(place, first)
    leaders = [event.leader for run, event in client.told if run is observer]
    assert len(leaders) == 2
    assert leaders[-1] is None


def test_a_renewal_is_nothing_that_others_wait_for(place: Place) -> None:
    """The process of waiters is paused, and resumes: the answer is handled when the first one's renewal is due as well."""
    other, _ = _holder(place)
    client = Client(place)
    runs = _waiters(client, 3)
    (query,) = client.queries._queries.values()
    place.now += 6  # nothing advances, as in a process that is paused
    answer = place.simulator.handle(other.runs[0].machine._look(0).request, place.now)  # type: ignore[attr-defined] # it is a lock
    place._answer(query.handle, answer)  # type: ignore[arg-type] # at once
    client.next_deadline = lambda: None  # type: ignore[method-assign] # the answer comes first
    client.advance = lambda: None  # type: ignore[method-assign] # as well
    place.run(place.now + 0.01)
    (query,) = client.queries._queries.values()
    assert [call.run for call in query.calls] == runs, "all wait for a change of the key, whatever becomes of the renewal"


def test_all_holders_hear_of_a_loss_at_once(place: Place) -> None:
    """Two slots of one client are lost at the same time; what the first does to clean up keeps no other waiting."""
    client = Client(place)
    holders = [client.add(Semaphore("s", 2)) for _ in range(2)]
    place.run(1)
    assert all(run.held_until is not None for run in holders)
    assert len(client.queries._queries) == 1, "they share a query"
    (query,) = client.queries._queries.values()
    place.simulator._groups.kv.entries.pop("s/.lock")
    answer = place.simulator.handle(holders[0].machine._watch(0).request, place.now)  # type: ignore[attr-defined] # it is a semaphore
    place._answer(query.handle, answer)  # type: ignore[arg-type] # at once
    while not client.told or not any(isinstance(event, Lost) for _, event in client.told):
        place.run(place.now + 0.0001)
    assert all(run.held_until is None for run in holders)


def test_elections_take_turns(place: Place) -> None:
    client = Client(place)
    runs = [client.add(Election("k", delay=0)) for _ in range(5)]
    place.run(1)
    for number in range(5):
        place.transactions.clear()
        (held,) = [run for run in runs if run.held_until is not None]
        client.stop(held)
        place.run(place.now + 1)
        assert len(place.transactions) == (2 if number < 4 else 1)
