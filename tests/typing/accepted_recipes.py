# pyright: strict
"""Recipes, as users write them: what both checkers must see in them; see `accepted.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from consul_proto.recipes.outcomes import Leader
from consulate import AsyncConsul, Consul
from consulate.recipes.held import AsyncHeld, Held, LiveSession


def recipes(client: Consul) -> None:
    lock = client.lock("jobs/nightly", ttl="15s", value={"by": "me"}, checks=[], on_loss=lambda held: held.session)
    with lock as held:
        assert_type(held, Held)
        assert_type(held.fencing_token, int)
        assert_type(held.lost.wait(1.5), bool)
    assert_type(lock.acquire(timeout=0), Held | None)
    with lock.attempt() as maybe:
        assert_type(maybe, Held | None)
    with client.semaphore("imports/slots", limit=3, timeout=timedelta(seconds=5)) as slot:
        slot.release()
    election = client.election("leader", value="node-1", delay=0)
    assert_type(election.leader(), Leader | None)
    with election.observe() as leaders:
        assert_type(next(leaders), Leader | None)
    with election.campaign() as terms:
        for term in terms:
            assert_type(term, Held)
    with client.session.keep(behavior="delete") as session:
        assert_type(session, LiveSession)
        assert_type(session.id, str)
    assert_type(lock.worst_case_takeover, float)


async def recipes_for_tasks(tasks: AsyncConsul) -> None:
    async with tasks.lock("jobs/nightly", cancel_on_loss=True) as held:
        assert_type(held, AsyncHeld)
        assert_type(await held.lost.wait(), bool)
        await held.release()
    async with tasks.semaphore("imports/slots", 3).attempt(timeout="1s") as slot:
        assert_type(slot, AsyncHeld | None)
    election = tasks.election("leader", value="node-1")
    assert_type(await election.leader(), Leader | None)
    async with election.observe() as leaders:
        async for leader in leaders:
            assert_type(leader, Leader | None)
    async with tasks.session.keep(ttl=10) as session:
        assert_type(session.id, str)
