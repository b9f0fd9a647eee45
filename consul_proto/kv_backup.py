"""Backups of keys as JSON: written entry by entry, and read piece by piece, in memory for one entry.

A backup is a list of `[key, flags, value]`. The value is text; with base64, the base64 of the stored bytes. Without base64, a value that
is not UTF-8 is written as `{"base64": "..."}`. In the form "consul", it is what `consul kv export` writes and `consul kv import` reads.

The reader also takes the objects of the API (`Key`, `Flags`, `Value` in base64), those of `consul kv export`, and values that older files
have: null is an empty value, and a number, true, false, a list or an object is stored as JSON.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from consul_proto.codec import encode

if TYPE_CHECKING:
    from consul_proto.codec import Value

#: "consulate": lists of key, flags and value. "consul": the objects of `consul kv export`.
Form: TypeAlias = Literal["consulate", "consul"]

#: Marks a value that is not text.
_MARK = "base64"

#: The members of an entry that is an object: as the API names them, and as `consul kv export` does.
_MEMBERS = (("Key", "Flags", "Value"), ("key", "flags", "value"))

#: The characters of the largest entry that is read. A value has 512 KiB unless Consul's limit was raised.
_LARGEST = 1 << 24

_LARGEST_FLAGS = 2**64 - 1

_skip_blanks = re.compile(r"[ \t\n\r]*+").match

#: From the end of an entry to the beginning of the next, as in almost every place of a file.
_skip_comma = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+(?=[\[{])").match

_EXPECTED = "expected [key, flags, value], or an object with Key, Flags and Value"


class Entry(NamedTuple):
    """A key of a backup. value: the stored bytes."""

    key: str
    flags: int
    value: bytes


#: Makes an entry of a tuple of its fields, in half the time.
_new = tuple.__new__


class EntryWriter:
    """Makes the text of a backup. form: see above. base64: whether all values are base64. pretty: whether it is indented for people."""

    def __init__(self, form: Form = "consulate", *, base64: bool = False, pretty: bool = False) -> None:
        self._form = form
        self._base64 = base64
        self._indent = "\t" if form == "consul" else "  " if pretty else None
        self._before = "[\n"

    def entry(self, entry: Entry) -> str:
        """Return the text of the next entry."""
        before, self._before = self._before, ",\n"
        if self._form == "consul":
            document: Any = {"key": entry.key, "flags": entry.flags, "value": _to_base64(entry.value)}
        else:
            document = [entry.key, entry.flags, _to_base64(entry.value) if self._base64 else _text_of(entry.value)]
        text = json.dumps(document, indent=self._indent)
        return before + (text if self._indent is None else re.sub("^", self._indent, text, flags=re.MULTILINE))

    def end(self) -> str:
        """Return the end of the text."""
        return "[]\n" if self._before == "[\n" else "\n]\n"


def _to_base64(value: bytes) -> str:
    return b2a_base64(value, newline=False).decode()


def _text_of(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {_MARK: _to_base64(value)}


class _State(Enum):
    """What comes next in the text."""

    LIST = auto()
    FIRST = auto()
    ENTRY = auto()
    COMMA = auto()
    NOTHING = auto()


#: What comes next, and the character that is there -> what comes after it. Other characters begin an entry, or are wrong.
_NEXT = {
    (_State.LIST, "["): _State.FIRST,
    (_State.FIRST, "]"): _State.NOTHING,
    (_State.COMMA, ","): _State.ENTRY,
    (_State.COMMA, "]"): _State.NOTHING,
}

_WRONG = {
    _State.LIST: "a backup is a JSON list, and this file does not begin with [",
    _State.COMMA: "expected a comma or ] after it",
    _State.NOTHING: "there is more text after the list",
}


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


class EntryReader:
    """Reads the text of a backup, in pieces of any size. base64: whether all values are base64, where the file does not say so."""

    def __init__(self, *, base64: bool = False) -> None:
        self._base64 = base64
        self._state = _State.LIST
        self._text = ""
        self._at = 0
        self._count = 0

    def feed(self, text: str) -> Iterator[Entry]:
        """Yield the entries that are complete. Raises ValueError for what is not a backup."""
        self._text = self._text[self._at :] + text
        self._at = 0
        return self._entries(is_end=False)

    def end(self) -> None:
        """Check that the list was complete. Raises ValueError."""
        list(self._entries(is_end=True))  # only to find errors: `feed` has returned all complete entries
        if self._state is not _State.NOTHING:
            raise ValueError(f"the file ends after {self._count} entries, inside the list; is it complete?")

    def read(self, text: str) -> Iterator[Entry]:
        """Yield the entries of a whole backup. Raises ValueError for what is not one."""
        yield from self.feed(text)
        self.end()

    def _entries(self, *, is_end: bool) -> Iterator[Entry]:
        while True:
            comma = _skip_comma(self._text, self._at) if self._state is _State.COMMA else None
            if comma is not None:
                self._state, self._at = _State.ENTRY, comma.end()
            elif not self._reach_entry():
                return
            try:
                document, self._at = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not is_end and len(self._text) - self._at <= _LARGEST:
                    return  # the rest comes later
                raise ValueError(f"entry {self._count + 1} is not JSON, or is cut off: {error.msg}") from None
            except RecursionError:
                raise ValueError(f"entry {self._count + 1} is nested too deeply") from None
            self._count += 1
            self._state = _State.COMMA
            yield entry_of(document, self._count, base64=self._base64)

    def _reach_entry(self) -> bool:
        """Go to the beginning of the next entry. Return False if it is not there yet. Raises ValueError for other text."""
        while True:
            blank = _skip_blanks(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at == len(self._text):
                return False
            after = _NEXT.get((self._state, self._text[self._at]))
            if after is None:
                break
            self._state, self._at = after, self._at + 1
        if self._state in _WRONG:
            raise ValueError(f"entry {self._count}: {_WRONG[self._state]}" if self._count else _WRONG[self._state])
        return True


def read_pairs(text: str, prefix: str = "", *, base64: bool = False) -> list[tuple[str, bytes, int]]:
    """Return key, value and flags of each entry of a whole backup, as an `EntryReader` reads it, in less time and more memory.

    prefix: of every key. Raises ValueError.
    """
    try:
        documents = _DECODER.decode(text)
    except (ValueError, RecursionError):
        documents = None
    if not isinstance(documents, list):
        entries = EntryReader(base64=base64).read(text)  # it says what is wrong, and where
        return [(prefix + key, value, flags) for key, flags, value in entries]
    pairs = []
    for document in documents:
        # The usual entry is taken as in `entry_of`, without a call for each.
        if document.__class__ is list and len(document) == 3:
            key, flags, value = document
            is_plain = key.__class__ is str and flags.__class__ is int and value.__class__ is str and not base64
            if is_plain and 0 <= flags <= _LARGEST_FLAGS and value.isascii():
                pairs.append((prefix + key, value.encode(), flags))
                continue
        key, flags, value = entry_of(document, len(pairs) + 1, base64=base64)
        pairs.append((prefix + key, value, flags))
    return pairs


def entry_of(document: object, number: int, *, base64: bool = False) -> Entry:
    """Return the entry that a JSON value stands for. number: of the entry, for errors. Raises ValueError."""
    if isinstance(document, list) and len(document) == 3:
        key, flags, value = document
        is_plain = key.__class__ is str and flags.__class__ is int and value.__class__ is str and not base64
        if is_plain and 0 <= flags <= _LARGEST_FLAGS and value.isascii():  # nothing can be wrong with it
            return _new(Entry, (key, flags, value.encode()))
    else:
        names = next((names for names in _MEMBERS if isinstance(document, dict) and names[0] in document), None)
        if names is None or not isinstance(document, dict):
            raise ValueError(f"entry {number}: {_EXPECTED}")
        key, flags, value = (document.get(name, default) for name, default in zip(names, (None, 0, None), strict=True))
        base64 = True
    if not isinstance(key, str):
        raise ValueError(f"entry {number}: the key must be a string; {_EXPECTED}")
    if isinstance(flags, bool) or not isinstance(flags, int) or not 0 <= flags <= _LARGEST_FLAGS:
        raise ValueError(f"entry {number}, key {key!r}: the flags must be a number from 0 to 2**64 - 1")
    try:
        return Entry(key, flags, _from_base64(value) if base64 else _stored(value))
    except ValueError as error:
        raise ValueError(f"entry {number}, key {key!r}: {error}") from None


def _stored(value: Value) -> bytes:
    """Return the bytes to store for a value of a backup. Raises ValueError."""
    if isinstance(value, dict) and value.keys() == {_MARK}:
        return _from_base64(value[_MARK])
    return encode(value)


def _from_base64(value: object) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, str):
        raise ValueError("the value must be base64, or null")
    try:
        return a2b_base64(value, strict_mode=True)
    except ValueError:
        raise ValueError("the value is not base64") from None
