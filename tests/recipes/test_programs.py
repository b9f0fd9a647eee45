"""Recipes in `Programs`: in virtual time, in any order of turns, under fault plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings

from consulate import AsyncConsul, Consul
from consulate.exceptions import LockLost, LockNotAcquired
from consulate.testing import ConsulAgent, FaultPlan, Interleaving, Pass, Programs, sleep, strategies
from consulate.testing.faults import Drop, LeaderChange

#: What a worker wrote: (its fencing token, "enter" or "leave").
Log = list[tuple[int, str]]


def work(consul: Consul, log: Log) -> int:
    with consul.lock("job", delay=0) as held:
        log.append((held.fencing_token, "enter"))
        sleep(consul, 20)
        consul.kv.put("done", held.fencing_token)
        log.append((held.fencing_token, "leave"))
    return held.fencing_token


async def work_async(consul: AsyncConsul, log: Log) -> int:
    async with consul.lock("job", delay=0) as held:
        log.append((held.fencing_token, "enter"))
        await sleep(consul, 20)
        await consul.kv.put("done", held.fencing_token)
        log.append((held.fencing_token, "leave"))
    return held.fencing_token


KINDS: list[Callable[..., Any]] = [work, work_async]


@pytest.mark.parametrize("kind", KINDS)
def test_workers_exclude_each_other(kind: Callable[..., Any]) -> None:
    log: Log = []
    agent = ConsulAgent()
    ends = Programs(agent, *[partial(kind, log=log)] * 3).run()
    tokens = [end.value for end in ends if isinstance(end.value, int)]
    assert len(tokens) == 3, ends
    assert log == [(token, what) for token in sorted(tokens) for what in ("enter", "leave")]
    assert 60 <= agent.now < 75
    assert agent.client().session.list() == []
    assert agent.waiting == 0


@settings(max_examples=60, deadline=None)
@given(strategies.interleavings(2))
def test_a_holder_that_enters_knows_of_each_loss(interleaving: Interleaving) -> None:
    """A paused program may overlap with the next holder, but it ends with LockLost, and its token is smaller."""
    log: Log = []
    programs = Programs(ConsulAgent(), partial(work, log=log), partial(work_async, log=log))
    ends = programs.run(interleaving)
    entered = [token for token, what in log if what == "enter"]
    shown = "\n".join(programs.history)
    assert entered == sorted(set(entered)), shown
    for end in ends:
        assert isinstance(end.error, LockLost) or end.value in entered, shown
    assert {end.value for end in ends if end.error is None} <= {token for token, what in log if what == "leave"}, shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_pause_past_the_ttl_is_a_loss(kind: Callable[..., Any]) -> None:
    log: Log = []
    programs = Programs(ConsulAgent(), partial(kind, log=log))
    while not log:
        programs.take(0)
    ends = programs.run(Interleaving(Pass(31)))
    assert isinstance(ends[0].error, LockLost)


def test_a_block_is_cancelled_when_it_is_lost() -> None:
    async def hold(consul: AsyncConsul) -> str:
        try:
            async with consul.lock("job", cancel_on_loss=True) as held:
                await consul.kv.put("session", held.session)
                await sleep(consul, 1000)
        except LockLost:
            return "lost"
        return "not lost"

    async def rob(consul: AsyncConsul) -> None:
        await sleep(consul, 30)
        await consul.session.destroy(str(await consul.kv.get("session")))

    agent = ConsulAgent()
    ends = Programs(agent, hold, rob).run()
    assert ends[0].value == "lost"
    assert agent.now < 40


@pytest.mark.parametrize("kind", KINDS)
def test_renewals_survive_a_short_outage(kind: Callable[..., Any]) -> None:
    log: Log = []
    plan = FaultPlan([None, None, None, None, LeaderChange(3.0), Drop(), Drop("timeout")])
    ends = Programs(ConsulAgent(), partial(kind, log=log), faults=[plan]).run()
    assert ends[0].error is None, ends
    assert [what for _, what in log] == ["enter", "leave"]


def test_try_once_and_give_up() -> None:
    def hold(consul: Consul) -> None:
        with consul.lock("job"):
            sleep(consul, 60)

    def try_once(consul: Consul) -> object:
        sleep(consul, 10)
        assert consul.lock("job").acquire(timeout=0) is None
        with pytest.raises(LockNotAcquired), consul.lock("job", timeout=5):
            raise AssertionError("nobody gets here")
        return agent.now

    agent = ConsulAgent()
    ends = Programs(agent, hold, try_once).run()
    assert [end.error for end in ends] == [None, None]
    assert 15 <= float(str(ends[1].value)) < 17


def test_an_election_and_its_observers() -> None:
    async def lead(consul: AsyncConsul) -> None:
        await sleep(consul, 5)
        async with consul.election("leader", value="node-1", delay=0):
            await sleep(consul, 60)

    async def observe(consul: AsyncConsul) -> list[object]:
        seen: list[object] = []
        async with consul.election("leader").observe() as leaders:
            async for leader in leaders:
                seen.append(leader and leader.value)
                if len(seen) == 3:
                    break
        return seen

    ends = Programs(ConsulAgent(), lead, observe).run()
    assert ends[1].value == [None, "node-1", None]


def test_a_program_that_ends_gives_nothing_back() -> None:
    """As a process that is killed: Consul ends the session after twice its TTL, and then the lock delay begins."""

    def crash(consul: Consul) -> None:
        assert consul.lock("job", delay="5s").acquire() is not None

    def follow(consul: Consul) -> float:
        sleep(consul, 1)
        with consul.lock("job"):
            return agent.now

    agent = ConsulAgent()
    ends = Programs(agent, crash, follow).run()
    assert 30 <= float(str(ends[1].value)) <= 37
    assert agent.waiting == 0


def test_programs_are_stopped_while_they_hold() -> None:
    log: Log = []
    agent = ConsulAgent()
    programs = Programs(agent, partial(work, log=log), partial(work_async, log=log))
    programs.run(turns=7)
    assert all(end is not None and end.stopped for end in programs.ends)
    assert agent.waiting == 0
