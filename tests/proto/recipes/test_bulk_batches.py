"""The batches of bulk calls: which items a transaction has, and what is sent for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consul_proto.message import Response
from consul_proto.recipes.bulk import Batch
from consul_proto.recipes.bulk_batches import Changes, Delete, Put, Puts, Reads, delete_of, put_of
from tests.proto.recipes.batches import changes_of


def sent(one: Batch) -> list[dict[str, Any]]:
    return [each["KV"] for each in json.loads(one.operation.request.body)]


class TestChanges:
    def test_the_first_transaction_has_128_operations_and_the_others_64(self) -> None:
        batches = changes_of(*((f"k{number}", number) for number in range(194)))
        assert [len(one.keys) for one in batches] == [128, 64, 2]
        assert [one.ranges for one in batches] == [(range(128),), (range(128, 192),), (range(192, 194),)]
        assert [one.taken for one in batches] == [128, 192, 194]
        assert [one.halves is None for one in batches] == [False, True, True]
        assert batches[0].operation.request.target == "/v1/txn"
        assert sent(batches[0])[1] == {"Verb": "set", "Key": "k1", "Value": "MQ==", "Flags": 0}

    @pytest.mark.parametrize(("accepts_more", "sizes"), [(True, [128, 128, 44]), (False, [64] * 4 + [44]), (None, [128, 64, 64, 44])])
    def test_what_is_learned(self, accepts_more: bool | None, sizes: list[int]) -> None:
        changes = Changes("kv.put_many", {})
        changes.learn(accepts_more)
        complete = [one for position in range(300) for one in changes.add(put_of(position, (f"k{position}", 1)))]
        assert [len(one.keys) for one in complete + changes.rest()] == sizes

    def test_halves(self) -> None:
        changes = Changes("kv.replace_tree", {"datacenter": "dc2"})
        changes.add(Delete(None, "x"))
        for position in range(70):
            changes.add(put_of(position, (f"k{position}", position)))
        [whole] = changes.rest()
        assert whole.halves is not None
        first, second = whole.halves()
        assert [one.operation.request.target for one in (first, second)] == ["/v1/txn?dc=dc2"] * 2
        assert sent(first) + sent(second) == sent(whole)
        assert (first.positions + second.positions, first.keys + second.keys) == (whole.positions, whole.keys)
        assert [(len(one.keys), one.writes, one.ranges, one.halves) for one in (first, second)] == [
            (35, 34, (range(34),), None),
            (36, 36, (range(34, 70),), None),
        ]

    def test_a_transaction_has_512_kib(self) -> None:
        batches = changes_of(*((f"k{number}", b"x" * 180_000) for number in range(6)))
        assert [len(one.keys) for one in batches] == [2, 2, 2]
        assert all(len(one.operation.request.body) <= 512 * 1024 for one in batches)

    def test_a_value_that_fits_no_transaction_is_alone(self) -> None:
        large = b"x" * 400_000
        batches = changes_of(("a", 1), ("k/l", large, 7), ("b", 2), datacenter="dc2")
        assert [one.operation.request.target for one in batches] == ["/v1/txn?dc=dc2", "/v1/kv/k/l?flags=7&dc=dc2", "/v1/txn?dc=dc2"]
        assert [one.ranges for one in batches] == [(range(1),), (range(1, 2),), (range(2, 3),)]
        assert batches[1].operation.request.body == large
        assert batches[1].operation.decode(Response(200, body=b"true")) is None
        assert batches[0].operation.decode(Response(200, body=b'{"Results": [], "Errors": null}')) is None

    def test_a_large_value_where_only_a_transaction_reaches(self) -> None:
        with pytest.raises(ValueError, match=r"position 1, key 'a//b': a value of 400000 bytes is too large for a transaction"):
            changes_of(("a", 1), ("a//b", b"x" * 400_000))
        with pytest.raises(ValueError, match="the key is too large for a transaction"):
            Changes("kv.delete_many", {}).add(Delete(0, "k" * 600_000))

    def test_members_of_each_operation(self) -> None:
        changes = Changes("kv.put_many", {"namespace": 'n"', "partition": "p", "datacenter": None})
        changes.add(Put(0, "\u00e4", b"v", 2**64 - 1))
        changes.add(Delete(None, 'q"'))
        [one] = changes.rest()
        scope = {"Namespace": 'n"', "Partition": "p"}
        assert sent(one) == [
            {"Verb": "set", "Key": "\u00e4", "Value": "dg==", "Flags": 2**64 - 1, **scope},
            {"Verb": "delete", "Key": 'q"', **scope},
        ]
        assert (one.positions, one.ranges, one.writes, one.taken) == ((0, None), (range(1),), 1, 1)

    def test_positions_that_need_no_change(self) -> None:
        changes = Changes("kv.replace_tree", {})
        assert changes.add(0) == []
        changes.add(Put(1, "k", b"", 0))
        changes.add(2)
        assert changes.taken == 3
        assert changes.rest()[0].ranges == (range(1, 2),)
        assert changes.rest() == []

    @pytest.mark.parametrize(
        ("item", "kind", "says"),
        [
            ("kv", TypeError, "position 3: expected (key, value) or (key, value, flags), got an object of str"),
            (("k",), TypeError, "position 3: expected (key, value) or (key, value, flags), got an object of tuple"),
            ((1, 2), TypeError, "position 3: a key must be a str, not int"),
            (("", b"v"), ValueError, "position 3, key '': a key must not be empty"),
            (("k", {1}), TypeError, "position 3, key 'k': the value must be str, bytes, None or what JSON can express"),
            (("k", 1, -1), ValueError, "position 3, key 'k': flags must be between 0"),
            (("k", 1, "x"), TypeError, "position 3, key 'k': flags must be an int, not str"),
        ],
    )
    def test_an_item_that_cannot_be_written(self, item: Any, kind: type[Exception], says: str) -> None:
        with pytest.raises(kind) as caught:
            put_of(3, item)
        assert str(caught.value).startswith(says)

    def test_a_key_that_cannot_be_deleted(self) -> None:
        assert delete_of(0, "k") == Delete(0, "k")
        with pytest.raises(ValueError, match="position 3, key '': a key must not be empty"):
            delete_of(3, "")

    def test_pairs(self) -> None:
        assert put_of(0, ["k", 1], flags=3) == Put(0, "k", b"1", 3)
        assert put_of(0, ("k", b"1")) == Put(0, "k", b"1", 0)


#: Items that `Puts` writes without a call, others, and some that cannot be written.
_KEYS = st.text(min_size=1, max_size=3) | st.sampled_from(["k", "a//b", "/a", "", " ", "\ud800", 'q"', "\x7f"])
_BODIES = st.binary(max_size=9) | st.sampled_from([b"x" * 170_000, b"x" * 400_000, "text", "\ud800", {"a": 1}, bytearray(b"x"), None, {1}])
_FLAGS = st.integers(-1, 2**64) | st.sampled_from([2**63 - 1, 2**63, True, "1", 1.0])
_PLAIN = st.tuples(st.sampled_from(["k", "app/name"]), st.binary(max_size=9)) | st.tuples(st.just("k"), st.just(b"v"), st.integers(0, 9))
_ANY = st.tuples(_KEYS, _BODIES) | st.tuples(_KEYS, _BODIES, _FLAGS) | st.lists(_KEYS, max_size=4) | st.sampled_from([(), "kv", None, 1])


def _collected(batches: Iterable[list[Batch]], collector: Changes) -> tuple[list[Any], int, str]:
    """Return what the batches do, how many items were taken, and the error."""
    found: list[Batch] = []
    says = ""
    try:
        for complete in batches:
            found += complete
    except (TypeError, ValueError) as error:
        says = f"{type(error).__name__}: {error}"
    found += collector.rest()
    halves = [half for one in found if one.halves is not None for half in one.halves()]
    return [(one, one.operation.request) for one in found + halves], collector.taken, says


class TestPuts:
    @example([(f"k{number}", b"x" * 180_000) for number in range(6)], 0, None, {})
    @example([("a", b"1"), ("k", b"x" * 400_000, 7), ("b", b"2")], 0, None, {})
    @example([("k", b"v", -1)], 0, None, {})
    @example([("k", b"v", 2**64 - 1), ("k", b"v", 2**64)], 0, None, {})
    @given(
        st.lists(_PLAIN | _PLAIN | _PLAIN | _ANY, max_size=300),
        st.sampled_from([0, 7]),
        st.sampled_from([None, True, False]),
        st.sampled_from([{}, {"namespace": "n", "partition": "p", "datacenter": "dc2"}]),
    )
    def test_the_batches_are_those_of_add(self, items: list[Any], flags: int, accepts_more: bool | None, options: dict[str, str]) -> None:
        puts, changes = Puts("kv.put_many", options, flags), Changes("kv.put_many", options, partial(put_of, flags=flags))
        for each in (puts, changes):
            each.learn(accepts_more)
        assert _collected(puts.batches(items), puts) == _collected(map(changes.add, items), changes)

    def test_it_yields_where_a_batch_is_complete(self) -> None:
        puts = Puts("kv.put_many", {})
        items = ((f"k{number}", b"v") for number in range(200))
        assert [[len(one.keys) for one in complete] for complete in puts.batches(items)] == [[128], [64]]

    def test_it_yields_after_each_item_once_it_is_stopped(self) -> None:
        puts = Puts("kv.put_many", {})
        items = ((f"k{number}", b"v") for number in range(200))
        batches = puts.batches(items)
        next(batches)
        puts.is_stopped = True
        assert (next(batches), puts.taken, next(batches), puts.taken) == ([], 130, [], 131)


def test_reads() -> None:
    reads = Reads(lambda keys: keys)
    reads.learn(True)
    batches = [one for complete in reads.batches(f"k{number}" for number in range(65)) for one in complete]
    assert [one.ranges for one in batches] == [(range(64),)]
    [last] = reads.rest()
    assert (last.operation, last.positions, last.writes, reads.taken) == (["k64"], (64,), 0, 65)
    assert reads.rest() == []
