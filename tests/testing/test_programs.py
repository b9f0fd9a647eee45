"""Programs under a test's control: the test chooses the order of turns, and the same order gives the same result."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul
from consulate.exceptions import RequestError, RequestTimeout
from consulate.testing import ConsulAgent, End, FaultPlan, Interleaving, Pass, Programs, sleep
from consulate.testing.faults import Delay, Drop


async def add_one(consul: AsyncConsul) -> Any:
    value = await consul.kv.get("count", 0)
    assert isinstance(value, int)
    await consul.kv.put("count", value + 1)
    return value


def add_one_blocking(consul: Consul) -> Any:
    value = consul.kv.get("count", 0)
    assert isinstance(value, int)
    consul.kv.put("count", value + 1)
    return value


on_both = pytest.mark.parametrize("program", [add_one, add_one_blocking])


@on_both
@pytest.mark.parametrize(
    ("interleaving", "values", "count"),
    [
        (Interleaving(0, 0, 1, 1), [0, 1], 2),
        (Interleaving(0, 1, 0, 1), [0, 0], 1),
        (Interleaving(1, 1, 0, 0), [1, 0], 2),
        (Interleaving(), [0, 0], 1),
        (Interleaving(0, 0, 0, 0), [0, 1], 2),
    ],
    ids=repr,
)
def test_an_interleaving_decides_the_order(program: Any, interleaving: Interleaving, values: list[int], count: int) -> None:
    before = threading.active_count()
    agent = ConsulAgent()
    assert [end.value for end in Programs(agent, program, program).run(interleaving)] == values
    assert agent.client().kv["count"] == count
    assert threading.active_count() == before


@on_both
def test_programs_run_step_by_step(program: Any) -> None:
    agent = ConsulAgent()
    with Programs(agent, program) as programs:
        assert programs.turn(0)
        assert programs.ends == [None]
        assert programs.turn(0)
        assert programs.ends == [End(0)]
        assert not programs.turn(0)
    assert [line.split(": ", 1)[1] for line in programs.history] == ["GET /v1/kv/count -> 404", "PUT /v1/kv/count -> 200", "ends: 0"]


async def wait(consul: AsyncConsul, seconds: float, seen: list[Any]) -> None:
    await sleep(consul, seconds)
    seen.append(await consul.kv.get("k", "none", index=1, wait="60s"))


def wait_blocking(consul: Consul, seconds: float, seen: list[Any]) -> None:
    sleep(consul, seconds)
    seen.append(consul.kv.get("k", "none", index=1, wait="60s"))


@pytest.mark.parametrize("program", [wait, wait_blocking])
def test_time_passes_if_no_program_can_go_on(program: Any) -> None:
    seen: list[Any] = []
    agent = ConsulAgent()
    Programs(agent, partial(program, seconds=5, seen=seen)).run()
    assert seen == ["none"]
    assert agent.now == pytest.approx(65)

    async def write(consul: AsyncConsul) -> None:
        await sleep(consul, 10)
        await consul.kv.put("k", "v")

    agent = ConsulAgent()
    programs = Programs(agent, partial(program, seconds=5, seen=seen), write)
    programs.run(Interleaving(0, Pass(7), 0))
    assert seen == ["none", "v"]
    assert agent.now == pytest.approx(17), "a program begins with its first turn"
    assert agent.waiting == 0
    assert any("waits" in line for line in programs.history)


@pytest.mark.parametrize("program", [wait, wait_blocking])
def test_a_wait_times_out(program: Any) -> None:
    agent = ConsulAgent()
    (end,) = Programs(agent, partial(program, seconds=1, seen=[]), faults=[FaultPlan([Drop("timeout")])]).run()
    assert isinstance(end.error, RequestTimeout)
    assert agent.now == pytest.approx(1 + 10 + 60 + 60 / 16, abs=0.1)


def test_a_consulate_exception_ends_one_program_and_any_other_ends_the_test() -> None:
    agent = ConsulAgent()
    one, other = Programs(agent, add_one, add_one_blocking, faults=[FaultPlan([Drop()])]).run()
    assert isinstance(one.error, RequestError)
    assert other.value == 0

    async def wrong(consul: AsyncConsul) -> None:
        await consul.kv.put("k", 1)
        raise AssertionError("no leader")

    def wrong_blocking(consul: Consul) -> None:
        consul.kv.put("k", 1)
        raise AssertionError("no leader")

    for program in (wrong, wrong_blocking):
        programs = Programs(ConsulAgent(), add_one_blocking, program)
        with pytest.raises(AssertionError, match="no leader"):
            programs.run()
    assert not [thread for thread in threading.enumerate() if thread.name == "consul-program"]


def test_other_programs_run_while_a_request_is_delayed() -> None:
    agent = ConsulAgent()
    programs = Programs(agent, add_one, add_one, faults=[FaultPlan([None, Delay(3)])])
    programs.run(Interleaving(0, 1, 1))
    assert agent.now == 3
    assert agent.client().kv["count"] == 1


async def for_ever(consul: AsyncConsul, cleaned: list[int]) -> None:
    try:
        while True:
            await consul.kv.get("k")
    finally:
        cleaned.append(1)
        await consul.kv.put("k", "too late")


def for_ever_blocking(consul: Consul, cleaned: list[int]) -> None:
    try:
        while True:
            consul.kv.get("k")
    finally:
        cleaned.append(1)
        consul.kv.put("k", "too late")


@pytest.mark.parametrize("program", [for_ever, for_ever_blocking])
def test_programs_that_do_not_end_are_stopped(program: Any) -> None:
    cleaned: list[int] = []
    agent = ConsulAgent()
    checked: list[int] = []
    ends = Programs(agent, partial(program, cleaned=cleaned)).run(turns=5, invariant=lambda: checked.append(1))
    assert ends == [End(stopped=True)]
    assert (len(cleaned), len(checked)) == (1, 5)
    assert agent.client().kv.get("k") is None


def test_programs_that_cannot_be_run_are_errors() -> None:
    async def sleeps(_consul: AsyncConsul) -> None:
        await anyio.sleep(1)

    class Other:
        def __await__(self) -> Any:
            yield "something"

    async def awaits(_consul: AsyncConsul) -> None:
        await Other()

    with pytest.raises(Exception, match="async"):
        Programs(ConsulAgent(), sleeps).run()
    with pytest.raises(TypeError, match="there is no event loop"):
        Programs(ConsulAgent(), awaits).run()
    with pytest.raises(TypeError, match="async function"):
        Programs(ConsulAgent(), lambda consul: sleeps(consul)).run()
    with pytest.raises(ValueError, match="real"):
        Programs(ConsulAgent(clock="real"), sleeps)
    assert Programs(ConsulAgent()).run() == []
