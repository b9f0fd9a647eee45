"""`run_once` for threads and tasks: who starts a job, and what faults of Consul and of the holder leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from consul_proto.message import Request
from consulate import Consul
from consulate.exceptions import LockConflict, LockLost, RequestError
from consulate.recipes.lock import Lock
from consulate.run_once import Turn, async_run_once, run_once
from consulate.testing import ConsulAgent, FaultPlan
from transports.faults.plans import Drop, Earlier, Fault, LeaderChange, Reset, Steps, Truncate

_KEY, _RECORD = "jobs/nightly", "jobs/nightly_last_run"

_NOW = 1_800_000_000.0


def _is_clean(consul: Consul) -> bool:
    """Return whether neither a lock nor a session is left."""
    return _KEY not in consul.kv and not consul.session.list()


def _after_the_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, after the next look at the record, and before its reader contends for the lock."""

    def late_lock(*arguments: Any) -> Any:
        monkeypatch.undo()
        act()
        return Lock(*arguments)

    monkeypatch.setattr("consulate.run_once.Lock", late_lock)


@dataclass(frozen=True)
class _Destroy:
    """A fault: before this request, somebody destroys the session of the lock."""

    agent: ConsulAgent

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        with self.agent.client() as consul:
            consul.session.destroy(str(consul.kv.get_record(_KEY).get("Session")))
        answer = yield request
        assert answer is not None
        return answer


def test_one_runs_while_the_others_do_not() -> None:
    agent = ConsulAgent()
    with agent.client() as consul, agent.client() as other:
        with run_once(consul, _KEY, clock=lambda: _NOW) as turn:
            assert turn.held is not None
            assert (turn.reason, turn.last_start) == (None, None)
            assert consul.kv.get_record(_KEY).get("Session") == turn.held.session
            assert consul.kv.get(_RECORD) == "1800000000.000"  # before the job has ended
            with run_once(other, _KEY) as another:
                assert another == Turn(None, "running", _NOW)
        assert _is_clean(consul)


def test_an_interval_lies_between_two_starts() -> None:
    agent = ConsulAgent()
    with agent.client() as consul:
        for passed, reason in ((0.0, None), (59.5, "too soon"), (1.0, None), (30.0, "too soon"), (31.0, None)):
            agent.advance(passed)
            with run_once(consul, _KEY, interval="1m", clock=lambda: agent.now) as turn:
                assert turn.reason == reason
        with run_once(consul, _KEY, clock=lambda: agent.now) as turn:
            assert turn.held is not None
        assert _is_clean(consul)


def test_a_start_after_the_first_look_counts_however_short_the_job_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other begins and ends between the look and the lock."""
    agent = ConsulAgent()
    with agent.client() as consul, agent.client() as other:

        def run() -> None:
            with run_once(other, _KEY) as turn:
                assert turn.held is not None

        _after_the_look(monkeypatch, run)
        with run_once(consul, _KEY) as turn:
            assert (turn.held, turn.reason) == (None, "started")
            assert _is_clean(other)


def test_a_job_that_fails_was_started_all_the_same() -> None:
    with ConsulAgent().client() as consul:
        with pytest.raises(ZeroDivisionError), run_once(consul, _KEY, interval=60, clock=lambda: _NOW):
            _ = 1 / 0
        assert _is_clean(consul)
        with run_once(consul, _KEY, interval=60, clock=lambda: _NOW + 1) as turn:
            assert turn == Turn(None, "too soon", _NOW)


def test_the_record_of_an_older_version_counts() -> None:
    with ConsulAgent().client() as consul:
        consul.kv.put(_RECORD, str(int(_NOW)))
        with run_once(consul, _KEY, interval=60, clock=lambda: _NOW + 59) as turn:
            assert turn.reason == "too soon"
        with run_once(consul, _KEY, interval=60, clock=lambda: _NOW + 60) as turn:
            assert turn.reason is None


def test_what_is_no_record_and_no_lock_is_refused() -> None:
    with ConsulAgent().client() as consul:
        for value in ("soon", "nan", "inf"):
            consul.kv.put(_RECORD, value)
            with pytest.raises(ValueError, match="the time of the last start"), run_once(consul, _KEY):
                pytest.fail("it is not our turn")
        consul.kv.delete(_RECORD)
        consul.kv.put(_KEY, "mine")
        with pytest.raises(LockConflict), run_once(consul, _KEY):
            pytest.fail("it is not our turn")
        assert (consul.kv.get(_KEY), _RECORD in consul.kv) == ("mine", False)


def test_a_lost_lock_ends_the_block_with_lock_lost() -> None:
    with ConsulAgent().client() as consul, pytest.raises(LockLost), run_once(consul, _KEY) as turn:  # noqa: PT012 - at the end of the block
        assert turn.held is not None
        consul.session.destroy(turn.held.session)
        assert turn.held.lost.wait(30)


@pytest.mark.parametrize("position", range(5))
def test_a_client_without_a_leader_waits_for_one(position: int) -> None:
    agent = ConsulAgent(clock="real")
    plan = FaultPlan([*[None] * position, LeaderChange(1.0)])
    with agent.client(faults=plan) as consul:
        with run_once(consul, _KEY, interval="1h") as turn:
            assert turn.held is not None
            assert agent.injections or position == 4
        assert _is_clean(consul)


@pytest.mark.parametrize("fault", [Reset(applied=True), Reset(applied=False), Truncate()])
def test_a_start_whose_answer_is_lost_was_ours_or_is_sent_again(fault: Fault) -> None:
    agent = ConsulAgent(clock="real")
    plan = FaultPlan([None, None, fault], of="writes")
    with agent.client(faults=plan) as consul:
        with run_once(consul, _KEY, interval=60, clock=lambda: _NOW) as turn:
            assert turn.held is not None
            (injection,) = agent.injections
            assert injection.request == "PUT /v1/txn"
            assert consul.kv.get(_RECORD) == "1800000000.000"
        assert _is_clean(consul)


def test_a_start_of_another_is_not_taken_for_ours_when_an_answer_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other has written the same time, and the first attempt of ours did not arrive."""
    agent = ConsulAgent(clock="real")
    plan = FaultPlan([None, None, Reset(applied=False)], of="writes")
    with agent.client(faults=plan) as consul, agent.client() as other:
        _after_the_look(monkeypatch, lambda: other.kv.put(_RECORD, "1800000000.000"))
        with run_once(consul, _KEY, clock=lambda: _NOW) as turn:
            assert (turn.held, turn.reason) == (None, "started")
            assert len(agent.injections) == 1


def test_a_lock_that_is_lost_before_the_start_starts_nothing() -> None:
    agent = ConsulAgent()
    with agent.client(faults=FaultPlan([None, None, _Destroy(agent)], of="writes")) as consul:
        with pytest.raises(LockLost), run_once(consul, _KEY):
            pytest.fail("it is not our turn")
        assert _RECORD not in consul.kv


def test_an_agent_that_cannot_be_reached_is_an_error_at_once() -> None:
    agent = ConsulAgent()
    with agent.client(faults=FaultPlan([Drop()])) as consul, pytest.raises(RequestError), run_once(consul, _KEY):
        pytest.fail("it is not our turn")
    assert len(agent.injections) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_do_the_same(backend: str) -> None:
    agent = ConsulAgent(clock="real")
    plan = FaultPlan([LeaderChange(0.3), *[None] * 3, LeaderChange(0.3)])

    async def main() -> None:
        async with agent.async_client(faults=plan) as consul, agent.async_client() as other:
            async with async_run_once(consul, _KEY, interval=60, clock=lambda: _NOW) as turn:
                assert turn.held is not None
                assert (turn.reason, turn.last_start) == (None, None)
                async with async_run_once(other, _KEY) as another:
                    assert another == Turn(None, "running", _NOW)
            async with async_run_once(other, _KEY, interval=60, clock=lambda: _NOW + 1) as turn:
                assert turn == Turn(None, "too soon", _NOW)
            assert await other.kv.keys() == [_RECORD]
            with pytest.raises(LockLost):  # noqa: PT012 - at the end of the block
                async with async_run_once(other, _KEY, cancel_on_loss=True) as turn:
                    assert turn.held is not None
                    await other.session.destroy(turn.held.session)
                    await anyio.sleep_forever()
            assert await other.session.list() == []

    anyio.run(main, backend=backend)
