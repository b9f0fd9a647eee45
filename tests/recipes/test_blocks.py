"""Locks, semaphores, elections and sessions as users write them, on an agent in memory: threads, asyncio and trio."""

# ruff: noqa: PT012 - a block raises when it ends

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consul_proto.recipes.lock import LOCK_FLAG
from consulate.exceptions import LockConflict, LockLost, LockNotAcquired
from consulate.testing import ConsulAgent, FaultPlan, sleep
from consulate.testing.faults import Drop, Leaderless
from tests.faces import Face, wait_until
from tests.recipes.memory import on_each_kind, run_in_memory

pytestmark = on_each_kind


@pytest.fixture
def agent() -> ConsulAgent:
    return ConsulAgent()


def left(agent: ConsulAgent) -> tuple[Any, Any]:
    """Return the sessions and the locked keys that there are."""
    consul = agent.client()
    return consul.session.list(), [entry for entry in consul.kv.records("") if consul.kv.get_record(entry[0]).get("Session")]


def test_a_lock_is_held_while_the_block_runs(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        async with client.lock("jobs/nightly", value={"by": "me"}) as held:
            record = await client.kv.get_record("jobs/nightly")
            assert (record["Session"], record["Flags"]) == (held.session, LOCK_FLAG)
            assert record["ModifyIndex"] == held.fencing_token
            assert await client.kv.get("jobs/nightly") == {"by": "me"}
            for _ in range(10):
                await sleep(client, 14)
                assert not held.lost.is_set()
            assert await held.lost.wait(0) is False

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])
    assert "jobs/nightly" in agent.client().kv


def test_tokens_grow(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        tokens = []
        lock = client.lock("k", delete=True)
        for _ in range(3):
            async with lock as held:
                tokens.append(held.fencing_token)
        assert tokens == sorted(set(tokens))
        assert not await client.kv.contains("k")

    run_in_memory(face, agent, scenario)


def test_what_the_block_raises_leaves_it_as_it_is(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        error = ValueError("of the block")
        with pytest.raises(ValueError, match="of the block") as raised:
            async with client.lock("k"):
                raise error
        assert raised.value is error

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_a_loss_ends_the_block_with_lock_lost(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        with pytest.raises(LockLost, match="the lock 'k' was lost: ") as raised:
            async with client.lock("k") as held:
                await client.session.destroy(held.session)
                assert await held.lost.wait(5) is True
                assert held.lost.is_set()
                assert "was lost" in str(held.lost.error)
        assert raised.value.__cause__ is None
        error = ValueError("of the block")
        await sleep(client, 40)
        with pytest.raises(LockLost) as raised:
            async with client.lock("k") as held:
                await client.session.destroy(held.session)
                await held.lost.wait(5)
                raise error
        assert raised.value.__cause__ is error
        await sleep(client, 40)

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_keyboard_interrupt_is_not_replaced(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        interrupted = False
        try:
            async with client.lock("k") as held:
                await client.session.destroy(held.session)
                await held.lost.wait(5)
                raise GeneratorExit
        except GeneratorExit:
            interrupted = True
        assert interrupted

    run_in_memory(face, agent, scenario)


def test_who_does_not_get_it(face: Face, agent: ConsulAgent) -> None:
    other = agent.client()

    async def scenario(client: Any) -> None:
        lock = client.lock("k", timeout=0)
        with other.lock("k"):
            with pytest.raises(LockNotAcquired, match="others hold it"):
                async with lock:
                    raise AssertionError("nobody gets here")
            async with lock.attempt() as held:
                assert held is None
        async with lock.attempt(timeout=0) as held:
            assert held is not None
            assert not held.lost.is_set()
        await client.kv.put("taken", "for something else", flags=7)
        for block in (client.lock("taken"), client.lock("taken").attempt()):
            with pytest.raises(LockConflict):
                async with block:
                    raise AssertionError("nobody gets here")
        async with client.semaphore("s", limit=2):
            with pytest.raises(LockConflict, match="the limit 2, not 3"):
                async with client.semaphore("s", limit=3):
                    raise AssertionError("nobody gets here")

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_an_object_holds_once_at_a_time(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        lock = client.lock("k")
        async with lock:
            with pytest.raises(RuntimeError, match="by this object"):
                async with lock:
                    raise AssertionError("nobody gets here")
        async with lock as held:
            assert held.session

    run_in_memory(face, agent, scenario)


def test_release_inside_the_block(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        async with client.lock("k") as held:
            await held.release()
            await held.release()
            assert await client.session.list() == []
            assert not held.lost.is_set()
        async with client.lock("k") as held:
            await client.session.destroy(held.session)
            await held.lost.wait(5)
            with pytest.raises(LockLost):
                await held.release()
            await sleep(client, 40)

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_a_session_of_the_callers(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        session = await client.session.create(ttl="20s")
        async with client.lock("a", session=session, ttl="20s") as held:
            assert held.session == session
            await sleep(client, 100)
        assert [one["ID"] for one in await client.session.list()] == [session]
        await client.session.destroy(session)
        for block in (client.lock("a", session=session), client.lock("a", session=session).attempt()):
            with pytest.raises(LockNotAcquired, match="has ended"):
                async with block:
                    raise AssertionError("nobody gets here")

    run_in_memory(face, agent, scenario)


def test_arguments_are_checked_before_anything_is_sent(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        wrongs: list[Callable[[], object]] = [
            lambda: client.lock("a//b"),
            lambda: client.lock("k", ttl=0),
            lambda: client.lock("k", ttl="never"),
            lambda: client.semaphore("s", limit=0),
            lambda: client.election("k", delay="-1s"),
            lambda: client.session.keep(ttl="25h"),
        ]
        for wrong in wrongs:
            with pytest.raises(ValueError, match=r"\w"):
                wrong()
        with pytest.raises(TypeError):
            client.lock("k", tll="15s")

    run_in_memory(face, agent, scenario)
    assert agent.client().session.list() == []


def test_worst_case_takeover(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        assert client.lock("k").worst_case_takeover == 45
        assert client.lock("k", ttl="10s", delay=0).worst_case_takeover == 20
        assert client.election("k", ttl="20s").worst_case_takeover == 55

    run_in_memory(face, agent, scenario)


def test_a_semaphore_has_that_many_slots(face: Face, agent: ConsulAgent) -> None:
    other = agent.client()

    async def scenario(client: Any) -> None:
        async with client.semaphore("s", limit=2) as first:
            with other.semaphore("s", limit=2) as second:
                assert second.fencing_token > first.fencing_token
                async with client.semaphore("s", limit=2).attempt() as third:
                    assert third is None
            async with client.semaphore("s", limit=2).attempt() as third:
                assert third is not None
            await sleep(client, 60)
            assert not first.lost.is_set()

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_an_election(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        election = client.election("leader", value="node-1")
        assert await election.leader() is None
        async with election as leadership:
            leader = await client.election("leader").leader()
            assert (leader.value, leader.session, leader.term) == ("node-1", leadership.session, leadership.fencing_token)
        assert await client.kv.contains("leader")
        assert await election.leader() is None

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_observers_follow_the_leaders(face: Face, agent: ConsulAgent) -> None:
    other = agent.client()

    async def scenario(client: Any) -> None:
        async with client.election("leader").observe() as leaders:
            assert await anext(leaders) is None
            with other.election("leader", value="node-2"):
                assert (await anext(leaders)).value == "node-2"
            assert await anext(leaders) is None
            leaders.close()
            assert [one async for one in leaders] == []
        with pytest.raises(RuntimeError, match="as a context manager"):
            await anext(client.election("leader").observe())

    run_in_memory(face, agent, scenario)
    wait_until(lambda: agent.waiting == 0)


def test_a_campaign_leads_again_after_a_loss(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        tokens = []
        async with client.election("leader", value="node-1", delay=0).campaign() as terms:
            async for leadership in terms:
                tokens.append(leadership.fencing_token)
                if len(tokens) == 3:
                    break
                await client.session.destroy(leadership.session)
                assert await leadership.lost.wait(5)
        assert tokens == sorted(set(tokens))

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_a_kept_session(face: Face, agent: ConsulAgent) -> None:
    async def scenario(client: Any) -> None:
        async with client.session.keep("mine", "delete", ttl="10s") as session:
            await client.kv.acquire_lock("k", session.id)
            await sleep(client, 100)
            assert (await client.session.info(session.id))["Name"] == "mine"
            assert not session.lost.is_set()
        assert not await client.kv.contains("k")
        with pytest.raises(LockLost):
            async with client.session.keep() as session:
                await client.session.destroy(session.id)
                await sleep(client, 20)
                assert session.lost.is_set()

    run_in_memory(face, agent, scenario)
    assert left(agent) == ([], [])


def test_a_view_has_its_own_settings(face: Face) -> None:
    agent = ConsulAgent(acl_token="root")

    async def scenario(client: Any) -> None:
        async with client.using(token="root").lock("k") as held:
            assert (await client.using(token="root").kv.get_record("k"))["Session"] == held.session

    run_in_memory(face, agent, scenario, token="nobody's")
    assert left(agent) == ([], [])


def test_giving_back_lets_virtual_time_pass(face: Face, agent: ConsulAgent) -> None:
    """A release that must be tried again waits for no other thread to move the clock."""
    plan = FaultPlan([None, None, None, Drop("timeout"), Leaderless(), Drop()], of="writes")

    async def scenario(client: Any) -> None:
        async with client.lock("k"):
            await sleep(client, 3)

    run_in_memory(face, agent, scenario, faults=plan)
    assert left(agent) == ([], [])
    assert 3 < agent.now < 3 + 15
