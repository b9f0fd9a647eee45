"""Entries of the KV store, read whole and in pieces: for every body what the json module and base64 make of it, or the same error."""

from __future__ import annotations

import json
import tracemalloc
from base64 import b64encode
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consul_proto import kv_answers
from consul_proto.api import Operations
from consul_proto.codec import decode
from consul_proto.decode import from_base64, json_value
from consul_proto.errors import ClientError, ConsulateException, DecodeError, Forbidden
from consul_proto.kv_answers import Unusual, checked, usual_value, usual_values
from consul_proto.message import Headers, Response

_KV = Operations().kv

#: The strings of keys, as they may be written in JSON, and some that are not JSON.
_KEYS = st.lists(
    st.sampled_from(
        [b"a", b"app/", b"}", b"]", b",", b"{", b" ", b"\\u003c", b'\\"', b"\\\\", b"\\n", b"\\ud800", b"\n", b"\xff", b'"', b"\\"]
    )
    | st.text(max_size=3).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")),
    max_size=4,
).map(b"".join)

_VALUES = st.binary(max_size=12).map(lambda stored: b'"%b"' % b64encode(stored)) | st.sampled_from(
    [b"null", b'""', b'"MTIzNA=="', b'"e30="', b'"MTIzNA"', b'"MTIz NA=="', b'"MTIz\\/A=="', b'"A==="', b"7", b'"\xff"', b"[]", b"{}"]
)

_NUMBERS = st.integers(0, 2**64 - 1).map(lambda n: b"%d" % n) | st.sampled_from(
    [b"0", b"7", b"-1", b"1.5", b"1e3", b"01", b"9" * 30, b"null", b'"7"', b"true"]
)

_MORE = st.sampled_from(
    [
        b"",
        b'"Session":"s-1",',
        b'"Namespace":"team","Partition":"p",',
        b'"Session" : "\xc3\xa4" , ',
        b'"Session":"\xff",',
        b'"Session":"\n",',
        b'"Session":7,',
        b'"Session":"\\u0061",',
        b'"Other":"x",',
        b'"Key":"twice",',
    ]
)

_BLANKS = st.sampled_from([b"", b"", b"", b" ", b"\n    ", b"\t\r\n", b"\x0b", b"x"])

#: The members of an entry as Consul arranges them.
_USUAL_FORM = (
    b'{%(_)b"LockIndex":%(lock)b,"Key":%(_)b"%(key)b","Flags":%(flags)b,"Value":%(value)b,'
    b'%(more)b"CreateIndex":%(create)b%(_)b,"ModifyIndex":%(modify)b%(_)b}'
)

_FORMS = st.sampled_from(
    [
        *[_USUAL_FORM] * 8,
        b'{"Key":"%(key)b","Flags":%(flags)b,"ModifyIndex":%(modify)b}',
        b'{"Key":"%(key)b","Flags":%(flags)b,"Value":%(value)b,"LockIndex":%(lock)b,"CreateIndex":%(create)b,"ModifyIndex":%(modify)b}',
        b'{"LockIndex":%(lock)b,"Key":"%(key)b","Flags":%(flags)b,"Value":%(value)b}',
        b"{}",
        b"null",
        b"[%(value)b]",
        b'{"LockIndex":%(lock)b',
    ]
)


@st.composite
def _entries(draw: st.DrawFn) -> bytes:
    usual = draw(st.booleans())
    number = st.integers(0, 2**64 - 1).map(lambda n: b"%d" % n) if usual else _NUMBERS
    parts = {
        b"_": draw(_BLANKS.filter(lambda blank: blank not in (b"\x0b", b"x")) if usual else _BLANKS),
        b"key": draw(st.sampled_from([b"app/port", b"\xc3\xa4", b"a\\u003eb", b"}],"]) if usual else _KEYS),
        b"flags": draw(number),
        b"lock": draw(number),
        b"create": draw(number),
        b"modify": draw(number),
        b"value": draw(st.binary(max_size=12).map(lambda stored: b'"%b"' % b64encode(stored)) | st.just(b"null") if usual else _VALUES),
        b"more": draw(st.sampled_from([b"", b'"Session":"s-1",', b'"Namespace":"team","Partition":"p",']) if usual else _MORE),
    }
    return (_USUAL_FORM if usual else draw(_FORMS)) % parts


#: Bodies that are answers of the KV store, or nearly.
_BODIES = st.builds(
    lambda start, entries, comma, end: start + comma.join(entries) + end,
    st.sampled_from([b"["] * 6 + [b" [ ", b"\n[", b"", b"[,", b"[[", b"[null,", b"\xef\xbb\xbf["]),
    st.lists(_entries(), max_size=5),
    st.sampled_from([b","] * 6 + [b" , ", b",\n", b"", b";", b",,", b"."]),
    st.sampled_from([b"]"] * 6 + [b" ] \n", b"", b",]", b"]]", b"] x", b".5]", b"5]", b"]]}"]),
)


def _outcome(read: Any) -> Any:
    try:
        return repr(read())
    except DecodeError as error:
        return DecodeError, error.message


def _by_json(body: bytes) -> list[dict[str, Any]]:
    """Return the records of a body, in the order of members that the calls give."""
    entries = checked(json_value(Response(200, body=body)))
    return [{**entry, "Value": from_base64(entry.get("Value"))} for entry in entries]


def _sorted(records: Any) -> Any:
    return [dict(sorted(record.items())) for record in records]


@given(_BODIES)
@example(b"null")
@example(b"[]")
@example(b"")
@example(b"]")
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":"A===","CreateIndex":1,"ModifyIndex":1}]')
def test_a_whole_body_gives_what_json_gives(body: bytes) -> None:
    response = Response(200, body=body)
    expected = _outcome(lambda: _sorted(_by_json(body)))
    assert _outcome(lambda: _sorted(_KV.get_records(raw=True).decode(response))) == expected
    for call, make in (
        (_KV.items, lambda records: {record["Key"]: decode(record["Value"]) for record in records}),
        (_KV.values, lambda records: [decode(record["Value"]) for record in records]),
        (_KV.records, lambda records: [(record["Key"], record["Flags"], decode(record["Value"])) for record in records]),
        (_KV.find, lambda records: {record["Key"]: decode(record["Value"]) for record in records}),
    ):
        assert _outcome(lambda call=call: call("").decode(response)) == _outcome(lambda make=make: make(_by_json(body)))


@given(st.one_of(_entries().map(lambda entry: b"[" + entry + b"]"), _BODIES))
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":"A===","CreateIndex":1,"ModifyIndex":1}]')
@example(b'[{"LockIndex":1111,"Key":"k","Flags":2222,"Value":"MTIzNA==","CreateIndex":3333,"ModifyIndex":4444}]')
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":"","CreateIndex":1,"ModifyIndex":1}]')
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":null,"Session":"\xff","CreateIndex":1,"ModifyIndex":1}]')
@example(b'[{"LockIndex":0,"Key":"\n","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}]')
def test_the_value_of_one_key_is_what_json_gives(body: bytes) -> None:
    response = Response(200, body=body)

    def expected(missing: Any) -> Any:
        entries = checked(json_value(response))
        return from_base64(entries[0].get("Value")) if entries else missing

    assert _outcome(lambda: _KV.get("k", "none", raw=True).decode(response)) == _outcome(lambda: expected("none"))
    assert _outcome(lambda: _KV.get_as("k", bytes).decode(response)) == _outcome(lambda: expected(None))


@given(_BODIES, st.lists(st.integers(0, 400), max_size=8))
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}.5]', [])
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1},]', [])
@example(b'[{"LockIndex":0,"Key":"k","Flags":0,"Value":"A===","CreateIndex":1,"ModifyIndex":1}]', [])
def test_pieces_give_what_the_whole_body_gives(body: bytes, cuts: Sequence[int]) -> None:
    decoder = _KV.stream_records(raw=True).decoder()
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    found: list[Any] = []
    error: DecodeError | None = None
    try:
        for start, end in pairwise(places):
            found += decoder.feed(body[start:end])
        found += decoder.end()
    except DecodeError as caught:
        error = caught
    try:
        expected = _by_json(body)
    except DecodeError:
        assert error is not None
    else:
        assert error is None
        assert repr(_sorted(found)) == repr(_sorted(expected))


def _body(count: int, size: int) -> bytes:
    entries = [
        {
            "LockIndex": 0,
            "Key": f"app/{n:06}",
            "Flags": n % 3,
            "Value": b64encode(b"%06d" % n * (size // 6)).decode(),
            "CreateIndex": n,
            "ModifyIndex": n + n % 2,
        }
        for n in range(count)
    ]
    return json.dumps(entries, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "body",
    [
        _body(3, 60),
        json.dumps(json.loads(_body(3, 60)), indent=4).encode() + b"\n",
        b'[{"LockIndex":1,"Key":"a\\u0026b","Flags":0,"Value":null,"Session":"s-1","CreateIndex":1,"ModifyIndex":1}]',
        b'[{"LockIndex":1,"Key":"k","Flags":0,"Value":"","Partition":"p","Namespace":"n","CreateIndex":1,"ModifyIndex":1}]',
    ],
    ids=["agent", "development mode", "locked", "enterprise"],
)
def test_what_consul_writes_is_usual(body: bytes) -> None:
    assert len(list(usual_values(body))) == body.count(b"LockIndex")


def test_what_agents_wrote_is_usual() -> None:
    """All recorded answers with entries, of two versions."""
    count = 0
    for path in (Path(__file__).parent.parent / "samples" / "kv.get").glob("*.json"):
        sample = json.loads(path.read_text())
        body = sample.get("body", "").encode()
        if sample["status"] == 200 and body.lstrip().startswith(b"[") and b"LockIndex" in body:
            values = [value for _, _, value in usual_values(body)]
            assert values, path
            if len(values) == 1 and body.isascii() and b"\\" not in body:
                assert usual_value(body) == values[0], path
            count += 1
    assert count >= 20


def test_the_records_of_a_piece_come_with_it() -> None:
    decoder = _KV.stream_records().decoder()
    body = _body(100, 60)
    found = [len(list(decoder.feed(body[start : start + 1000]))) for start in range(0, len(body), 1000)]
    assert sum(found[:-1]) >= 90
    assert min(found[:-1]) >= 4
    assert len(list(decoder.end())) == 100 - sum(found)


def test_reading_takes_memory_for_the_records_only() -> None:
    body = _body(20_000, 120)
    tracemalloc.start()
    try:
        items = _KV.items(raw=True).decode(Response(200, body=body))
        whole = tracemalloc.get_traced_memory()[1]
        del items
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        decoder = _KV.stream_records().decoder()
        count = sum(len(list(decoder.feed(body[start : start + 65536]))) for start in range(0, len(body), 65536))
        assert count + len(list(decoder.end())) == 20_000
        streamed = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert whole < 1.5 * len(body)  # 2.5 with the body itself
    assert streamed < 0.3 * len(body)


def test_a_value_in_many_pieces_is_read_in_proportion_to_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    usual = kv_answers._usual

    def counted(text: bytes, is_first: bool) -> Any:
        nonlocal looked_at
        looked_at += len(text)
        return usual(text, is_first)

    monkeypatch.setattr(kv_answers, "_usual", counted)
    body = _body(1, 600_000)
    decoder = _KV.stream_records(raw=True).decoder()
    found = [record for start in range(0, len(body), 100) for record in decoder.feed(body[start : start + 100])]
    found += decoder.end()
    assert [len(record["Value"]) for record in found] == [600_000]  # type: ignore[arg-type] # raw=True: bytes
    assert looked_at < 3 * len(body)


class TestTheStream:
    def test_a_prefix_without_keys_has_no_records(self) -> None:
        assert _KV.stream_records("p/").decode(Response(404, Headers([("X-Consul-Index", "7")]))) == []

    @pytest.mark.parametrize(
        "response", [Response(404), Response(404, Headers([("X-Consul-Index", "7")]), b"<html>")], ids=["no index", "a page"]
    )
    def test_any_other_404_is_an_error(self, response: Response) -> None:
        with pytest.raises(ClientError, match=r"^GET /v1/kv/p/: 404 something other than Consul's KV store answered") as raised:
            _KV.stream_records("p/").decode(response)
        assert (raised.value.status, raised.value.body) == (404, response.body)

    def test_other_statuses(self) -> None:
        with pytest.raises(Forbidden):
            _KV.stream_records("p/").decode(Response(403, body=b"Permission denied"))

    @pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[1]", b'[{"LockIndex":0,"Key":"k"', _body(2, 60)[:-1], _body(2, 60) + b"x"])
    def test_a_broken_answer(self, body: bytes) -> None:
        with pytest.raises(DecodeError):
            _KV.stream_records("p/").decode(Response(200, body=body))

    def test_a_prefix_that_no_path_reaches(self) -> None:
        with pytest.raises(ValueError, match=r"'a//' .* use kv\.get_records"):
            _KV.stream_records("a//")

    def test_it_cannot_block(self) -> None:
        with pytest.raises(TypeError, match="index"):
            _KV.stream_records("a", index=7)  # type: ignore[call-arg] # that is the test


def test_a_body_that_is_not_usual_says_so() -> None:
    for body in (
        b"",
        b"[]",
        b"null",
        _body(2, 60)[:-1],
        b'[{"LockIndex":0,"Key":"\xff","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}]',
    ):
        with pytest.raises(Unusual):
            list(usual_values(body))
    assert not issubclass(Unusual, (ValueError, ConsulateException))
