"""Ctrl-C at each moment of a bulk call: what it then says was applied is what Consul holds."""

from __future__ import annotations

import dis
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from types import CodeType, FrameType
from typing import Any

import pytest

from consul_proto.recipes.bulk_result import BulkError, BulkResult
from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Drop

#: After these instructions, and when a function begins, Python looks for signals.
_LOOKS = {"CALL", "CALL_KW", "CALL_FUNCTION_EX", "PRECALL", "JUMP_BACKWARD"}

#: The functions between which a batch goes from the item that completes it to the machine.
_FUNCTIONS = {"_take", "_transaction", "_batch", "batches", "add", "rest", "claim", "next_step", "_give", "_feed"}


def _collector(frame: FrameType) -> Any:
    values = frame.f_locals
    job = values.get("job", values.get("self"))
    return getattr(job, "collector", job)


@cache
def _lines_that_yield(code: CodeType) -> set[int | None]:
    yields = [each.offset for each in dis.get_instructions(code) if each.opname == "YIELD_VALUE"]
    return {line for begin, end, line in code.co_lines() if any(begin <= offset < end for offset in yields)}


class _Interruption:
    """Raises KeyboardInterrupt at the moment of this number, counted while a batch is made or is not yet the machine's."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._names: dict[CodeType, dict[int, str]] = {}
        self._before: dict[FrameType, str] = {}

    def trace(self, frame: FrameType, event: str, arg: object) -> Any:
        code = frame.f_code
        if event == "call":
            if code.co_name not in _FUNCTIONS or not code.co_filename.endswith(("recipes/bulk.py", "bulk_batches.py")):
                return None
            # A loop over all items: instruction by instruction only where a batch can be complete.
            frame.f_trace_lines = code.co_name == "batches"
            frame.f_trace_opcodes = not frame.f_trace_lines
            self._pass(frame)
        elif event == "line":
            frame.f_trace_opcodes = frame.f_lineno in _lines_that_yield(code)
        elif event == "opcode":
            if code not in self._names:
                self._names[code] = {each.offset: each.opname for each in dis.get_instructions(code)}
            if self._before.get(frame) in _LOOKS:
                self._pass(frame)
            self._before[frame] = self._names[code].get(frame.f_lasti, "")
        return self.trace

    def _pass(self, frame: FrameType) -> None:
        if frame.f_code.co_name in ("batches", "add", "_feed") and not _collector(frame).unclaimed:
            return
        self._left -= 1
        if self._left < 0:
            sys.settrace(None)
            raise KeyboardInterrupt


def _items() -> Iterator[tuple[str, bytes]]:
    for position in range(134):
        yield f"t/{position:03}", b"1"
    yield "t/134", b"b" * 450_000  # alone, since it fits no transaction
    for position in range(135, 139):
        yield f"t/{position:03}", b"1"


def _interrupted(number: int, call: Callable[[Any, Any], object], agent: ConsulAgent) -> BulkResult | None:
    """Return what a call says that it did, which is interrupted at a moment; None if it ends before."""
    reports: list[BulkResult] = []
    before = sys.gettrace()
    sys.settrace(_Interruption(number).trace)
    try:
        call(agent.client(), reports.append)
    except KeyboardInterrupt:
        return reports[-1] if reports else BulkResult()
    finally:
        sys.settrace(before)
    return None


def _positions(ranges: tuple[range, ...]) -> set[int]:
    return {position for each in ranges for position in each}


def _check(result: BulkResult, agent: ConsulAgent) -> None:
    """Compare what a call says that it did with what Consul holds."""
    held = {int(key.removeprefix("t/")) for key in agent.client().kv.keys("t/")}
    applied = _positions(result.applied)
    assert applied <= held <= applied | _positions(result.unknown), str(result)
    assert not _positions(result.not_sent) & held, str(result)


@pytest.mark.parametrize("connections", [1, 4])
def test_what_was_applied(connections: int) -> None:
    number = 0
    while True:
        agent = ConsulAgent()
        result = _interrupted(number, lambda client, report: client.kv.put_many(_items(), connections=connections, progress=report), agent)
        if result is None:
            break
        _check(result, agent)
        number += 1
    assert number >= 50


def test_an_input_that_pauses_keeps_no_complete_batch_back() -> None:
    agent = ConsulAgent(clock="real")
    written = threading.Event()

    def items() -> Iterator[tuple[str, bytes]]:
        for position in range(64 * 11 + 1):
            yield f"t/{position:05}", b"1"
        with agent.client() as other:
            while other.kv.count("t/") < 64 * 11:  # or the test ends by its time limit
                written.wait(0.01)
        yield "t/last", b"1"

    assert agent.client().kv.put_many(items()).written == 64 * 11 + 2


def test_an_input_that_pauses_is_not_read_on_after_a_failure() -> None:
    pause = threading.Event()

    def items() -> Iterator[tuple[str, bytes]]:
        for position in count():
            if position > 192:
                pause.wait(0.25)  # the next transaction is complete in 15 seconds
            yield f"t/{position}", b"1"

    with pytest.raises(BulkError) as caught:
        ConsulAgent(clock="real").client(faults=FaultPlan([None, Drop()])).kv.put_many(items(), connections=1)
    assert caught.value.result.failed == (range(128, 192),)
    assert caught.value.result.taken < 256


@pytest.mark.parametrize("raises", [LookupError, KeyboardInterrupt])
def test_progress_that_raises_before_two_batches_are_sent(raises: type[BaseException]) -> None:
    agent = ConsulAgent()
    reports: list[BulkResult] = []

    def progress(result: BulkResult) -> None:
        reports.append(result)
        if result.done >= 128 and len(reports) == 1:
            raise raises

    with pytest.raises(raises) as caught:
        agent.client().kv.put_many(_items(), connections=1, progress=progress)
    [note] = caught.value.__notes__
    # The batch of 128 to 133 may have been given to the machine by then.
    assert re.fullmatch(r"kv\.put_many: positions applied: 0 to (127|133); (unknown: 128 to 133; )?not sent: (128 to )?134", note)
