"""Hypothesis drives many machines, a simulated Consul and its faults, and shrinks what goes wrong. `walks.py` says what must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.recipes.walks import LATEST, WALKS
from tests.recipes.world import Network, Worker

_RATES = st.sampled_from([0.0, 0.1, 0.5])

#: Seconds: around the TTL (10), its half, its double, and the lock delay (15).
_TIMES = st.sampled_from([0.001, 0.01, 0.1, 1.0, 4.9, 5.1, 9.9, 10.1, 14.9, 20.1, 40.0])

_MOST_WORKERS = 4


def _any(condition: Callable[[Worker], bool] = lambda _worker: True) -> Callable[[Any], bool]:
    """Return whether there is a worker of whom something is true."""
    return lambda machine: any(condition(worker) for worker in machine.walk.contenders())


class Driven(RuleBasedStateMachine):
    """Workers who contend, and what befalls them."""

    kind = "lock"

    @initialize(seed=st.integers(0, 999))
    def prepare(self, seed: int) -> None:
        self.walk = WALKS[self.kind](seed, is_driven=True)
        self.world = self.walk.world

    def choose(self, data: st.DataObject, condition: Callable[[Worker], bool] = lambda _worker: True) -> Worker:
        return data.draw(st.sampled_from([worker for worker in self.walk.contenders() if condition(worker)]))

    @precondition(lambda self: len(self.walk.contenders()) < _MOST_WORKERS)
    @rule(timeout=st.sampled_from([None, None, 0.0, 3.0]), slots=st.sampled_from([0, 9]))
    def begin(self, timeout: float | None, slots: int) -> None:
        self.world.add(f"worker {len(self.world.workers)}", self.walk.machine(timeout), slots=slots, on_told=self.walk.told)

    @precondition(_any(lambda worker: worker.machine.is_over and not worker.is_paused))
    @rule(data=st.data())
    def begin_again(self, data: st.DataObject) -> None:
        self.world.restart(self.choose(data, lambda worker: worker.machine.is_over and not worker.is_paused), self.walk.machine(None))

    @precondition(_any(lambda worker: not worker.is_paused))
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        self.world.stop(self.choose(data, lambda worker: not worker.is_paused))

    @rule(seconds=_TIMES)
    def let_time_pass(self, seconds: float) -> None:
        self.world.run(self.world.now + seconds)

    @precondition(_any())
    @rule(data=st.data())
    def cut_or_mend_the_network(self, data: st.DataObject) -> None:
        worker = self.choose(data)
        worker.is_cut = not worker.is_cut

    @precondition(_any())
    @rule(data=st.data())
    def pause_or_resume(self, data: st.DataObject) -> None:
        worker = self.choose(data)
        self.world.pause(worker, not worker.is_paused)

    @rule()
    def change_the_leader(self) -> None:
        self.world.lead(has_leader=not self.world.has_leader)

    @rule(lost_request=_RATES, lost_answer=_RATES, duplicate=_RATES, late=_RATES)
    def change_the_network(self, lost_request: float, lost_answer: float, duplicate: float, late: float) -> None:
        self.world.network = Network(lost_request, lost_answer, duplicate, late, LATEST)

    @precondition(lambda self: self.walk.may_rob and self.walk.contenders())
    @rule(data=st.data())
    def destroy_a_session(self, data: st.DataObject) -> None:
        self.world.rob(self.choose(data))

    def teardown(self) -> None:
        if not hasattr(self, "walk"):
            return
        self.world.lead(has_leader=True)
        for worker in self.world.workers:
            worker.is_cut = False
            if worker.is_paused:
                self.world.pause(worker, False)
        self.walk.finish()


@pytest.mark.parametrize("kind", WALKS)
def test_driven(kind: str) -> None:
    machine = type(f"Driven{kind.title()}", (Driven,), {"kind": kind})
    chosen = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=chosen)
