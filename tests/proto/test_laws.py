"""Laws: what holds for every value, key, duration and header."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from unicodedata import category
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consul_proto.backoff import Backoff
from consul_proto.codec import decode, encode
from consul_proto.durations import go_duration, nanoseconds, seconds
from consul_proto.errors import words
from consul_proto.failures import error_for
from consul_proto.message import Headers, Request, Response, check_header
from consul_proto.meta import Meta
from consul_proto.paths import cleaned, is_found_by_path, key_of, key_path, prefix_is_found_by_path, segment

_JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _json_texts(draw: st.DrawFn) -> bytes:
    """JSON, and nearly JSON: in any spacing, with NaN, escaped or not, cut off."""
    text = json.dumps(draw(_JSON_LIKE), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 0, 2])))
    text = text.replace(", ", draw(st.sampled_from([", ", ",", " ,"])))
    return text.encode("utf-8", "surrogatepass")[: draw(st.integers(0, 200))]


@given(st.binary() | _json_texts() | st.text().map(str.encode))
@example(b"1e5")
@example(b"-0.0")
@example(b"1" * 5000)
@example(b"[" * 20000)
@example(b'{"a": 1, "a": 2}')
@example(b'["\\ud800"]')
@example(b"NaN")
@example(b"[NaN]")
@example(b"-Infinity")
@example(b"")
def test_reading_loses_nothing(stored: bytes) -> None:
    assert encode(decode(stored)) == stored
    assert encode(decode(stored, "text")) == stored


def _by_json(stored: bytes) -> Any:
    """Return what a text reads as: what `json` reads, if writing this gives the same bytes."""
    text = stored.decode()
    try:
        value = json.loads(text)
        is_kept = not isinstance(value, str | None) and json.dumps(value, allow_nan=False).encode() == stored
    except ValueError:
        return text
    return value if is_kept else text


@given(
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,20})?([eE][-+]?[0-9]{0,3})?[ x\n]?", fullmatch=True)
    | st.integers().map(str)
    | st.floats().map(repr)
    | st.sampled_from(["true", "false", "True", "truth", "t", "false ", "-", "--1", "1_0", "1e400", "0x1", "-0", "-0.0", "10.0.0.1", "5m"])
    | st.text("0123456789-+.eE_\u0661\uff11 ", max_size=8)
)
@example("1" * 4300)
@example("1" * 4301)
@example("1" * 500 + ".5")
def test_numbers_and_words_read_as_json_reads_them(text: str) -> None:
    stored = text.encode()
    assert repr(decode(stored)) == repr(_by_json(stored))


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (b"1.10", "1.10"),
        (b"null", "null"),
        (b"true", True),
        (b"false", False),
        (b"[1, 2]", [1, 2]),
        (b"[1,2]", "[1,2]"),
        (b'{"a": null}', {"a": None}),
        (b'"quoted"', '"quoted"'),
        (b"17", 17),
        (b"-3.5", -3.5),
        (b" 1", " 1"),
        (b"", ""),
        ("Zürich".encode(), "Zürich"),
        (b"\xff\x00", b"\xff\x00"),
    ],
)
def test_what_is_stored_reads_as(stored: bytes, value: object) -> None:
    read = decode(stored)
    assert read == value
    assert type(read) is type(value)
    assert decode(stored, "text") == (value if isinstance(value, bytes) else stored.decode())


@pytest.mark.parametrize(
    ("value", "stored"),
    [(None, b""), ("é", "é".encode()), (b"\x00", b"\x00"), (True, b"true"), ((1, 2), b"[1, 2]"), ({"é": 1}, b'{"\\u00e9": 1}')],
)
def test_what_is_written(value: Any, stored: bytes) -> None:
    assert encode(value) == stored
    assert encode(bytearray(b"ab")) == encode(memoryview(b"ab")) == b"ab"


def test_what_cannot_be_written() -> None:
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    for value in (float("nan"), float("inf"), circle, deep):
        with pytest.raises(ValueError, match=r"\w"):
            encode(value)
    while deep:  # freed in steps: an interpreter may not free so deep a list at once
        deep = deep[0]
    with pytest.raises(TypeError):
        encode({1, 2})  # type: ignore[arg-type] # the point of the test


_LEGAL = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" /."), min_size=1).filter(
    lambda key: key.isprintable() and cleaned(key) == key.strip("/") and "//" not in key
)


@given(_LEGAL)
@example("a?b#c%2F d")
@example("/leading")
@example("trailing/")
@example("%2e%2e/a")
def test_a_key_survives_its_path(key: str) -> None:
    path = key_path(key)
    assert key_of(path) == key
    assert Request("GET", path).target == path
    assert path.startswith("/v1/kv/")
    assert "//" not in path


@given(st.text())
def test_a_key_is_sent_as_it_is_or_refused(key: str) -> None:
    try:
        path = key_path(key)
    except ValueError:
        assert (
            not key
            or not {"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"}.isdisjoint(map(category, key.replace(" ", "")))
            or cleaned(key) != key.strip("/")
            or "//" in key
        )
    else:
        assert key_of(path) == key


#: What no Consul prints, and what is not Unicode.
_UNPRINTABLE = ["a\nb", "a\tb", "a\x00", "\x7f", "a\u00a0b", "a\u2028b", "\u00ad", "\ue000", "\ud800"]

#: What Consul cleans away in a key; a name in a path keeps it.
_CLEANED = ["a//b", "//", "http://example.com/x", ".", "..", "a/./b", "a/../b", "../a"]

#: Characters that Unicode has had since 12.1, 13, 15 and 16, and one that it does not have: each Python and each Consul knows others.
_NEW = ["\u32ff", "\U0001fad6", "\U0001fae8", "\U0001fae9", "\U000e1000"]


@pytest.mark.parametrize("key", ["", *_UNPRINTABLE, *_CLEANED])
def test_keys_that_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        key_path(key)


@pytest.mark.parametrize("name", ["", *_UNPRINTABLE])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name"):
        segment(name, "a name")


@pytest.mark.parametrize("name", [*_CLEANED, *_NEW, "/x", "x/", " ", "a%2Fb"])
def test_names_that_consul_takes(name: str) -> None:
    written = segment(name, "a name")
    assert unquote(written) == name
    assert "/" not in written
    assert written.strip(".")
    assert Request("GET", "/v1/agent/service/" + written).target.endswith(written)


@pytest.mark.parametrize("key", _NEW)
def test_a_character_that_is_newer_than_this_python_is_for_the_agent_to_judge(key: str) -> None:
    assert key_of(key_path(key)) == key


@pytest.mark.parametrize("key", [*_UNPRINTABLE[:-1], *_CLEANED, *_NEW[1:], "/x", " a", "a "])
def test_keys_that_not_every_consul_finds_by_their_path(key: str) -> None:
    assert not is_found_by_path(key)


@pytest.mark.parametrize("key", ["k", "a/b", "a/", "a b", "caf\u00e9/\U0001f600", "a.b", "...", "a/.../b", "+", "a%2Fb"])
def test_keys_that_every_consul_finds_by_their_path(key: str) -> None:
    assert is_found_by_path(key)
    assert prefix_is_found_by_path(key)


def test_a_name_is_one_segment() -> None:
    assert segment("a/b c", "a name") == "a%2Fb%20c"
    assert key_path("", prefix=True) == "/v1/kv/"
    not_text: Any = b"x"
    with pytest.raises(TypeError, match="a key must be a str"):
        key_path(not_text)
    with pytest.raises(TypeError, match="a name must be a str"):
        segment(not_text, "a name")


@given(st.integers(0, 2**63 - 1))
def test_durations_of_nanoseconds(count: int) -> None:
    text = f"{count}ns"
    assert nanoseconds(text) == count
    assert go_duration(text) == text


@given(st.integers(0, 9_000_000_000))
def test_durations_of_whole_seconds(count: int) -> None:
    assert go_duration(count) == f"{count}s"
    assert nanoseconds(go_duration(count)) == count * 10**9
    assert seconds(count) == count


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=100_000)))
def test_durations_of_timedeltas(duration: timedelta) -> None:
    assert nanoseconds(go_duration(duration)) == nanoseconds(duration)
    assert nanoseconds(duration) == duration // timedelta(microseconds=1) * 1000


@given(st.floats(0, 1e9))
def test_durations_of_fractions(duration: float) -> None:
    assert abs(nanoseconds(go_duration(duration)) / 1e9 - duration) <= 1e-9 * max(1.0, duration)


@pytest.mark.parametrize(
    ("duration", "text", "nanos"),
    [
        ("1h30m", "1h30m", 5400 * 10**9),
        ("1.5s", "1.5s", 1_500_000_000),
        (".5s", ".5s", 500_000_000),
        ("2µs", "2µs", 2000),
        ("0", "0", 0),
        (0.25, "250ms", 250_000_000),
        (0.000001, "1us", 1000),
        (1e-9, "1ns", 1),
        (timedelta(minutes=1), "60s", 60 * 10**9),
    ],
)
def test_durations_by_example(duration: str | float | timedelta, text: str, nanos: int) -> None:
    assert go_duration(duration) == text
    assert nanoseconds(duration) == nanos


@pytest.mark.parametrize(
    "bad", ["", "10", "10 s", "1d", "-1s", "s", "1s ", -1, -0.5, float("nan"), float("inf"), 2**63, "9999999999h", timedelta(-1)]
)
def test_what_is_no_duration(bad: str | float | timedelta) -> None:
    with pytest.raises(ValueError, match="duration"):
        go_duration(bad)


@pytest.mark.parametrize("bad", [None, True, b"1s", [1]])
def test_what_cannot_be_a_duration(bad: Any) -> None:
    with pytest.raises(TypeError, match="a duration must be"):
        go_duration(bad)


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_header_is_sendable_or_refused(name: str, value: str) -> None:
    try:
        check_header(name, value)
    except ValueError as error:
        # The message does not depend on the value, so it cannot show it: another value that is refused has the same message.
        with pytest.raises(ValueError, match=re.escape(str(error))):
            check_header(name, "\n")
    else:
        line = f"{name}: {value}"
        assert line.isascii()
        assert "\r" not in line
        assert "\n" not in line


@given(st.integers(1, 20), st.floats(0, 1), st.none() | st.floats(0, 10))
def test_a_pause(attempt: int, share: float, left: float | None) -> None:
    backoff = Backoff(first=0.1, ceiling=2.0, attempts=10)
    pause = backoff.pause(attempt, share, left)
    if pause is None:
        assert attempt >= 10 or left is not None
    else:
        assert 0 <= pause <= min(2.0, 0.1 * 2 ** (attempt - 1))
        assert left is None or pause < left


def test_pauses_grow() -> None:
    backoff = Backoff()
    assert [backoff.pause(attempt, 1.0, None) for attempt in range(1, 8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert backoff.pause(10, 0.0, None) is None


@given(
    st.integers(100, 999).filter(lambda status: status != 200),
    st.binary(),
    st.lists(st.tuples(st.sampled_from(["Location", "Content-Type"]), st.text())),
)
def test_any_other_answer_is_an_exception(status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
    error = error_for(Request("GET", "/v1/status/leader"), Response(status, Headers(headers), body))
    assert error.status == status
    assert str(status) in str(error)
    assert "\n" not in words(body)


@given(
    st.lists(st.tuples(st.sampled_from(["X-Consul-Index", "Age", "X-Consul-LastContact", "X-Consul-KnownLeader", "X-Cache"]), st.text()))
)
def test_any_headers_have_a_meta(headers: list[tuple[str, str]]) -> None:
    meta = Meta.of(Headers(headers))
    assert meta.index is None or 0 <= meta.index < 10**20


def test_a_meta() -> None:
    meta = Meta.of(
        Headers(
            {
                "X-Consul-Index": "18446744073709551615",
                "X-Consul-KnownLeader": "true",
                "X-Consul-LastContact": "1500",
                "X-Consul-Results-Filtered-By-ACLs": "true",
                "X-Cache": "HIT",
                "Age": "7",
            }.items()
        )
    )
    assert (meta.index, meta.known_leader, meta.last_contact) == (2**64 - 1, True, 1.5)
    assert (meta.filtered_by_acls, meta.cache, meta.age, meta.content_hash) == (True, "HIT", 7, None)
