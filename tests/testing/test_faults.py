"""Fault plans: what the client sees, and what the agent did, for threads and for tasks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest

from consul_proto.message import Response
from consulate import AsyncConsul, Consul
from consulate.exceptions import ConsulateException, DecodeError, NoLeader, RateLimited, RequestError, RequestTimeout
from consulate.testing import AsyncFaultyTransport, ConsulAgent, FaultPlan, FaultyTransport
from consulate.testing.faults import (
    EVERY,
    Delay,
    Drop,
    Duplicate,
    Fault,
    LeaderChange,
    Leaderless,
    Limited,
    Reset,
    Stale,
    Truncate,
)
from tests.faces import ALL, AwaitableClient, Face, outcome, run_sync
from tests.fakes.faults import FAULTS, HEALTHY, TEMPORARY_REFUSALS
from tests.fakes.raw_server import ReadRequest, Repeat, Script, Send, answer
from tests.transports.conftest import Serve
from transports.memory import MemoryTransport

Story = Callable[[Any, ConsulAgent], Coroutine[Any, Any, Any]]

_FACES = ["threads", "asyncio", "trio"]

on_each = pytest.mark.parametrize("face", _FACES)


def play(face: str, agent: ConsulAgent, plan: FaultPlan, story: Story, **options: Any) -> Any:
    """Run a scenario on a client of an agent in memory, with these faults."""
    if face == "threads":
        with agent.client(faults=plan, **options) as client:
            return run_sync(story(AwaitableClient(client), agent))

    async def main() -> Any:
        async with agent.async_client(faults=plan, **options) as client:
            return await story(client, agent)

    return anyio.run(main, backend=face)


async def put(consul: Any, _agent: ConsulAgent) -> Any:
    return await outcome(consul.kv.put("k", "v"))


#: Fault -> the exception of a write, its maybe_applied, whether it was carried out, and the seconds that it took.
_WRITES: list[tuple[Fault, type[ConsulateException] | None, bool, bool, float]] = [
    (Drop(), RequestError, False, False, 0),
    (Drop("timeout"), RequestTimeout, True, False, 10),
    (Delay(2), None, True, True, 2),
    (Delay(2, "answer"), None, True, True, 2),
    (Delay(60), RequestTimeout, True, True, 10),
    (Delay(60, "answer"), RequestTimeout, True, True, 10),
    (Reset(applied=False), RequestError, True, False, 0),
    (Reset(applied=True), RequestError, True, True, 0),
    (Reset(applied=True, idle=True), RequestError, True, True, 0),
    (Truncate(), RequestError, True, True, 0),
    (Truncate(2, noticed=False), DecodeError, True, True, 0),
    (Truncate(100), None, True, True, 0),
    (Duplicate(), None, True, True, 0),
    (Stale(), None, True, True, 0),
]


@on_each
@pytest.mark.parametrize(("fault", "kind", "maybe", "done", "seconds"), _WRITES, ids=lambda value: repr(value))
def test_faults_of_a_write(face: str, fault: Fault, kind: type[ConsulateException] | None, maybe: bool, done: bool, seconds: float) -> None:
    agent = ConsulAgent()
    end = play(face, agent, FaultPlan([fault]), put)
    if kind is None:
        assert end is True
    else:
        assert type(end) is kind or (kind is RequestError and isinstance(end, kind))
        assert end.maybe_applied is maybe
        assert str(end).startswith("PUT /v1/kv/k")
    assert agent.now == pytest.approx(seconds, abs=0.5)
    assert ("k" in agent.client().kv) is done
    assert [injection.fault for injection in agent.injections] == [fault]
    assert agent.injections[0].request == "PUT /v1/kv/k"


@on_each
@pytest.mark.parametrize(("fault", "error"), [(Leaderless(), NoLeader), (Limited(), RateLimited)])
def test_leaderless_and_limited_are_retried(face: str, fault: Fault, error: type[ConsulateException]) -> None:
    agent = ConsulAgent()
    assert play(face, agent, FaultPlan([fault] * 3), put) is True
    assert agent.now > 0
    end = play(face, agent, FaultPlan([fault] * 20), put, timeout=1)
    assert isinstance(end, error)
    assert end.maybe_applied is False


@on_each
def test_a_leader_change_affects_all_requests_of_its_seconds(face: str) -> None:
    async def story(consul: Any, agent: ConsulAgent) -> list[Any]:
        ends = [await outcome(consul.using(timeout=0.01).kv.get("k"))]
        agent.advance(0.9)
        ends.append(await outcome(consul.using(timeout=0.01).kv.get("k")))
        agent.advance(0.2)
        return [*ends, await outcome(consul.using(timeout=0.01).kv.get("k"))]

    first, second, third = play(face, ConsulAgent(), FaultPlan([LeaderChange(1.0)]), story)
    assert isinstance(first, NoLeader)
    assert isinstance(second, NoLeader)
    assert third is None


@on_each
def test_a_read_is_resent_after_an_idle_connection_was_reset(face: str) -> None:
    async def story(consul: Any, _agent: ConsulAgent) -> Any:
        return await consul.kv.get("k", "none")

    assert play(face, ConsulAgent(), FaultPlan([Reset(applied=False, idle=True)]), story) == "none"


@on_each
def test_a_write_that_arrives_twice(face: str) -> None:
    async def story(consul: Any, _agent: ConsulAgent) -> list[Any]:
        return [await consul.kv.put("k", n, cas=0) for n in (1, 2)]

    assert play(face, ConsulAgent(), FaultPlan([Duplicate("first")]), story) == [True, False]
    agent = ConsulAgent()
    assert play(face, agent, FaultPlan([Duplicate("second")]), story) == [False, False]
    assert agent.client().kv["k"] == 1


@on_each
def test_stale_gives_an_earlier_answer(face: str) -> None:
    async def story(consul: Any, _agent: ConsulAgent) -> list[Any]:
        seen = []
        for number in range(3):
            await consul.kv.put("k", number)
            seen.append(await consul.kv.get("k"))
        return [*seen, await consul.kv.get("k"), await consul.kv.get("k"), await consul.kv.get("k"), await consul.kv.get("never")]

    plan = FaultPlan([None, None, None, Stale(), Stale(2), Stale(9), Stale()], of="reads")
    assert play(face, ConsulAgent(), plan, story) == [0, 1, 2, 1, 0, 0, None]


def test_stale_can_give_an_answer_that_another_client_saw() -> None:
    agent = ConsulAgent()
    one, other = agent.client(faults=FaultPlan()), agent.client(faults=FaultPlan([Stale()]))
    one.kv.put("k", "old")
    assert one.kv.get("k") == "old"
    one.kv.put("k", "new")
    assert other.kv.get("k") == "old"
    assert other.kv.get("k") == "new"


def test_a_plan_counts_only_the_requests_that_it_names() -> None:
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([Drop(), Reset()], of="writes", path="/v1/kv/"))
    session = consul.session.create()
    assert consul.kv.get("k") is None
    for maybe in (False, True):
        with pytest.raises(RequestError) as caught:
            consul.kv.put("k", 1)
        assert caught.value.maybe_applied is maybe
    assert consul.session.destroy(session)
    assert [injection.number for injection in agent.injections] == [0, 1]


def _injected_faults(plan: FaultPlan) -> list[Fault]:
    agent = ConsulAgent()
    consul = agent.client(faults=plan)
    for number in range(60):
        try:
            consul.kv.put("k", number)
        except ConsulateException:
            continue
    return [injection.fault for injection in agent.injections]


def test_the_same_seed_gives_the_same_faults() -> None:
    plan = FaultPlan.random(seed=7, rate=0.3)
    assert plan == FaultPlan.random(seed=7, rate=0.3)
    assert plan != FaultPlan.random(seed=8, rate=0.3)
    assert len({type(plan[number]) for number in range(500)}) == len({type(fault) for fault in EVERY}) + 1
    assert 100 < sum(plan[number] is not None for number in range(500)) < 200
    # The client's pauses are random, and so is the number of requests during a leader change. Everything else repeats.
    lasting = FaultPlan.random(seed=7, rate=0.3, faults=[fault for fault in EVERY if not isinstance(fault, LeaderChange)], of="writes")
    assert _injected_faults(lasting)[:10] == _injected_faults(lasting)[:10]
    with pytest.raises(ValueError, match="probability"):
        FaultPlan.random(seed=1, rate=2)


@pytest.mark.parametrize(
    "plan",
    [
        FaultPlan(),
        FaultPlan([Drop("timeout"), None, Truncate(3, noticed=False)], of="writes", path="/v1/kv/"),
        FaultPlan.random(seed=3, rate=0.5),
        FaultPlan.random(seed=3, rate=0.5, faults=[Stale(2)], of="reads"),
    ],
    ids=repr,
)
def test_the_repr_of_a_plan_makes_an_equal_plan(plan: FaultPlan) -> None:
    names = {type(fault).__name__: type(fault) for fault in EVERY}
    assert eval(repr(plan), {**names, "FaultPlan": FaultPlan}) == plan
    assert hash(plan) == hash(eval(repr(plan), {**names, "FaultPlan": FaultPlan}))


@pytest.mark.parametrize("face", ALL, ids=str)
def test_faults_around_a_real_transport(face: Face, serve: Serve) -> None:
    """Faults around the client's real transport, with a scripted server: dropped requests do not arrive."""
    server = serve(face, HEALTHY, HEALTHY)
    plan = FaultPlan([Drop(), Reset(applied=True), None, Reset(applied=False, idle=True), Truncate(), Delay(0.01)])
    url = server.url

    async def story(consul: Any) -> list[Any]:
        ends = [await outcome(consul.kv.put("k", "v")) for _ in range(3)]
        return [*ends, await outcome(consul.kv.get("k")), await outcome(consul.kv.get("k"))]

    if face.backend is None:
        plain = Consul(url)
        with Consul(url, transport=FaultyTransport(plain._transport, plan)) as client:
            ends = run_sync(story(AwaitableClient(client)))
    else:

        async def main() -> list[Any]:
            plain = AsyncConsul(url)
            async with AsyncConsul(url, transport=AsyncFaultyTransport(plain._transport, plan)) as client:
                return await story(client)

        ends = anyio.run(main, backend=face.backend)
    dropped, reset, written, cut, read = ends
    assert isinstance(dropped, RequestError)
    assert not dropped.maybe_applied
    assert isinstance(reset, RequestError)
    assert reset.maybe_applied
    assert written is True
    assert isinstance(cut, RequestError)
    assert read == "v"
    assert [received.method for received in server.requests] == ["PUT", "PUT", "GET", "GET"]


def test_no_fault_shows_a_token() -> None:
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([Reset()]), token="very-secret")
    with pytest.raises(RequestError) as caught:
        consul.kv.put("k", "v")
    assert "very-secret" not in repr(caught.value) + str(caught.value) + repr(agent.injections) + repr(vars(caught.value))


def test_faults_can_be_injected_around_any_transport() -> None:
    answers = MemoryTransport(lambda request: Response(200, body=b"true" if request.method == "PUT" else b"[]"), lambda _seconds: None)
    with Consul(transport=FaultyTransport(answers, FaultPlan([Drop(), None]))) as consul:
        with pytest.raises(RequestError):
            consul.kv.put("k", "v")
        assert consul.kv.put("k", "v")


def _always(data: bytes) -> Script:
    """Return a script that gives the same answer to every request."""
    return [Repeat((ReadRequest(), Send(data)))]


#: Name -> a fault, the script of a server with the same fault (None: no server listens), and a time limit.
_SAME: dict[str, tuple[Fault, Script | None, float]] = {
    "refused": (Drop(), None, 10),
    "never answered": (Drop("timeout"), FAULTS["never answers"], 0.1),
    "reset": (Reset(applied=True), FAULTS["reset before the answer"], 10),
    "cut off": (Truncate(40), FAULTS["truncated body"], 10),
    "no leader": (Leaderless(), _always(answer(500, b"No cluster leader")), 1),
    "too many requests": (Limited(), _always(TEMPORARY_REFUSALS["a 429"]), 1),
}


@pytest.mark.parametrize("face", ALL, ids=str)
@pytest.mark.parametrize("name", _SAME)
def test_a_fault_raises_the_same_error_as_a_real_transport(face: Face, serve: Serve, name: str) -> None:
    fault, script, timeout = _SAME[name]

    async def read(consul: Any) -> Any:
        return await outcome(consul.kv.get("k"))

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = serve(face, script).url if script is not None else f"http://127.0.0.1:{deaf.getsockname()[1]}"
        real = face.run(read, url, timeout=timeout)
    agent = ConsulAgent()
    agent.client().kv.put("k", "v")

    async def fail(consul: Any, _agent: ConsulAgent) -> Any:
        return await read(consul)

    told = play(face.backend or "threads", agent, FaultPlan([fault] * 20), fail, timeout=timeout)
    assert type(told) is type(real)
    assert told.maybe_applied is real.maybe_applied
    assert (told.status, told.body) == (real.status, real.body)
    if name not in ("refused", "reset"):
        assert told.message == real.message
