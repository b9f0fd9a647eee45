"""Bulk calls of clients that use sockets themselves: one thread waits for the answers to all batches."""

from __future__ import annotations

import json
import os
import random
import threading
from base64 import b64decode
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from consul_proto.recipes.bulk_result import BulkResult
from consulate import Consul, Limits, adapters
from consulate.exceptions import BulkError, Forbidden, RequestError, RequestTimeout
from tests.concurrency.leftovers import check_no_leaks, exhaust_descriptors
from tests.faces import wait_until
from tests.fakes.faults import TEMPORARY_REFUSALS
from tests.fakes.raw_server import (
    Close,
    Drip,
    Hang,
    Pause,
    RawServer,
    ReadRequest,
    Repeat,
    Reset,
    Script,
    Send,
    SetEvent,
    Step,
    WaitFor,
    answer,
)
from tests.recipes.bulk_scenarios import DONE, keys
from tests.recipes.served import serve_simulator

_OK = Send(answer(200, DONE.body, [("Content-Type", "application/json")]))

_LEADER = Send(answer(200, b'"127.0.0.1:8300"', [("Content-Type", "application/json")]))

_ONE: list[Step] = [ReadRequest(), _OK]

_GOOD: Step = Repeat((ReadRequest(), _OK))

#: After so many keys, all sizes of batches are 64.
_LEARNED = 128


def _client(url: str, **options: Any) -> Consul:
    return Consul(url, adapter=adapters.SocketRequest, **options)


def _positions(ranges: tuple[range, ...]) -> set[int]:
    return {position for each in ranges for position in each}


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("consul-recipes")}


def test_values_of_all_sizes_over_few_connections() -> None:
    pairs = {key: random.Random(key).randbytes(size) for key, size in zip(keys(300), [1, 100, 30_000, 300_000, 3] * 60, strict=True)}
    with check_no_leaks(), serve_simulator() as (url, _simulator), _client(url, limits=Limits(connections=2), timeout=30) as client:
        for _ in range(2):
            result = client.kv.put_many(pairs, connections=8)
            assert (result.applied, result.total) == ((range(300),), 300)
        assert client.kv.items("t/", raw=True) == pairs
        assert client.kv.get_many(list(pairs), raw=True) == pairs
        assert client.kv.delete_many(pairs).deleted == 300
        assert client.kv.count("t/") == 0


def test_one_thread_connects_sends_and_waits_for_all_answers() -> None:
    all_came, seen = threading.Event(), set[str]()
    script: Script = [ReadRequest(), WaitFor(all_came), _OK, _GOOD]

    with RawServer(*[script] * 4) as server, _client(server.url) as client:

        def items() -> Iterator[tuple[str, bytes]]:
            for key in keys(_LEARNED + 3 * 64 + 1):
                yield key, b"1"
            wait_until(lambda: server.connections == 4)
            all_came.set()

        for pairs in (items(), dict.fromkeys(keys(640), 2)):
            client.kv.put_many(pairs, connections=4, progress=lambda _result: seen.update(_threads()))
        assert seen == {"consul-recipes"}
        assert _threads() == set()
        assert server.connections == 4


@pytest.mark.parametrize("refusal", TEMPORARY_REFUSALS)
def test_a_batch_that_is_refused_for_now_is_retried(refusal: str) -> None:
    refused: list[Step] = [ReadRequest(), Send(TEMPORARY_REFUSALS[refusal])]
    script: Script = [*_ONE * 3, *refused, *refused, _GOOD]
    with RawServer(script) as server, _client(server.url, timeout=30) as client:
        result = client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1)
        assert result.applied == (range(640),)
        bodies = [request.body for request in server.requests]
        assert bodies[3] == bodies[4] == bodies[5]
        assert len(bodies) == 2 + len(set(bodies))


def test_the_time_limit_of_a_batch() -> None:
    with RawServer([ReadRequest(), _OK, ReadRequest(), _OK, ReadRequest(), Hang()]) as server, _client(server.url, timeout=0.3) as client:
        begun = monotonic()
        with pytest.raises(BulkError) as caught:
            client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1)
        assert 0.3 <= monotonic() - begun < 5
        assert isinstance(caught.value.__cause__, RequestTimeout)
        result = caught.value.result
        assert result.applied == (range(_LEARNED + 64),)
        assert result.unknown == (range(_LEARNED + 64, _LEARNED + 128),)


def test_one_refusal_ends_the_call() -> None:
    refusal = Send(answer(403, b"Permission denied"))
    with RawServer([*_ONE * 2, ReadRequest(), refusal, _GOOD]) as server, _client(server.url) as client:
        with pytest.raises(BulkError) as caught:
            client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1)
        assert isinstance(caught.value.__cause__, Forbidden)
        assert caught.value.result.applied == (range(_LEARNED + 64),)
        assert caught.value.result.unknown == ()
        assert len(server.requests) == 3


@pytest.mark.parametrize("raises", [KeyboardInterrupt, LookupError])
def test_an_input_that_raises_while_a_batch_is_in_flight(raises: type[BaseException]) -> None:
    """Ctrl-C gives up the batch; another exception waits for it. Either way, the place of the batch is free afterwards."""
    arrived = threading.Event()
    last: list[Step] = [Hang()] if raises is KeyboardInterrupt else [Pause(0.1), _OK]
    script: Script = [*_ONE * 2, ReadRequest(), SetEvent(arrived), *last, _GOOD]

    def items() -> Iterator[tuple[str, bytes]]:
        for key in keys(_LEARNED + 64 + 65):  # the batch is complete when another key comes
            yield key, b"1"
        assert arrived.wait(10)
        raise raises

    with check_no_leaks(), RawServer(script, [_GOOD]) as server, _client(server.url, limits=Limits(connections=1), timeout=None) as client:
        with pytest.raises(raises) as caught:
            client.kv.put_many(items(), connections=1)
        [note] = caught.value.__notes__
        assert "positions applied: 0 to 191" in note if raises is KeyboardInterrupt else "positions applied: 0 to 255" in note
        assert ("unknown: 192 to 255" in note) is (raises is KeyboardInterrupt)
        assert client.kv.put_many({"k": 1}).written == 1


def test_closing_the_client_ends_the_batches_in_flight() -> None:
    arrived = threading.Event()
    script: Script = [*_ONE * 2, ReadRequest(), SetEvent(arrived), Hang()]
    with RawServer(script) as server, _client(server.url, timeout=60) as client:

        def close() -> None:
            arrived.wait(10)
            client.close()

        closer = threading.Thread(target=close)
        closer.start()
        with pytest.raises(BulkError) as caught:
            client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1)
        closer.join()
        assert isinstance(caught.value.__cause__, RequestError)
        assert caught.value.result.applied == (range(_LEARNED + 64),)
        assert caught.value.result.unknown == (range(_LEARNED + 64, _LEARNED + 128),)


def test_in_a_forked_process_nothing_is_sent() -> None:
    said: list[int] = []
    with RawServer([_GOOD]) as server, _client(server.url) as client:
        client.kv.put_many(dict.fromkeys(keys(200), 1), connections=1)
        before = len(server.requests)

        def progress(result: BulkResult) -> None:
            if result.done >= 256 and not said:
                said.append(os.fork())
                if not said[0]:
                    os._exit(7)

        result = client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1, progress=progress)
        assert os.waitstatus_to_exitcode(os.waitpid(said[0], 0)[1]) == 7
        assert result.applied == (range(640),)
        assert sum(len(_keys_of(request.body)) for request in server.requests[before:]) == 640


def test_without_a_descriptor_for_its_pipe_the_call_goes_on() -> None:
    with RawServer([_GOOD]) as server, _client(server.url) as client:
        client.kv.put_many(dict.fromkeys(keys(200), 1), connections=1)
        with exhaust_descriptors():
            assert client.kv.put_many(dict.fromkeys(keys(640), 1), connections=1).applied == (range(640),)
        assert server.connections == 1


def _random_script(draw: random.Random) -> list[Step]:
    """Return the script of a connection: good answers, and refusals that are retried; often a fault at the end."""
    steps: list[Step] = []
    for _ in range(draw.randrange(6)):
        good: Step = Drip(_OK.data, 0.0) if draw.random() < 0.2 else _OK
        refusal = Send(draw.choice(list(TEMPORARY_REFUSALS.values())))
        steps += [ReadRequest(), good if draw.random() < 0.9 else refusal]
    last: list[list[Step]] = [[Close()], [Reset()], [ReadRequest(), Close()], [ReadRequest(), Reset()], [_GOOD], [_GOOD]]
    last += [[ReadRequest(), Send(_OK.data[:30]), Close()], [ReadRequest(), Send(answer(403, b"Permission denied")), _GOOD]]
    return [*steps, *draw.choice(last)]


def _keys_of(body: bytes) -> set[int]:
    return {int(operation["KV"]["Key"].removeprefix("t/")) for operation in json.loads(body)}


@pytest.mark.parametrize("seed", range(40))
def test_the_result_is_what_the_server_saw(seed: int) -> None:
    """Under random faults, of any number of connections: a position that was applied was answered, one that was not sent never came."""
    draw = random.Random(seed)
    scripts = [*(_random_script(draw) for _ in range(30)), *[[_GOOD]] * 30]
    connections, count = draw.randint(1, 8), draw.randrange(1, 2500)
    with check_no_leaks(), RawServer(*scripts) as server, _client(server.url, timeout=20) as client:
        for _ in range(2):  # the second time, connections may be idle
            begun = len(server.requests)
            try:
                result = client.kv.put_many(dict.fromkeys(keys(count), 1), connections=connections)
            except BulkError as error:
                result = error.result
                assert isinstance(error.__cause__, RequestError | Forbidden)
            else:
                assert result.applied == (range(count),)
            came = set().union(*(_keys_of(request.body) for request in server.requests[begun:]))
            applied, unknown, not_sent, failed = map(_positions, (result.applied, result.unknown, result.not_sent, result.failed))
            assert applied | unknown | not_sent | failed == set(range(result.taken))
            assert applied <= came
            assert not not_sent & came
        assert b64decode(json.loads(server.requests[0].body)[0]["KV"]["Value"]) == b"1"
