"""The strategies: their arguments are accepted, their answers can be decoded, and they find bugs in programs."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning
from hypothesis.stateful import rule, run_state_machine_as_test

from consul_proto.api import Operations
from consul_proto.codec import encode
from consul_proto.errors import ConsulateException, DecodeError, NotFound
from consul_proto.operation import Operation
from consul_proto.simulator.engine.versions import VersionName
from consulate import AsyncConsul, Consul
from consulate.testing import ConsulAgent, ConsulStateMachine, FaultPlan, Interleaving, Pass, Programs, strategies
from consulate.testing.faults import EVERY, Delay, Duplicate, Reset, Truncate
from consulate.testing.programs import Program
from tests.agents import Binary, find_binaries, start_agent
from tests.proto.golden.rows import REQUESTS as ROWS

#: Each operation of the API, as the golden requests have it.
_OPERATIONS: list[Operation[Any]] = [built for row in ROWS if isinstance(built := row.call(Operations()), Operation)]

VERSIONS: tuple[VersionName, ...] = ("1.8.7", "1.22.5")

_quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@_quick
@given(st.data())
def test_an_operation_decodes_its_well_formed_answers(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(_OPERATIONS))
    answer = data.draw(strategies.answers(operation))
    try:
        operation.decode(answer)
    except ConsulateException as error:
        if "read it with kind=" in str(error):
            return  # `kv.get_as` of a well-formed value of another kind
        assert not isinstance(error, DecodeError), (operation, answer.body)
        assert isinstance(error, NotFound) or error.status in (403, 409)


def test_each_operation_of_the_api_has_well_formed_answers() -> None:
    """At least one answer of each operation decodes to a value."""
    for operation in _OPERATIONS:
        find(
            strategies.answers(operation),
            lambda answer, operation=operation: _value(operation, answer) is not None,  # type: ignore[misc] # a loop's own variable
            settings=settings(max_examples=200, database=None, deadline=None, phases=[Phase.generate]),
        )


def _value(operation: Operation[Any], answer: Any) -> object:
    try:
        return (operation.decode(answer),)
    except ConsulateException:
        return None


@_quick
@given(st.data())
def test_an_operation_raises_only_consulate_exceptions_for_malformed_answers(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(_OPERATIONS))
    answer = data.draw(strategies.malformed_answers(operation))
    try:
        operation.decode(answer)
    except ConsulateException as error:
        assert str(error)


@_quick
@given(st.sampled_from(_OPERATIONS), strategies.refusals())
def test_a_refusal_is_an_exception(operation: Operation[Any], answer: Any) -> None:
    if answer.status not in operation.answers:
        with pytest.raises(ConsulateException):
            operation.decode(answer)


def test_malformed_answers_are_mostly_refused() -> None:
    operation = Operations().kv.get("k")
    refused = 0

    @settings(max_examples=100, database=None, derandomize=True, deadline=None)
    @given(strategies.malformed_answers(operation))
    def count(answer: Any) -> None:
        nonlocal refused
        refused += _value(operation, answer) is None

    count()
    assert refused > 50


@_quick
@given(strategies.keys(), strategies.values(), strategies.flags())
def test_keys_and_values_are_stored(key: str, value: Any, flags: int) -> None:
    with ConsulAgent().client() as consul:
        assert consul.kv.put(key, value, flags=flags)
        assert consul.kv.get_record(key)["Flags"] == flags
        assert consul.kv.get(key, raw=True) == encode(value)
        assert consul.kv.keys() == [key]


@_quick
@given(strategies.sessions(), strategies.services(), strategies.checks())
def test_arguments_are_accepted(session: Any, service: Any, check: Any) -> None:
    for version in VERSIONS:
        with ConsulAgent(version=version).client() as consul:
            assert consul.session.info(consul.session.create(**session))
            assert consul.agent.service.register(**service)
            assert consul.agent.check.register(**check)
            assert {entry["Service"] for entry in consul.agent.services()} == {service["name"]}
            assert check["name"] in {entry["Name"] for entry in consul.agent.checks()}


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_a_real_agent_takes_keys_and_arguments(binary: Binary) -> None:
    with start_agent(binary, acls=False, unix_socket=False) as agent, Consul(f"http://{agent.host}:{agent.port}") as consul:

        @settings(max_examples=60, deadline=None)
        @given(
            strategies.keys(), strategies.values(), strategies.flags(), strategies.sessions(), strategies.services(), strategies.checks()
        )
        def takes(key: str, value: Any, flags: int, session: Any, service: Any, check: Any) -> None:
            assert consul.kv.put(key, value, flags=flags)
            assert consul.kv.get(key, raw=True) == encode(value)
            assert key in consul.kv
            assert consul.session.info(consul.session.create(**session))
            assert consul.agent.service.register(**service)
            assert consul.agent.check.register(**check)

        takes()


@_quick
@given(strategies.keys("app/"))
def test_keys_have_a_prefix(key: str) -> None:
    assert key.startswith("app/")


@_quick
@given(strategies.fault_plans(), strategies.fault_plans("writes", among=[Reset()], max_requests=2), strategies.interleavings(3))
def test_the_repr_of_generated_plans_makes_equal_plans(plan: FaultPlan, resets: FaultPlan, interleaving: Interleaving) -> None:
    names: dict[str, Any] = {type(fault).__name__: type(fault) for fault in EVERY}
    names |= {"FaultPlan": FaultPlan, "Interleaving": Interleaving, "Pass": Pass}
    for value in (plan, resets, interleaving):
        assert eval(repr(value), names) == value
    assert not plan.faults or plan.faults[-1] is not None
    assert set(resets.faults) <= {None, Reset()}
    assert all(isinstance(turn, Pass) or 0 <= turn < 3 for turn in interleaving.turns)


def test_interleavings_need_a_program() -> None:
    with pytest.raises(ValueError, match="programs must be 1 or more, not 0"):
        strategies.interleavings(0)


# Programs with bugs: the strategies must find each bug, and shrink to the smallest example.


async def lost_update(consul: AsyncConsul) -> None:
    """Read, then write without a check-and-set."""
    value = await consul.kv.get("count", 0)
    assert isinstance(value, int)
    await consul.kv.put("count", value + 1)


async def safe_update(consul: AsyncConsul) -> None:
    while True:
        try:
            record = await consul.kv.get_record("count")
            value, index = record["Value"], record["ModifyIndex"]
        except KeyError:
            value, index = 0, 0
        assert isinstance(value, int)
        if await consul.kv.put("count", value + 1, cas=index):
            return


def _count_after(program: Program, interleaving: Interleaving) -> object:
    agent = ConsulAgent()
    Programs(agent, program, program).run(interleaving)
    return agent.client().kv["count"]


def _least(strategy: st.SearchStrategy[Any], fails: Any) -> Any:
    return find(strategy, fails, settings=settings(max_examples=2000, database=None, deadline=None, derandomize=True))


def test_hypothesis_finds_a_lost_update_and_shrinks_it() -> None:
    least = _least(strategies.interleavings(2), lambda drawn: _count_after(lost_update, Interleaving(*drawn.turns)) != 2)
    # Without given turns, programs take turns in order, which already shows the bug.
    assert least == Interleaving()
    found = _least(strategies.interleavings(2), lambda drawn: len(drawn.turns) >= 2 and _count_after(lost_update, drawn) != 2)
    assert len(found.turns) == 2


@_quick
@given(strategies.interleavings(2))
def test_a_safe_update_has_no_counterexample(interleaving: Interleaving) -> None:
    assert _count_after(safe_update, interleaving) == 2


def resend(consul: Consul) -> None:
    """Repeat a write after any error. That is a bug, because the first write may have been applied."""
    for _ in range(5):
        try:
            seen = consul.kv.get("log", "")
            assert isinstance(seen, str)
            consul.kv.put("log", seen + "x")
        except ConsulateException:
            continue
        else:
            return


def test_hypothesis_finds_a_write_that_is_applied_twice() -> None:
    def fails(plan: FaultPlan) -> bool:
        agent = ConsulAgent()
        resend(agent.client(faults=plan))
        return len(str(agent.client().kv.get("log", ""))) > 1

    least = _least(strategies.fault_plans("writes"), fails)
    assert len(least.faults) == 1
    assert least.faults[0] == Reset(applied=True) or isinstance(least.faults[0], Delay | Truncate)


@settings(max_examples=60, deadline=None)
@given(strategies.interleavings(2), strategies.fault_plans(), strategies.fault_plans())
def test_kv_set_loses_no_update_under_faults(interleaving: Interleaving, one: FaultPlan, other: FaultPlan) -> None:
    """A `kv.set` that succeeds has written once, and one that certainly failed has not, under any faults."""

    async def add(consul: AsyncConsul, name: str) -> bool:
        await consul.kv.set(f"own/{name}", name)
        return True

    async def first(consul: AsyncConsul) -> bool:
        return await add(consul, "a")

    async def second(consul: AsyncConsul) -> bool:
        return await add(consul, "b")

    agent = ConsulAgent()
    ends = Programs(agent, first, second, faults=[one, other]).run(interleaving)
    stored = agent.client().kv.items()
    for end, name, plan in zip(ends, "ab", (one, other), strict=True):
        # With `Duplicate`, the client sees the answer to the second write, which lost the race against the first: it cannot know.
        is_told = not any(isinstance(fault, Duplicate) for fault in plan.faults)
        if end.error is None:
            assert stored[f"own/{name}"] == name
        elif is_told and not end.error.maybe_applied:
            assert f"own/{name}" not in stored


class Counting(ConsulStateMachine):
    """Two programs that each add one, with faults."""

    faults = (Reset(), Duplicate())

    def make_programs(self) -> list[Program]:
        return [lost_update, lost_update]

    def check(self) -> None:
        done = sum(end is not None and end.error is None for end in self.programs.ends)
        count = self.clients[0].kv.get("count", 0)
        assert isinstance(count, int)
        assert count >= done, f"{done} programs have added, and the count is {count}"


class Careful(Counting):
    def make_programs(self) -> list[Program]:
        return [safe_update, safe_update]

    @rule()
    def look(self) -> None:
        self.clients[1].kv.get("count")


def test_a_state_machine_finds_a_bug_in_programs() -> None:
    quick = settings(max_examples=200, stateful_step_count=15, deadline=None, database=None, derandomize=True)
    with pytest.raises(AssertionError, match="2 programs have added, and the count is 1") as caught:
        run_state_machine_as_test(Counting, settings=quick)
    notes = "\n".join(getattr(caught.value, "__notes__", ()))
    assert [line.strip() for line in notes.splitlines() if "state.turn" in line or "state.inject" in line or "advance" in line] in (
        ["state.turn(number=0)", "state.turn(number=1)", "state.turn(number=0)", "state.turn(number=1)"],
        ["state.turn(number=0)", "state.turn(number=1)", "state.turn(number=1)", "state.turn(number=0)"],
    )


TestCareful = Careful.TestCase
TestCareful.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_strategies_have_examples() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        assert "Response" in repr(strategies.answers(Operations().agent.self()).example())
