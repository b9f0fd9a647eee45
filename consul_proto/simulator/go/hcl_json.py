"""JSON as the parser of HCL 1 reads it, which agents use for rules: https://github.com/hashicorp/hcl/tree/hcl1/json.

It accepts trailing commas, any text after the first object, and an object without its end. Errors have the words of that parser.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from consul_proto.simulator.go.hcl_nodes import Array, Item, Key, Literal, Node, Object

#: The deepest nesting of objects and lists.
_DEEPEST = 200

_BLANKS = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"[^\W\d][\w-]*")
_FLOAT = re.compile(r"-?(?:[0-9]+(?:[eE][+-]?[0-9]*|\.[0-9]*(?:[eE][+-]?[0-9]*)?)|\.[0-9]+(?:[eE][+-]?[0-9]*)?)")
_NUMBER = re.compile(r"-?[0-9]+")
_MARKS = {"[": "LBRACK", "]": "RBRACK", "{": "LBRACE", "}": "RBRACE", ",": "COMMA", ":": "COLON", ".": "PERIOD"}
_WORDS = {"true": "BOOL", "false": "BOOL", "null": "NULL"}

#: The digits of the escapes in a string: their base and their number. The first digit of an octal one takes the place of a letter.
_DIGITS = {"x": (16, 2), "u": (16, 4), "U": (16, 8), **dict.fromkeys("01234567", (8, 3))}
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\\"]))")


class _Token(NamedTuple):
    """A token: its kind, its text and its place."""

    kind: str
    written: str
    place: int


class _End(Exception):
    """The text ends here, which closes all objects."""


def parse_json(text: str) -> list[Item]:
    """Parse the first object of a text. Raises ValueError in the words of HCL's parser."""
    parser = _Parser(_Scanner(text))
    try:
        found = parser.root()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as error:
        raise ValueError(parser.scanner.fault or str(error)) from None
    if parser.scanner.fault:
        raise ValueError(parser.scanner.fault)
    return _flatten(found.items)


class _Scanner:
    """Cuts a text into tokens. fault: what is wrong with it; the last fault counts."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self.fault = ""

    def where(self, place: int) -> str:
        """Return a place as line and column."""
        return f"{self._text.count(chr(10), 0, place) + 1}:{place - self._text.rfind(chr(10), 0, place)}"

    def _wrong(self, says: str, place: int) -> str:
        self.fault = f"{self.where(place)}: {says}"
        return "ILLEGAL"

    def scan(self) -> _Token:
        """Return the next token. A null character ends the text."""
        match = _BLANKS.match(self._text, self._place)
        start = self._place = match.end() if match else self._place
        kind = self._kind(self._text[start : start + 1])
        return _Token(kind, self._text[start : self._place], start)

    def _kind(self, first: str) -> str:
        """Read one token, and return its kind."""
        start = self._place
        if first in ("", "\0"):
            return "EOF"
        if first == '"':
            return self._string()
        if word := _WORD.match(self._text, start):
            self._place = word.end()
            is_last = self._place == len(self._text)
            return _WORDS.get(word[0]) or self._wrong("illegal char", self._place - (not is_last))
        if number := _FLOAT.match(self._text, start) or _NUMBER.match(self._text, start):
            self._place = number.end()
            is_float = not _NUMBER.fullmatch(number[0])
            if not is_float and re.match("-?0.", number[0]):
                self._wrong("numbers cannot start with 0", self._place - 1)
            return "FLOAT" if is_float else "NUMBER"
        self._place += 1
        return _MARKS.get(first) or self._wrong("illegal char" if first == "-" else f"illegal char: {first}", start)

    def _string(self) -> str:
        """Read a string."""
        self._place += 1
        while True:
            character = self._text[self._place : self._place + 1]
            if character in ("", "\n", "\0"):
                self._wrong("literal not terminated", self._place)
                self._place += 1
                return "STRING"
            self._place += 1
            if character == '"':
                return "STRING"
            if character == "\\":
                self._escape()

    def _escape(self) -> None:
        letter = self._text[self._place : self._place + 1]
        if letter not in _DIGITS:
            if letter not in _PLAIN or not letter:
                self._wrong("illegal char escape", self._place)
            self._place += 1
            return
        base, count = _DIGITS[letter]
        self._place += base == 16
        for _ in range(count):
            if not re.match("[0-7]" if base == 8 else "[0-9a-fA-F]", self._text[self._place : self._place + 1]):
                self._wrong("illegal char escape", self._place)
                return
            self._place += 1


def _unquote(written: str) -> str:
    """Return the value of a valid string. A code that is no character becomes U+FFFD; 1.22.5 closes the connection then."""

    def character(escape: re.Match[str]) -> str:
        *codes, octal, plain = escape.groups()
        if plain is not None:
            return _PLAIN[plain]
        code = int(octal, 8) if octal is not None else int(next(one for one in codes if one is not None), 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"

    return _ESCAPE.sub(character, written[1:-1])


class _Parser:
    """A parser that reads token by token."""

    def __init__(self, scanner: _Scanner) -> None:
        self.scanner = scanner
        self._depth = 0
        self._token = _Token("EOF", "", 0)

    def root(self) -> Object:
        """Read the object that the text begins with."""
        self._scan()
        return self._object()

    def _scan(self) -> str:
        self._token = self.scanner.scan()
        return self._token.kind

    def _object(self) -> Object:
        """Read the items up to the end of the object, or up to what cannot be an item."""
        depth = self._deeper()
        found: list[Item] = []
        try:
            while True:
                found.append(self._item())
                if self._scan() != "COMMA":
                    break
        except _End:
            pass
        except ValueError:
            if self._token.kind != "RBRACE":
                raise
        self._depth = depth
        return Object(found)

    def _item(self) -> Item:
        keys: list[Key] = []
        while (kind := self._scan()) == "STRING":
            keys.append(Key(_unquote(self._token.written), written=self._token.written))
        if kind == "EOF":
            raise _End
        if kind != "COLON" or not keys:
            raise ValueError("illegal" if kind == "ILLEGAL" else f"expected: STRING got: {kind}")
        return Item(tuple(keys), self._value())

    def _value(self) -> Node:
        kind = self._scan()
        if kind == "EOF":
            raise _End
        if kind == "LBRACE":
            return self._object()
        if kind == "LBRACK":
            return self._array()
        return self._literal() or self._no_value()

    def _no_value(self) -> NoReturn:
        kind, written, place = self._token
        raise ValueError(f"Expected object value, got unknown token: {self.scanner.where(place)} {kind} {written}")

    def _literal(self) -> Literal | None:
        """Return the current token as a value, None if it is none. null becomes an empty text."""
        kind, written, _ = self._token
        if kind == "STRING":
            return Literal(kind, _unquote(written), written)
        if kind == "NULL":
            return Literal("STRING", "", '""')
        return Literal(kind, written, written) if kind in ("NUMBER", "FLOAT", "BOOL") else None

    def _array(self) -> Array:
        """Read a list. Bools and the beginnings of inner lists are ignored, so the end of an inner list also ends the outer one."""
        depth = self._deeper()
        found: list[Node] = []
        while (kind := self._scan()) != "RBRACK":
            if kind == "LBRACE":
                found.append(self._object())
            elif kind in ("NUMBER", "FLOAT", "STRING"):
                if (literal := self._literal()) is not None:
                    found.append(literal)
            elif kind not in ("COMMA", "BOOL", "LBRACK"):
                raise ValueError(f"unexpected token while parsing list: {kind}")
        self._depth = depth
        return Array(found)

    def _deeper(self) -> int:
        """Go one level deeper, and return the level before."""
        if self._depth == _DEEPEST:
            raise RecursionError
        self._depth += 1
        return self._depth - 1


def _flatten(items: list[Item]) -> list[Item]:
    """Make an item of each object inside objects, and inside lists that contain only objects: {"key": {"a": {}}} becomes key "a" {}."""
    found: list[Item] = []
    for item in items:
        inner = _inner(item)
        if inner:
            found += _flatten(inner)
        else:
            found.append(Item(item.keys, _flattened(item.value)))
    return found


def _inner(item: Item) -> list[Item]:
    """Return the items that an item is made into, none if it stays one."""
    value = item.value
    if isinstance(value, Object) and all(isinstance(one.value, Object) for one in value.items):
        return [Item(item.keys + one.keys, one.value) for one in value.items]
    if isinstance(value, Array) and all(isinstance(one, Object) for one in value.values):
        return [Item(item.keys, one) for one in value.values]
    return []


def _flattened(node: Node) -> Node:
    if isinstance(node, Object):
        return Object(_flatten(node.items))
    return Array([_flattened(one) for one in node.values]) if isinstance(node, Array) else node
