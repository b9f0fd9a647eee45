"""The machine of bulk calls: which batches it sends, and what it says about the positions of the input."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from consul_proto.errors import ClientError, ConsulateException, DecodeError, Forbidden, RequestTimeout, TransactionFailed
from consul_proto.message import Response
from consul_proto.recipes.bulk import Batch, Bulk, Got, Progress
from consul_proto.recipes.bulk_batches import Changes, Delete, Put, put_of
from consul_proto.recipes.bulk_result import BulkError, BulkResult, bulk_error, joined
from consul_proto.recipes.bulk_trees import Comparison, check_apart, copy_of, in_order
from tests.proto.recipes.batches import changes_of
from tests.recipes.script import Script

LOST = RequestTimeout("no answer")

#: As Consul refuses a transaction.
TOO_MANY = ClientError("413", maybe_applied=False, status=413, body=b"Transaction contains too many operations (128 > 64)")


def batch(first: int, *keys: str) -> Batch:
    """A batch of puts, whose positions begin with this one."""
    return Batch("operation", keys, tuple(range(first, first + len(keys))), len(keys), first + len(keys))


def bulk(*batches: Batch, connections: int = 2, total: int | None = None, is_ordered: bool = True) -> Script:
    """A machine that has got these batches."""
    script = Script(Bulk(connections, total, is_ordered=is_ordered))
    script.begin()
    for each in batches:
        script._note(script.machine.give(each))
    return script


def told(script: Script) -> Progress:
    """How far it is, as the machine told last."""
    return [event for event in script.told if isinstance(event, Progress)][-1]


def result(script: Script) -> BulkResult:
    """What the machine told last, which is what it says when it is asked."""
    last = told(script).result
    assert last == script.machine.result
    return last


def rolled_back(*errors: tuple[int, str]) -> ConsulateException:
    """The error of a transaction, as the operation raises it."""
    body = json.dumps({"Results": None, "Errors": [{"OpIndex": index, "What": what} for index, what in errors]}).encode()
    changes = Changes("kv.put_many", {})
    changes.add(put_of(0, ("k", "v")))
    [one] = changes.rest()
    with pytest.raises(ConsulateException) as caught:
        one.operation.decode(Response(409, body=body))
    return caught.value


class TestMachine:
    def test_all_is_applied(self) -> None:
        script = bulk(batch(0, "a", "b"), batch(2, "c"), batch(3, "d"), total=4)
        assert script.sent == ["batch 0", "batch 1"]
        assert result(script) == BulkResult(total=4, taken=4, pending=(range(4),))
        script.answer("batch 1")
        assert script.sent == ["batch 0", "batch 1", "batch 2"]
        assert result(script).applied == (range(2, 3),)
        script._note(script.machine.finish(4))
        assert not script.machine.is_over
        script.answer("batch 0")
        script.answer("batch 2")
        assert script.machine.is_over
        assert result(script) == BulkResult(total=4, taken=4, written=4)
        assert (result(script).applied, result(script).done) == ((range(4),), 4)
        assert (script.machine.next_deadline(), script.machine.advance(1.0)) == (None, ())

    def test_an_input_without_items(self) -> None:
        script = bulk()
        script._note(script.machine.finish(0))
        assert script.machine.is_over
        assert result(script) == BulkResult(total=0)
        assert result(script).applied == ()

    def test_the_total_is_known_at_the_end(self) -> None:
        script = bulk(batch(0, "a"))
        assert result(script).total is None
        script._note(script.machine.finish(1))
        assert result(script).total == 1

    def test_a_key_in_flight_holds_back_later_values_of_it(self) -> None:
        script = bulk(batch(0, "a", "b"), batch(2, "b", "c"), batch(4, "d"), connections=3)
        assert script.sent == ["batch 0"]
        script.answer("batch 0")
        assert script.sent == ["batch 0", "batch 1", "batch 2"]

    def test_reads_of_one_key_may_overlap(self) -> None:
        script = bulk(batch(0, "a"), batch(1, "a"), is_ordered=False)
        assert script.sent == ["batch 0", "batch 1"]
        script.answer("batch 1", {"a": 1})
        assert script.told[-2] == Got(1, {"a": 1})

    def test_a_batch_that_is_rolled_back_stops_the_call(self) -> None:
        script = bulk(*(batch(2 * number, f"a{number}", f"b{number}") for number in range(4)))
        script.fail("batch 0", rolled_back((1, "not allowed")))
        assert script.sent == ["batch 0", "batch 1"]
        found = result(script)
        assert (found.failed, found.unknown, found.pending, found.not_sent) == ((range(2),), (), (range(2, 4),), (range(4, 8),))
        assert not script.machine.is_over
        script.answer("batch 1")
        assert script.machine.is_over
        found = result(script)
        assert (found.applied, found.failed, found.pending, found.not_sent) == ((range(2, 4),), (range(2),), (), (range(4, 8),))
        [failure] = found.failures
        assert [(each.position, each.key, each.reason) for each in failure.refusals] == [(1, "b0", "not allowed")]
        assert str(failure) == "the batch of positions 0 to 1 failed, nothing of it was applied: position 1, key 'b0': not allowed"
        assert str(found) == "positions applied: 2 to 3; failed: 0 to 1; not sent: 4 to 7"

    def test_a_lost_answer_is_unknown(self) -> None:
        script = bulk(batch(0, "a", "b"), batch(2, "c"))
        script.answer("batch 1")
        script.fail("batch 0", LOST)
        found = result(script)
        assert (found.applied, found.failed, found.unknown) == ((range(2, 3),), (), (range(2),))
        assert str(found.failures[0]) == "the batch of positions 0 to 1 failed, the outcome is unknown: key 'a' and 1 more: no answer"

    def test_stop_gives_up_what_is_in_flight(self) -> None:
        script = bulk(batch(0, "a"), batch(1, "b"), batch(2, "c"))
        script.answer("batch 0")
        script.stop()
        assert script.flying == {}
        assert script.machine.is_over
        found = result(script)
        assert (found.applied, found.unknown, found.not_sent) == ((range(1),), (range(1, 3),), ())

    def test_what_nobody_will_send(self) -> None:
        script = bulk(batch(0, "a"))
        script.fail("batch 0", LOST)
        script.machine.refuse([batch(1, "b", "c")])
        assert script.machine.result.not_sent == (range(1, 3),)
        script._note(script.machine.finish(None))
        assert script.machine.result.taken == 3

    def test_a_batch_with_too_many_operations_is_sent_as_two(self) -> None:
        script = bulk(*changes_of(*((f"k{number % 100}", number) for number in range(300))), connections=2)
        assert script.sent == ["batch 0"]  # the next has keys of it
        assert told(script).accepts_more is None
        script.fail("batch 0", TOO_MANY)
        assert script.sent == ["batch 0", "batch 0, first half"]  # and its second half too
        assert told(script).accepts_more is False
        assert told(script).open == 5
        assert result(script) == BulkResult(taken=300, pending=(range(300),))
        script.answer("batch 0, first half")
        assert result(script).applied == (range(64),)
        assert script.sent[2:] == ["batch 0, second half"]
        script.answer("batch 0, second half")
        assert script.sent[3:] == ["batch 1"]
        assert result(script).written == 128

    def test_both_halves_are_in_flight(self) -> None:
        script = bulk(*changes_of(*((f"k{number}", number) for number in range(130))), connections=2)
        assert script.sent == ["batch 0", "batch 1"]
        script.fail("batch 0", TOO_MANY)
        assert script.sent[2:] == ["batch 0, first half"]
        script.answer("batch 1")
        assert script.sent[3:] == ["batch 0, second half"]
        script.fail("batch 0, second half", LOST)
        script.answer("batch 0, first half")
        assert script.machine.is_over
        assert (result(script).applied, result(script).unknown) == ((range(64), range(128, 130)), (range(64, 128),))

    def test_a_batch_with_too_many_operations_is_not_sent_again_after_a_failure(self) -> None:
        script = bulk(*changes_of(*((f"k{number}", number) for number in range(130))), connections=2)
        script.fail("batch 1", LOST)
        script.fail("batch 0", TOO_MANY)
        assert script.machine.is_over
        assert (result(script).unknown, result(script).not_sent) == ((range(128, 130),), (range(128),))

    def test_a_batch_that_every_version_accepts_fails(self) -> None:
        script = bulk(*changes_of(*((f"k{number}", number) for number in range(64))))
        script.fail("batch 0", TOO_MANY)
        assert result(script).failed == (range(64),)

    def test_this_consul_accepts_more(self) -> None:
        script = bulk(*changes_of(*((f"k{number}", number) for number in range(200))))
        script.answer("batch 1")
        assert told(script).accepts_more is None
        script.answer("batch 0")
        assert told(script).accepts_more is True

    @pytest.mark.parametrize(
        "error",
        [
            ClientError("too large", maybe_applied=False, status=413, body=b"Request body(600000 bytes) too large"),
            ClientError("no", maybe_applied=False, status=400, body=b"too many operations"),
        ],
    )
    def test_a_batch_that_is_refused_for_another_reason_fails(self, error: ConsulateException) -> None:
        script = bulk(*changes_of(*((f"k{number}", number) for number in range(128))))
        script.fail("batch 0", error)
        assert result(script).failed == (range(128),)

    def test_positions_without_a_change_are_applied_and_unchanged(self) -> None:
        script = bulk(Batch("operation", ("a", "x", "c"), (1, None, 3), 2, 5))
        script._note(script.machine.finish(6))
        assert result(script).pending == (range(1, 2), range(3, 4))
        script.answer("batch 0")
        assert result(script) == BulkResult(total=6, taken=6, written=2, deleted=1, unchanged=4)

    def test_a_batch_of_deletions_has_no_positions(self) -> None:
        script = bulk(Batch("operation", ("x",), (None,), 0, 0))
        script.fail("batch 0", rolled_back((0, "not allowed")))
        assert str(script.machine.result.failures[0]) == "a batch of deletions failed, nothing of it was applied: key 'x': not allowed"

    @pytest.mark.parametrize(
        ("error", "refusals"),
        [
            (rolled_back((0, "Permission denied")), [(0, "Permission denied")]),
            (rolled_back((5, "an operation that there is not")), []),
            (DecodeError("broken", status=409), []),
            (ClientError("too large", maybe_applied=False, status=413), []),
        ],
    )
    def test_refusals(self, error: ConsulateException, refusals: list[tuple[int, str]]) -> None:
        script = bulk(batch(0, "a"))
        script.fail("batch 0", error)
        [failure] = script.machine.result.failures
        assert [(each.position, each.reason) for each in failure.refusals] == refusals
        assert failure.error is error

    def test_the_error(self) -> None:
        script = bulk(batch(0, "a"), batch(1, "b"))
        refused = rolled_back((0, "Permission denied"))
        script.fail("batch 0", LOST)
        script.fail("batch 1", refused)
        error = bulk_error("kv.put_many", script.machine.result)
        assert isinstance(refused, Forbidden)
        assert (error.__cause__, error.status, error.body, error.maybe_applied) == (refused, 409, refused.body, True)
        assert str(error) == (
            "kv.put_many has stopped: the batch of positions 1 failed, nothing of it was applied: position 1, key 'b': Permission denied;"
            " positions applied: none; failed: 1; unknown: 0"
        )
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is BulkError
        assert again.result.failed == (range(1, 2),)
        assert bulk_error("x", bulk_of(LOST)).status is None


def bulk_of(error: ConsulateException) -> BulkResult:
    script = bulk(batch(0, "a"))
    script.fail("batch 0", error)
    return result(script)


def test_ranges_that_touch_are_one() -> None:
    assert joined([range(4, 5), range(2), range(2, 3)]) == (range(3), range(4, 5))


def record(key: str, value: bytes = b"", flags: int = 0) -> Any:
    return {"Key": key, "Value": value, "Flags": flags}


class TestTrees:
    def test_steps(self) -> None:
        compared = Comparison("t/", flags=7)
        pair = compared.checked_pair(("t/b", "v"))
        assert pair == Put(0, "t/b", b"v", 7)
        steps = {
            None: (pair, False, True),
            ("t/a", b"v", 7): (Delete(None, "t/a"), True, False),
            ("t/b", b"v", 7): (0, True, True),
            ("t/b", b"w", 7): (pair, True, True),
            ("t/b", b"v", 0): (pair, True, True),
            ("t/c", b"v", 7): (pair, False, True),
        }
        for found, step in steps.items():
            assert compared.step(record(*found) if found else None, pair) == step
        assert compared.step(record("t/z"), None) == (Delete(None, "t/z"), True, False)
        assert compared.step(None, None) is None
        assert compared.checked_pair(None) is None

    @pytest.mark.parametrize(
        ("key", "says"),
        [
            ("u/a", "position 1: the key 'u/a' is not in the tree 't/'"),
            ("t/b", "position 1: the key 't/b' is there twice"),
            ("t/a", "position 1: the key 't/a' comes after 't/b'"),
        ],
    )
    def test_pairs_that_do_not_fit(self, key: str, says: str) -> None:
        compared = Comparison("t/")
        compared.checked_pair(("t/b", 1))
        with pytest.raises(ValueError, match=says):
            compared.checked_pair((key, 1))

    def test_a_tree_that_is_not_in_order(self) -> None:
        compared = Comparison("t/")
        assert compared.checked_record(None) is None
        assert compared.checked_record(record("t/b")) == record("t/b")
        with pytest.raises(DecodeError, match="got 't/a' after 't/b'"):
            compared.checked_record(record("t/a"))

    def test_the_order_of_pairs(self) -> None:
        assert in_order({"b": 1, "a": 2}) == [("a", 2), ("b", 1)]
        assert in_order([("b", 1, 3), ("a", 2)]) == [("a", 2), ("b", 1, 3)]
        later = iter([("b", 1)])
        assert in_order(later) is later
        with pytest.raises(TypeError, match="got an object of int"):
            in_order([1])  # type: ignore[list-item] # the point of the test

    def test_copies(self) -> None:
        assert copy_of("a/", "b/", 5, record("a/x", b"\xff", 3)) == Put(5, "b/x", b"\xff", 3)
        check_apart("a/", "b/")
        for source, target in (("a/", "a/b"), ("a/b", "a/"), ("a", "a"), ("", "b")):
            with pytest.raises(ValueError, match="overlap"):
                check_apart(source, target)


def test_an_error_of_a_transaction_has_its_errors() -> None:
    error = rolled_back((0, "stale"))
    assert isinstance(error, TransactionFailed)
    assert not error.maybe_applied
