"""The text of backups: reading what was written gives the same bytes, in pieces of any size. Older forms are read too."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.kv_backup import Entry, EntryReader, EntryWriter, Form, entry_of, read_pairs

_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_VALUES = st.one_of(st.binary(max_size=40), st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace")))
_ENTRIES = st.lists(st.builds(Entry, _KEYS, st.integers(0, 2**64 - 1), _VALUES), max_size=6)


def _written(entries: list[Entry], **how: Any) -> str:
    writer = EntryWriter(**how)
    return "".join([*map(writer.entry, entries), writer.end()])


def _read(*pieces: str, base64: bool = False) -> list[Entry]:
    reader = EntryReader(base64=base64)
    entries = [entry for piece in pieces for entry in reader.feed(piece)]
    reader.end()
    return entries


@given(_ENTRIES, st.sampled_from(["consulate", "consul"]), st.booleans(), st.booleans(), st.lists(st.integers(0, 400), max_size=5))
def test_every_entry_is_read_as_it_was(entries: list[Entry], form: Form, base64: bool, pretty: bool, cuts: list[int]) -> None:
    text = _written(entries, form=form, base64=base64, pretty=pretty)
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert _read(*(text[start:end] for start, end in pairwise(ends)), base64=base64) == entries
    assert read_pairs(text, "a/", base64=base64) == [("a/" + entry.key, entry.value, entry.flags) for entry in entries]
    assert len(json.loads(text)) == len(entries)


def test_the_text_is_a_list_with_one_entry_per_line() -> None:
    entries = [Entry("a", 0, b"one"), Entry("d/", 7, b""), Entry("b", 1, b"\xff")]
    assert _written(entries) == '[\n["a", 0, "one"],\n["d/", 7, ""],\n["b", 1, {"base64": "/w=="}]\n]\n'
    assert _written(entries[:2], base64=True) == '[\n["a", 0, "b25l"],\n["d/", 7, ""]\n]\n'
    assert _written([]) == _written([], form="consul") == "[]\n"
    assert _written(entries[:1], pretty=True) == '[\n  [\n    "a",\n    0,\n    "one"\n  ]\n]\n'


def test_the_form_consul_is_that_of_its_export() -> None:
    first = '[\n\t{\n\t\t"key": "a",\n\t\t"flags": 3,\n\t\t"value": "b25l"\n\t},\n'
    text = first + '\t{\n\t\t"key": "b",\n\t\t"flags": 0,\n\t\t"value": ""\n\t}\n]\n'
    assert _written([Entry("a", 3, b"one"), Entry("b", 0, b"")], form="consul") == text


@pytest.mark.parametrize(
    ("document", "stored"),
    [
        (["k", 1, None], b""),
        (["k", 1, "text"], b"text"),
        (["k", 1, 5], b"5"),
        (["k", 1, True], b"true"),
        (["k", 1, [1, 2]], b"[1, 2]"),
        (["k", 1, {"a": 1}], b'{"a": 1}'),
        (["k", 1, {"base64": "/w==", "a": 1}], b'{"base64": "/w==", "a": 1}'),
        (["k", 1, {"base64": "/w=="}], b"\xff"),
        ({"Key": "k", "Flags": 1, "Value": "/w==", "LockIndex": 0, "CreateIndex": 5, "ModifyIndex": 6}, b"\xff"),
        ({"Key": "k", "Flags": 1, "Value": None}, b""),
        ({"key": "k", "flags": 1, "value": "/w=="}, b"\xff"),
        ({"key": "k", "flags": 1}, b""),
    ],
)
def test_each_kind_of_entry_is_read(document: object, stored: bytes) -> None:
    assert entry_of(document, 1) == Entry("k", 1, stored)


def test_base64_is_said_by_the_user_or_by_the_entry() -> None:
    assert entry_of(["k", 0, "/w=="], 1, base64=True) == Entry("k", 0, b"\xff")
    assert entry_of(["k", 0, None], 1, base64=True) == entry_of({"Key": "k"}, 1, base64=False) == Entry("k", 0, b"")
    assert entry_of(["k", 0, "/w=="], 1) == Entry("k", 0, b"/w==")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (5, r"entry 4: expected \[key, flags, value\]"),
        ([], "entry 4: expected"),
        (["k", 0], "entry 4: expected"),
        ({"name": "k"}, "entry 4: expected"),
        ([5, 0, "v"], "entry 4: the key must be a string"),
        ({"Key": None}, "entry 4: the key must be a string"),
        (["k", True, "v"], "entry 4, key 'k': the flags"),
        (["k", "0", "v"], "entry 4, key 'k': the flags"),
        (["k", -1, "v"], "entry 4, key 'k': the flags"),
        (["k", 2**64, "v"], "entry 4, key 'k': the flags"),
        (["k", 0, {"base64": "?"}], "entry 4, key 'k': the value is not base64"),
        ({"Key": "k", "Value": "\u00e4"}, "entry 4, key 'k': the value is not base64"),
        ({"Key": "k", "Value": 5}, "entry 4, key 'k': the value must be base64"),
        (["k", 0, "\ud800"], "entry 4, key 'k': .*surrogates"),
    ],
)
def test_a_wrong_entry_is_named(document: object, says: str) -> None:
    for read in (lambda: entry_of(document, 4), lambda: read_pairs(json.dumps([["k", 0, "v"]] * 3 + [document]))):
        with pytest.raises(ValueError, match=says):
            read()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends after 0 entries"),
        ("[", "ends after 0 entries"),
        ("{}", "a backup is a JSON list"),
        ('[["a", 0, "b"]', "ends after 1 entries"),
        ('[["a", 0, "b"],', "ends after 1 entries"),
        ('[["a", 0, "b"', "entry 1 is not JSON, or is cut off"),
        ('[["a", 0, "b"] ["c", 0, "d"]]', "entry 1: expected a comma"),
        ('[["a", 0, "b"],]', "entry 2 is not JSON"),
        ("[,]", "entry 1 is not JSON"),
        ("[] 5", "more text after the list"),
        ('[["a", 0, NaN]]', "NaN is not JSON"),
        ("[" + "[" * 200_000, "entry 1 is nested too deeply"),
    ],
)
def test_what_is_no_backup_is_refused(text: str, says: str) -> None:
    for read in (_read, read_pairs):
        with pytest.raises(ValueError, match=says):
            read(text)


def test_a_file_that_is_not_json_is_not_read_to_its_end() -> None:
    reader = EntryReader()
    piece = "x" * (1 << 20)
    assert [list(reader.feed(text)) for text in ('[["', *[piece] * 15)] == [[]] * 16
    with pytest.raises(ValueError, match="entry 1 is not JSON"):
        list(reader.feed(piece))


def test_a_large_value_is_read_in_pieces() -> None:
    entry = Entry("k", 0, bytes(range(256)) * 4096)
    text = _written([entry], form="consul")
    assert _read(*(text[start : start + 65536] for start in range(0, len(text), 65536))) == [entry]
    assert b64encode(entry.value).decode() in text
