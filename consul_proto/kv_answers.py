"""Read the entries of an answer of the KV store: whole, or piece by piece as it arrives.

The usual entry, as Consul writes it, is read by one regular expression. This takes less memory than `json` and no more time, since the
base64 never becomes a str. What is not usual is read by `json`, with the same results and errors.
https://developer.hashicorp.com/consul/api-docs/kv#read-key
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from consul_proto.codec import decode
from consul_proto.decode import from_base64, json_value, wrong
from consul_proto.json_decoder import decode_by_json
from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.codec import Codec, Stored
    from consul_proto.types.kv import Record

#: The name of a key, its flags, and the stored bytes.
KeyValue = tuple[str, int, bytes]

#: Makes a record of an entry, whose value is the stored bytes.
Finish = Callable[[dict[str, Any]], "Record"]

#: RFC 8259, section 2: blanks. Agents write them in development mode, and for `?pretty`.
_BLANK = rb"[ \t\n\r]*+"
_NUMBER = rb"(0|[1-9][0-9]{0,19})"

#: What a string contains that needs no decoding: ASCII without escapes.
_PLAIN = rb"[\x20\x21\x23-\x5b\x5d-\x7e]*+"

#: The members of an entry, in Consul's order. What the strings contain is checked later.
_MEMBERS = {
    b"LockIndex": _NUMBER,
    b"Key": rb'"([^"]*+)"',
    b"Flags": _NUMBER,
    b"Value": rb'(?:"([^"]*+)"|null)',
    b"CreateIndex": rb"(0|[1-9][0-9]{0,19})",
    b"ModifyIndex": _NUMBER,
}

#: Some entries have more members after their Value.
_MORE = rb'((?:"(?:Session|Namespace|Partition)"%b:%b"%b"%b,%b)*+)' % (_BLANK, _BLANK, _PLAIN, _BLANK, _BLANK)

_ENTRY = rb"\{%b%b%b\}" % (
    _BLANK,
    (_BLANK + b"," + _BLANK).join(
        (_MORE if name == b"CreateIndex" else b"") + b'"' + name + b'"' + _BLANK + b":" + _BLANK + value for name, value in _MEMBERS.items()
    ),
    _BLANK,
)

#: Whether an entry was found.
_is_found = attrgetter("lastindex")

#: A list of one entry, whose key needs no decoding.
_ONLY = _ENTRY.replace(_MEMBERS[b"Key"], b'"(' + _PLAIN + b')"')
_match_end = re.compile(_BLANK + rb"\]" + _BLANK + rb"\Z").match


class Unusual(Exception):
    """The body is not as Consul writes it: `json` must read it."""


@cache
def _only_entry() -> re.Pattern[bytes]:
    return re.compile(_BLANK + rb"\[" + _BLANK + _ONLY + _BLANK + rb"\]" + _BLANK + rb"\Z")


@cache
def _first_entry() -> re.Pattern[bytes]:
    return re.compile(_BLANK + rb"\[" + _BLANK + _ENTRY)


@cache
def _next_entry() -> re.Pattern[bytes]:
    """Return the expression for the next entry of a list. If something else follows, its match is empty."""
    return re.compile(b"(?:" + _BLANK + b"," + _BLANK + _ENTRY + b")|")


def _usual(text: bytes, is_first: bool) -> Iterator[re.Match[bytes]]:
    """Return the usual entries up to the first other one. is_first: whether the text begins with the list."""
    if not is_first:
        return takewhile(_is_found, _next_entry().finditer(text))
    first = _first_entry().match(text)
    return chain((first,), takewhile(_is_found, _next_entry().finditer(text, first.end()))) if first else iter(())


def _unescaped(string: bytes) -> str:
    """Return the text of a JSON string without its quotes. Raises ValueError."""
    return decode_by_json(b'"' + string + b'"')  # type: ignore[return-value] # what is in quotes is a string


def _entry(found: re.Match[bytes]) -> dict[str, Any]:
    """Return a usual entry, with the stored bytes as its value. Raises ValueError."""
    locked, key, flags, value, more, created, modified = found.groups()
    name = str(key, "utf-8")
    create_index = int(created)
    entry = {
        "LockIndex": int(locked) if locked != b"0" else 0,
        "Key": name if name.isprintable() and "\\" not in name else _unescaped(key),
        "Flags": int(flags) if flags != b"0" else 0,
        "Value": a2b_base64(value, strict_mode=True) if value else b"",
        "CreateIndex": create_index,
        "ModifyIndex": create_index if modified == created else int(modified),
    }
    if more:
        entry |= decode_by_json(b"{" + more.rpartition(b",")[0] + b"}")  # type: ignore[arg-type] # what is in braces is an object
    return entry


def usual_value(body: bytes) -> bytes | None:
    """Return the stored bytes of the only entry of a body; None if the body is not usual."""
    found = _only_entry().match(body)
    if found is None:
        return None
    value = found[4]
    try:
        return a2b_base64(value, strict_mode=True) if value else b""
    except ValueError:
        return None


def usual_values(body: bytes) -> Iterator[KeyValue]:
    """Yield the keys and values of a body. Raises Unusual at any time: then all that came before is void."""
    end = 0
    try:
        for found in _usual(body, True):
            key, flags, value = found.group(2, 3, 4)
            end = found.end()
            name = str(key, "utf-8")
            yield (
                name if name.isprintable() and "\\" not in name else _unescaped(key),
                int(flags) if flags != b"0" else 0,
                a2b_base64(value, strict_mode=True) if value else b"",
            )
    except ValueError:
        raise Unusual from None
    _check_end(body, end)


def usual_records(body: bytes, finish: Finish) -> list[Record]:
    """Return the records of a body. Raises Unusual."""
    end = 0
    records = []
    try:
        for found in _usual(body, True):
            end = found.end()
            records.append(finish(_entry(found)))
    except ValueError:
        raise Unusual from None
    _check_end(body, end)
    return records


def _check_end(body: bytes, end: int) -> None:
    if not end or not _match_end(body, end):
        raise Unusual


def checked(entries: Any) -> list[dict[str, Any]]:
    """Check the members that the calls use. Raises DecodeError."""
    if not isinstance(entries, list):
        raise wrong("a list of keys", entries)
    for entry in entries:
        if not (
            isinstance(entry, dict)
            and isinstance(entry.get("Key"), str)
            and isinstance(entry.get("Flags"), int)
            and isinstance(entry.get("ModifyIndex"), int)
        ):
            raise wrong("a list of objects with Key, Flags and ModifyIndex", entries)
    return entries


def values_of(entries: Iterable[dict[str, Any]]) -> Iterator[KeyValue]:
    """Yield the keys and values of checked entries. Raises DecodeError."""
    for entry in entries:
        yield entry["Key"], entry["Flags"], from_base64(entry.get("Value"))


def records_of(entries: Iterable[dict[str, Any]], finish: Finish) -> list[Record]:
    """Return the records of checked entries. Raises DecodeError."""
    return [finish({**entry, "Value": from_base64(entry.get("Value"))}) for entry in entries]


def finisher(codec: Codec, raw: bool) -> Finish:
    """Return the function that makes the records for a codec. raw: their values stay bytes."""

    def finish(entry: dict[str, Any]) -> Record:
        if not raw:
            value: Stored = decode(entry["Value"], codec)
            entry["Value"] = value
        return entry  # type: ignore[return-value] # the readers have checked what makes it one

    return finish


class Records:
    """A decoder whose events are the records of an answer. It holds the records of one piece, and what came of the next entry.

    If an entry is not usual, the rest of the body is held until its end, and read by `json`.
    """

    def __init__(self, finish: Finish) -> None:
        self._finish = finish
        self._parts: list[bytes] = []
        self._size, self._enough = 0, 1
        self._is_first = True

    def feed(self, data: bytes) -> Iterable[Record]:
        """Return the records that are complete."""
        self._parts.append(data)
        self._size += len(data)
        # Twice as much as was not enough: so the time for an entry in many pieces is in proportion to its size.
        return self._read() if self._size >= self._enough else ()

    def _read(self) -> list[Record]:
        text = b"".join(self._parts)
        place = 0
        records: list[Record] = []
        try:
            for found in _usual(text, self._is_first):
                records.append(self._finish(_entry(found)))
                place = found.end()
        except ValueError:
            pass  # `json` says at the end what is wrong
        rest = text[place:]
        self._parts = [rest]
        self._size, self._enough = len(rest), 2 * len(rest)
        self._is_first = self._is_first and not records
        return records

    def end(self) -> Iterable[Record]:
        """Return the last records. Raises DecodeError if the body is broken, or ended too early."""
        rest = b"".join(self._parts)
        self._parts.clear()
        if self._is_first:
            return records_of(checked(json_value(Response(200, body=rest))), self._finish)
        # What follows an entry makes a list with something before it.
        entries = json_value(Response(200, body=b"[null" + rest))
        return records_of(checked(entries[1:]), self._finish)
