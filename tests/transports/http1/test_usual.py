"""Usual answers are read without h11, and every answer gives what h11 gives."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transports.http1.edited_answers import SMALL, Edit, apply_edits, cuts, edits, pieces
from tests.transports.http1.fuzz import USUAL, OnlyH11, outcome, run, small_rooms
from transports.http1 import usual
from transports.http1.client import HTTP1Connection


@pytest.mark.parametrize("data", USUAL, ids=range(len(USUAL)))
def test_a_usual_answer_needs_no_h11_however_its_body_is_cut(data: bytes) -> None:
    body = data.index(b"\r\n\r\n") + 4
    for cut in range(body, len(data)):
        connection = HTTP1Connection("consul:8500")
        answer, _, reusable = outcome(connection, [data[:cut], data[cut:]])
        assert isinstance(answer, tuple)
        assert reusable
        assert connection._any is None


@given(
    data=st.sampled_from([*SMALL, *USUAL]) | st.binary(max_size=80),
    changes=st.lists(edits, max_size=3),
    places=cuts,
    limit=st.sampled_from([None, 10, 300]),
    has_room=st.booleans(),
)
@settings(max_examples=700, deadline=None)
def test_every_answer_gives_what_h11_gives(data: bytes, changes: list[Edit], places: list[int], limit: int | None, has_room: bool) -> None:
    given = pieces(apply_edits(data, changes), places)
    connection, only_h11 = HTTP1Connection("consul:8500", response_size=limit), OnlyH11("consul:8500", response_size=limit)
    with small_rooms() if has_room else nullcontext():
        got = outcome(connection, given)
    assert got == outcome(only_h11, given)


def test_seeded_answers_give_what_h11_gives() -> None:
    found, counted = run(10_000, seed=16)
    assert found == []
    assert counted["without h11"] > 1_000
    assert counted["read to where they stay"] > 200


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 70_000, 1 << 18, (1 << 18) + 70_000])
def test_a_large_body_is_read_to_where_it_stays(is_chunked: bool, cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "_LARGEST", 1 << 18)
    body = bytes(range(256)) * (1 << 12)
    framing = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" if is_chunked else b"Content-Length: %d\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + framing % len(body)
    data = head + body + (b"\r\n0\r\n\r\n" if is_chunked else b"")
    connection = HTTP1Connection("consul:8500")
    answer, _, reusable = outcome(connection, [data[: len(head) + cut], data[len(head) + cut :]])
    assert isinstance(answer, tuple)
    assert answer[2] == body
    assert reusable
    assert connection._any is None


def test_a_connection_reads_usual_and_other_answers_in_turn() -> None:
    connection = HTTP1Connection("consul:8500")
    for data in (USUAL[0], b"HTTP/1.1 100 Continue\r\n\r\n" + USUAL[0], USUAL[2], b"HTTP/1.1 100 Continue\r\n\r\n" + USUAL[2], USUAL[0]):
        answer, _, reusable = outcome(connection, [data])
        assert isinstance(answer, tuple)
        assert answer[2] == b'[{"Key": "k"}]'
        assert reusable
