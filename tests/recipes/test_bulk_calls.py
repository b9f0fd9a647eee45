"""Bulk calls on an agent in memory: what users see of them, for threads, asyncio, trio and programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from consul_proto.message import Request, Response
from consul_proto.recipes.bulk_result import BulkResult
from consulate import AsyncConsul, Consul
from consulate.api.kv import KV
from consulate.exceptions import BulkError, ClientError, Forbidden, RequestError
from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Delay, Drop, Leaderless, Reset
from tests.concurrency.leftovers import check_no_leaks
from tests.recipes.bulk_scenarios import DONE, KINDS, keys, on_each
from tests.recipes.bulk_walks import Run, run_all
from transports.memory import MemoryTransport


def test_random_calls_under_random_faults() -> None:
    ends = run_all(range(300))
    assert min(ends[end] for end in ("complete", "failed", "unknown", "not read")) >= 10


def test_the_check_of_those_notices_a_wrong_result() -> None:
    class Wrong(Run):
        def _check(self, result: BulkResult, holds: Any) -> None:
            super()._check(BulkResult(taken=result.taken, not_sent=(range(result.taken),)), holds)

    wrong = 0
    for seed in range(20):
        try:
            Wrong(seed).run()
        except AssertionError:
            wrong += 1
    assert wrong >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_many_keys(kind: str) -> None:
    async def scenario(client: Any) -> None:
        pairs = {key: number for number, key in enumerate(keys(200))}
        result = await client.kv.put_many(pairs, flags={"t/00003": 7})
        assert (result.applied, result.total, result.written) == ((range(200),), 200, 200)
        assert await client.kv.items("t/") == pairs
        assert (await client.kv.get_record("t/00003"))["Flags"] == 7
        asked = [*reversed(keys(150)), "missing", "t/00001"]
        found = await client.kv.get_many(asked)
        assert list(found.items()) == [(key, pairs[key]) for key in reversed(keys(150))]
        assert await client.kv.get_many(["t/00001"], raw=True) == {"t/00001": b"1"}
        result = await client.kv.delete_many(iter([*keys(100), "missing"]))
        assert (result.applied, result.total, result.deleted) == ((range(101),), 101, 101)
        assert await client.kv.keys("t/") == keys(200)[100:]
        for call in (client.kv.put_many, client.kv.delete_many):
            assert await call([]) == BulkResult(total=0)
        assert await client.kv.get_many([]) == {}

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_values_the_later_remains(kind: str) -> None:
    async def scenario(client: Any) -> None:
        for _ in range(3):
            await client.kv.put_many(((key, number) for number in range(200) for key in ("a", f"b{number % 70}")), connections=8)
            assert await client.kv.get("a") == 199
            assert await client.kv.items("b") == {f"b{number % 70}": number for number in range(200)}

    on_each(kind, ConsulAgent(), scenario, faults=FaultPlan.random(seed=1, rate=0.5, faults=[Delay(1.0), Leaderless()]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_becomes_exactly_the_pairs(kind: str) -> None:
    async def scenario(client: Any) -> None:
        await client.kv.put_many({**dict.fromkeys(keys(150), "old"), "other": 1})
        before = (await client.kv.get_record("t/00000"))["ModifyIndex"]
        wanted = [(key, "old" if number % 3 else "new") for number, key in enumerate(keys(200)) if number % 2 == 1 or number < 10]
        result = await client.kv.replace_tree("t/", {**dict(wanted), "t/00000": "old"})
        assert await client.kv.items("") == {**dict(wanted), "t/00000": "old", "other": 1}
        unchanged = [key for key, value in [("t/00000", "old"), *wanted[1:]] if value == "old" and key < "t/00150"]
        assert (result.done, result.unchanged, result.deleted) == (
            len(wanted),
            len(unchanged),
            150 - len([1 for key, _ in wanted if key < "t/00150"]),
        )
        assert (await client.kv.get_record("t/00000"))["ModifyIndex"] == before
        again = await client.kv.replace_tree("t/", iter(sorted({**dict(wanted), "t/00000": "old"}.items())))
        assert (again.written, again.deleted, again.unchanged) == (0, 0, len(wanted))
        flags = await client.kv.replace_tree("t/", [("t/b", 1, 3), ("t/a", 1)], flags=9)
        assert [record[:2] for record in await client.kv.records("t/")] == [("t/a", 9), ("t/b", 3)]
        assert (flags.written, flags.deleted) == (2, len(wanted))
        assert (await client.kv.replace_tree("t/", {})).deleted == 2

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_equal_byte_for_byte(kind: str) -> None:
    async def scenario(client: Any) -> None:
        stored = [(key, bytes([number % 256, 255]), number) for number, key in enumerate(keys(100))]
        await client.kv.put_many([*stored, ("u/old", 1), ("u/00001", 1)])
        result = await client.kv.copy_tree("t/", "u/", connections=2)
        assert (result.applied, result.written) == ((range(100),), 100)
        copied = [("u/" + key.removeprefix("t/"), flags, value) for key, value, flags in stored]
        assert await client.kv.records("u/0", raw=True) == copied
        assert await client.kv.get("u/old") == 1
        with pytest.raises(ValueError, match="the trees 't/' and 't/x/' overlap"):
            await client.kv.copy_tree("t/", "t/x/")

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_async_iterables(kind: str) -> None:
    async def pairs() -> AsyncIterator[tuple[str, int]]:
        for number, key in enumerate(keys(150)):
            await anyio.lowlevel.checkpoint()
            yield key, number

    async def names() -> AsyncIterator[str]:
        for key in keys(150):
            yield key

    async def scenario(client: AsyncConsul) -> None:
        assert (await client.kv.put_many(pairs())).applied == (range(150),)
        assert len(await client.kv.get_many(names())) == 150
        assert (await client.kv.replace_tree("t/", pairs())).unchanged == 150
        assert (await client.kv.delete_many(names())).deleted == 150

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_operation_is_named(kind: str) -> None:
    agent = ConsulAgent(acl_token="root-token")
    root = agent.client()
    root.acl.policy.create("p", rules='key_prefix "t/" { policy = "write" } key "t/00150" { policy = "read" }')
    secret = root.acl.token.create(policies=[{"Name": "p"}])["SecretID"]

    async def scenario(client: Any) -> None:
        with pytest.raises(BulkError) as caught:
            await client.kv.put_many(dict.fromkeys(keys(400), 1), connections=1)
        error = caught.value
        assert isinstance(error.__cause__, Forbidden)
        assert (error.result.applied, error.result.failed, error.maybe_applied) == ((range(128),), (range(128, 192),), False)
        [refusal] = error.result.failures[0].refusals
        assert (refusal.position, refusal.key) == (150, "t/00150")
        assert "Permission denied" in refusal.reason
        assert "position 150, key 't/00150': " in str(error)
        assert secret not in str(error)
        assert root.kv.keys("t/") == keys(128)

    on_each(kind, agent, scenario, token=secret)


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_that_raises(kind: str) -> None:
    """What came before is written, and the last report says so."""
    reports: list[BulkResult] = []

    def pairs() -> Iterator[tuple[str, int]]:
        yield from ((key, 1) for key in keys(150))
        raise LookupError("no more")

    async def scenario(client: Any) -> None:
        with pytest.raises(LookupError) as caught:
            await client.kv.put_many(pairs(), progress=reports.append)
        assert caught.value.__notes__ == ["kv.put_many: positions applied: 0 to 127; not sent: 128 to 149"]
        assert (reports[-1].applied, reports[-1].not_sent) == ((range(128),), (range(128, 150),))
        assert await client.kv.keys("t/") == keys(128)

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_progress_that_raises_is_not_called_again(kind: str) -> None:
    count = 0

    def progress(_result: BulkResult) -> None:
        nonlocal count
        count += 1
        raise LookupError

    async def scenario(client: Any) -> None:
        with pytest.raises(LookupError):
            await client.kv.put_many(dict.fromkeys(keys(500), 1), progress=progress)
        assert count == 1

    on_each(kind, ConsulAgent(), scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_progress_is_reported_in_the_callers_thread(kind: str) -> None:
    reports: list[tuple[BulkResult, object]] = []

    async def scenario(client: Any) -> None:
        result = await client.kv.put_many(
            dict.fromkeys(keys(1000), 1), progress=lambda result: reports.append((result, threading.current_thread()))
        )
        assert {thread for _, thread in reports} == {threading.current_thread()}
        done = [report.done for report, _ in reports]
        assert done == sorted(done)
        assert len({*done}) >= 2
        assert reports[-1][0] == result
        assert {report.total for report, _ in reports} == {1000}

    on_each(kind, ConsulAgent(), scenario)


def test_threads_are_bounded_and_end() -> None:
    most = 0

    def answer(_request: Request) -> Response:
        nonlocal most
        most = max(most, threading.active_count())
        return DONE

    client = Consul(transport=MemoryTransport(answer))
    with check_no_leaks():
        before = threading.active_count()
        client.kv.put_many(((key, 1) for key in keys(5000)), connections=3)
        assert threading.active_count() == before
    assert most - before <= 4


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_call_says_what_was_applied(error: type[BaseException]) -> None:
    agent = ConsulAgent()
    reports: list[BulkResult] = []

    def pairs() -> Iterator[tuple[str, int]]:
        yield from ((key, 1) for key in keys(700))
        raise error

    with check_no_leaks(), pytest.raises(error) as caught:
        agent.client().kv.put_many(pairs(), progress=reports.append)
    last = reports[-1]
    held = {int(key[2:]) for key in agent.client().kv.keys("t/")}
    applied = {position for each in last.applied for position in each}
    unknown = {position for each in last.unknown for position in each}
    assert applied <= held <= applied | unknown
    assert last.pending == ()
    assert caught.value.__notes__ == [f"kv.put_many: {last}"]


def test_progress_that_ctrl_c_ends_gets_what_was_done() -> None:
    interrupted: list[BulkResult] = []
    reports: list[BulkResult] = []

    def progress(result: BulkResult) -> None:
        if result.done and not interrupted:
            interrupted.append(result)
            raise KeyboardInterrupt
        reports.append(result)

    agent = ConsulAgent()
    with check_no_leaks(), pytest.raises(KeyboardInterrupt):
        agent.client().kv.put_many(dict.fromkeys(keys(700), 1), progress=progress)
    assert reports[-1].pending == ()
    assert 0 < reports[-1].done <= agent.client().kv.count("t/")


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_cancelled_call_ends_at_once(kind: str) -> None:
    agent = ConsulAgent(clock="real")
    reports: list[BulkResult] = []

    async def scenario(client: AsyncConsul) -> None:
        with anyio.move_on_after(0.1) as scope:
            await client.kv.put_many(dict.fromkeys(keys(5000), 1), progress=reports.append, connections=2)
        assert scope.cancelled_caught

    on_each(kind, agent, scenario, faults=FaultPlan([*[None] * 4, Delay(60), Delay(60)]), timeout=None)
    last = reports[-1]
    # Transactions of 128, 64, 64 and 64 keys; then those of 64 and 128 that are delayed.
    assert (last.applied, last.unknown, last.pending) == ((range(320),), (range(320, 512),), ())
    assert last.not_sent == (range(512, last.taken),)
    assert agent.client().kv.count("t/") == 320


def test_a_cancelled_task_of_asyncio() -> None:
    reports: list[BulkResult] = []

    async def main() -> None:
        client = ConsulAgent(clock="real").async_client(faults=FaultPlan([None, Delay(60)]), timeout=None)
        applied = asyncio.Event()

        def progress(result: BulkResult) -> None:
            reports.append(result)
            if result.done:
                applied.set()

        task = asyncio.create_task(client.kv.put_many(dict.fromkeys(keys(500), 1), progress=progress, connections=1))
        await applied.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert reports[-1].unknown == (range(128, 192),)


@pytest.mark.parametrize("kind", KINDS)
def test_what_certainly_had_no_effect_is_sent_again(kind: str) -> None:
    async def scenario(client: Any) -> None:
        assert (await client.kv.put_many(dict.fromkeys(keys(200), 1))).done == 200

    on_each(kind, ConsulAgent(), scenario, faults=FaultPlan([Leaderless(), None, Leaderless()]))


@pytest.mark.parametrize(("fault", "is_unknown"), [(Reset(), True), (Drop(), False)])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_sent_after_a_failure(kind: str, fault: Any, is_unknown: bool) -> None:
    agent = ConsulAgent()

    async def scenario(client: Any) -> None:
        with pytest.raises(BulkError) as caught:
            await client.kv.put_many(dict.fromkeys(keys(300), 1), connections=1)
        assert isinstance(caught.value.__cause__, RequestError)
        result = caught.value.result
        assert (result.unknown if is_unknown else result.failed) == (range(128, 192),)
        assert caught.value.maybe_applied is is_unknown

    on_each(kind, agent, scenario, faults=FaultPlan([None, fault]))
    assert agent.client().kv.count("t/") == (192 if is_unknown else 128)


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_that_fails(kind: str) -> None:
    async def scenario(client: Any) -> None:
        with pytest.raises(RequestError, match="refused"):
            await client.kv.get_many(keys(200))

    on_each(kind, ConsulAgent(), scenario, faults=FaultPlan([None, Drop()]))


@pytest.mark.parametrize("kind", KINDS)
def test_progress_that_raises_leaves_no_batch_out(kind: str) -> None:
    def progress(result: BulkResult) -> None:
        if result.done >= 128:
            raise LookupError

    async def scenario(client: Any) -> None:
        with pytest.raises(LookupError) as caught:
            await client.kv.put_many(dict.fromkeys(keys(2000), 1), progress=progress, connections=1)
        [note] = caught.value.__notes__
        held = await client.kv.count("t/")
        assert note.startswith(f"kv.put_many: positions applied: 0 to {held - 1}; not sent: {held} to ")

    on_each(kind, ConsulAgent(), scenario)


def test_wrong_arguments() -> None:
    client = ConsulAgent().client()
    with pytest.raises(ValueError, match=r"kv\.put_many\(\): connections must be 1 or more, not 0"):
        client.kv.put_many({}, connections=0)
    with pytest.raises(TypeError, match=r"kv\.get_many\(\): connections must be an int, not bool"):
        client.kv.get_many([], connections=True)
    with pytest.raises(TypeError, match="flags must be an int unless items is a dict"):
        client.kv.put_many([("a", 1)], flags={"a": 1})  # type: ignore[call-overload] # the point of the test
    with pytest.raises(ValueError, match="flags are given for keys that are not written: 'b'"):
        client.kv.put_many({"a": 1}, flags={"b": 1})
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'dc'"):
        client.kv.copy_tree("a/", "b/", dc="dc2")  # type: ignore[call-arg] # the point of the test
    with pytest.raises(TypeError, match=r"kv\.replace_tree\(\): prefix must be a str, not int"):
        client.kv.replace_tree(1, {})  # type: ignore[call-overload] # the point of the test
    with pytest.raises(ValueError, match="position 0: the key 'u' is not in the tree 't/'"):
        client.kv.replace_tree("t/", {"u": 1})


def test_a_group_without_a_client() -> None:
    def run(call: Any) -> Any:
        return call

    with pytest.raises(TypeError, match=r"put_many\(\) needs a client: client.kv.put_many"):
        KV._over(run).put_many({"a": 1})


def test_an_answer_that_is_no_answer() -> None:
    client = Consul(transport=MemoryTransport(lambda _request: Response(413, body=b"Request body too large")))
    with pytest.raises(BulkError) as caught:
        client.kv.put_many({"a": 1})
    assert isinstance(caught.value.__cause__, ClientError)
    assert (caught.value.status, caught.value.result.failed) == (413, (range(1),))
