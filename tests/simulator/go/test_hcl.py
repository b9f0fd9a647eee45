"""HCL as agents read it: values and errors (observed in 1.22.5, with the rules of policies)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.simulator.go.hcl import parse

_MEANS: dict[str, Any] = {
    "": {},
    '# c\nacl = "read" // d\n/* e */': {"acl": "read"},
    'key "a" { policy = "read" }': {"key": {"a": {"policy": "read"}}},
    'key a { policy = "read" }': {"key": {"a": {"policy": "read"}}},
    'key { "a" { policy = "read" } }': {"key": {"a": {"policy": "read"}}},
    'key = { a = { policy = "read" } }': {"key": {"a": {"policy": "read"}}},
    '"key" "a" { "policy" = "read", }': {"key": {"a": {"policy": "read"}}},
    '{"key": {"a": {"policy": "read"}}}': {"key": {"a": {"policy": "read"}}},
    'key "a" { p = 1 } key "b" { p = 2 }': {"key": {"a": {"p": 1}, "b": {"p": 2}}},
    'key "a" { p = 1 }, key "a" { p = 2 }': {"key": {"a": [{"p": 1}, {"p": 2}]}},
    "check { id = 1 }\r\ncheck { id = 2 }\r\ncheck { id = 3 }": {"check": [{"id": 1}, {"id": 2}, {"id": 3}]},
    "a = 1.5 b = 0x1F c = -3 d = 1e3 e = true f = false": {"a": 1.5, "b": 31, "c": -3, "d": 1000.0, "e": True, "f": False},
    'a = ["x", 1, [true], {b = 2},]': {"a": ["x", 1, [True], {"b": 2}]},
    r'a = "\n\"\\\u00e4\x41\101"': {"a": '\n"\\äAA'},
    'a = "${f("x")}\\n"': {"a": '${f("x")}\n'},
    "a = <<EOF\n one\n\n two\nEOF\nb = 1": {"a": " one\n\n two\n", "b": 1},
    "a = <<-EOF\n   one\n  two\n  EOF\n": {"a": " one\ntwo\n"},
    "a.b-c_d = 1\nä = 2": {"a.b-c_d": 1, "ä": 2},
    "a = 1 b =": {"a": 1},
}


@pytest.mark.parametrize("text", _MEANS)
def test_valid_text(text: str) -> None:
    assert parse(text) == _MEANS[text]


_REFUSED = {
    'key "a" { policy = "read"': "At 1:27: object expected closing RBRACE got: EOF",
    'key "a" = "read"': "At 1:9: nested object expected: LBRACE got: ASSIGN",
    'key "a" { policy = read }': "At 1:20: Unknown token: 1:20 IDENT read",
    "[]": "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: LBRACK",
    '"key"': "At 1:6: key '\"key\"' expected start of object ('{') or assignment ('=')",
    'key "a"': "At 1:8: key 'key \"a\"' expected start of object ('{') or assignment ('=')",
    'key "a" { policy }': "At 1:18: key 'policy' expected start of object ('{') or assignment ('=')",
    'key "a" { policy = }': "At 1:20: Unknown token: 1:20 RBRACE }",
    "true = 1": "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: BOOL",
    "acl = [1": "At 1:11: error parsing list, expected comma or list end, got: EOF",
    "acl = -x": "At 1:7: Unknown token: 1:7 SUB -",
    'acl = "\\x6"': "At 1:11: illegal char escape",
    "acl = <<\nread": "At 1:9: zero-length heredoc anchor",
    "acl = <<E read\nE\n": "At 1:10: invalid characters in heredoc anchor",
    "/": "At 1:1: expected '/' for comment",
    "b = [{ c = 1 c = 2 }]": "At 1:6: error while trying to parse object within list: "
    'The argument "c" at 1:14 was already set. Each argument can only be defined once',
    'key "a" { policy =': "At 1:20: object expected closing RBRACE got: EOF",
    "=": "At 1:1: no object keys found!",
    'key "a" { policy = "read" } }': "At 1:29: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE",
    'key "a" { policy = "read }': "At 1:27: literal not terminated",
    'key "a {\npolicy = "read" }': "At 1:9: literal not terminated",
    'key "${a\n" { policy = "read" }': "At 2:22: literal not terminated",
    "/* x": "At 1:5: comment not terminated",
    'key "a" { policy = "read"; }': "At 1:26: illegal char",
    "acl = <<EOF\nread\n": "At 3:1: heredoc not terminated",
    'key "\\q" { policy = "read" }': "At 1:7: illegal char escape",
    "acl = [": "At 1:8: unexpected token while parsing list: EOF",
    'acl = ["read"': "At 1:14: error parsing list, expected comma or list end, got: EOF",
    'acl = [ "a" "b" ]': "At 1:13: error parsing list, expected comma or list end, got: STRING",
    'acl="read"\0': "At 1:11: unexpected null character (0x00)",
    "1 = 2": "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: NUMBER",
    'key "a" {\n  policy = "read"\n  }\n\n\n  }': "At 6:3: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE",
    'acl = "read" acl = "write"': 'The argument "acl" at 1:14 was already set. Each argument can only be defined once',
}


@pytest.mark.parametrize("text", _REFUSED)
def test_invalid_text(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(text)
    assert str(refused.value) == _REFUSED[text]


def test_before_1_15_the_last_of_two_arguments_counts() -> None:
    assert parse("a = 1 a = 2", once=False) == {"a": 2}


_PIECES = st.sampled_from(
    ['key "a" {', "}", "=", "[", "]", ",", '"', "${", "x", "1", "<<E\n", "E\n", "/*", "*/", "#", "\n", "\\", "true", "{"]
)


@given(st.lists(_PIECES | st.text(max_size=5), max_size=40).map(" ".join) | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse(text), dict)


@pytest.mark.parametrize(
    "text",
    [
        'a = "' + "${x}" * 5000,
        "{" * 100_000,
        '{"a":' * 100_000,
        '{"a":' * 1_000 + "1" + "}" * 1_000,
        "a = " + "[" * 100_000,
        "a {" * 100_000,
        '"' + "\\" * 100_001,
        "a=<<E\n" * 5000,
    ],
)
def test_large_and_deeply_nested_text_is_read_quickly(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


_VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), _VALUES, max_size=4))
def test_written_values_are_read(value: dict[str, Any]) -> None:
    """From JSON, and from arguments of HCL."""
    assert parse(json.dumps(value)) == value
    assert parse("\n".join(f"{name} = {_written(one)}" for name, one in value.items())) == value


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + "\n".join(f"{name} = {_written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return json.dumps(value)
