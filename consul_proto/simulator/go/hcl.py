"""HCL 1, the language of rules and configuration files, and JSON, which can be used instead.

https://github.com/hashicorp/hcl/tree/hcl1#syntax. Errors are in the words of real agents, with line and column.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from consul_proto.nesting import check_depth
from consul_proto.simulator.go.hcl_json import parse_json
from consul_proto.simulator.go.hcl_nodes import Array, Item, Key, Literal, Node, Object, value_of
from consul_proto.simulator.go.quoting import quote

#: The kinds of tokens. The first match counts.
_TOKENS = re.compile(
    r"""
      (?P<BLANK>   [ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*.*?\*/ )
    | (?P<HEREDOC> <<-?[A-Za-z0-9_]+\r?\n )
    | (?P<BOOL>    (?:true|false)(?![\w.-]) )
    | (?P<IDENT>   [^\W\d][\w.-]* )
    | (?P<FLOAT>   -?(?:\d*\.\d+(?:[eE][+-]?\d+)? | \d+[eE][+-]?\d+) )
    | (?P<NUMBER>  -?(?:0[xX][0-9A-Fa-f]+ | 0(?![xX])\d* | [1-9]\d*) )
    | (?P<STRING>  "(?P<inside>(?: \\. | \$\{(?:[^{}]|\{[^{}]*\})*\} | \$(?!\{) | [^"\\\n$] )*)" )
    | (?P<PERIOD>  \. ) | (?P<ADD> \+ ) | (?P<SUB> - )
    | (?P<ASSIGN>  = ) | (?P<LBRACE> \{ ) | (?P<RBRACE> \} ) | (?P<LBRACK> \[ ) | (?P<RBRACK> \] ) | (?P<COMMA> , )
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([0-7]{3})|(.))", re.DOTALL)

#: The beginning of an escape that has too few digits.
_DIGITS = re.compile(r"[xuU][0-9A-Fa-f]*|[0-7]+")

_SINGLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}

_INTERPOLATED = re.compile(r"(\$\{(?:[^{}]|\{[^{}]*\})*\})")

#: How many characters further Consul looks for the end of a word or a number, also at the end of the text.
_OVERRUN = {"IDENT": 1, "BOOL": 1, "NUMBER": 2, "FLOAT": 1}

#: The faults of what begins no token, by its beginning: what is wrong, and how far from there.
_FAULTS = {
    re.compile(r"/"): ("expected '/' for comment", 0),
    re.compile(r"<(?!<)"): ("heredoc expected second '<', didn't see it", 1),
    re.compile(r"<<-?[A-Za-z0-9_]*\Z"): ("heredoc not terminated", None),
    re.compile(r"<<-?(?=\n)"): ("zero-length heredoc anchor", None),
    re.compile(r"<<-?[A-Za-z0-9_]*(?=[^A-Za-z0-9_])"): ("invalid characters in heredoc anchor", None),
    re.compile(r"-?0[xX]"): ("illegal hexadecimal number", None),
}

_LITERALS = frozenset({"NUMBER", "FLOAT", "BOOL", "STRING", "HEREDOC"})

#: The deepest nesting of blocks and lists.
_DEEPEST = 200


class _Token(NamedTuple):
    """A token: its kind, its text, its place and its value."""

    kind: str
    written: str
    place: int
    value: Any = None


def parse(text: str, *, once: bool = True) -> dict[str, Any]:
    """Parse HCL or JSON.

    once: refuse an argument that is set twice, as agents do since 1.15; otherwise the last one counts.

    A block becomes a dict below its labels: `key "a" { policy = "read" }` is {"key": {"a": {"policy": "read"}}}. Blocks with the same
    labels become a list of dicts. Raises ValueError with Consul's words.
    """
    if text.lstrip().startswith("{"):
        try:
            check_depth(text.encode("utf-8", "surrogatepass"))
            found = json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return found if isinstance(found, dict) else {}
    found = value_of(Object(_Parser(text, once=once).parse_all()))
    return found if isinstance(found, dict) else {}


def parse_items(text: str, *, once: bool = True) -> list[Item]:
    """Parse HCL, or JSON as HCL's own parser reads it. Raises ValueError with Consul's words. once: see `parse`."""
    return parse_json(text) if text.lstrip().startswith("{") else _Parser(text, once=once).parse_all()


class _Parser:
    """A parser that reads token by token."""

    def __init__(self, text: str, *, once: bool) -> None:
        self._text, self._once = text.replace("\r\n", "\n"), once
        self._place = self._depth = 0
        self._overrun = 0
        self._token = self._scan()

    def parse_all(self) -> list[Item]:
        return self._items("EOF")

    def _items(self, *ends: str) -> list[Item]:
        """Read items up to one of the ends."""
        found: list[Item] = []
        is_set: set[str] = set()
        while self._token.kind not in ends:
            item = self._item()
            if item is None:
                break
            _, place, written = item.keys[-1]
            if self._once and not item.is_block:
                if written in is_set:
                    raise ValueError(f"The argument {quote(written)} at {place} was already set. Each argument can only be defined once")
                is_set.add(written)
            found.append(item)
        return found

    def _fault(self, says: str, place: int) -> ValueError:
        return ValueError(f"At {self._where(place)}: {says}")

    def _where(self, place: int) -> str:
        line = self._text.count("\n", 0, place) + 1
        return f"{line}:{place - self._text.rfind(chr(10), 0, place)}"

    def _next(self) -> _Token:
        """Return the current token, and read the next one."""
        token, self._token = self._token, self._token
        self._token = self._scan()
        return token

    def _scan(self) -> _Token:
        while True:
            place = self._place
            if place == len(self._text):
                return _Token("EOF", "", place + self._overrun)
            match = _TOKENS.match(self._text, place)
            if match is None:
                raise self._illegal(place)
            self._place = match.end()
            kind = match.lastgroup if match.lastgroup != "inside" else "STRING"
            self._overrun = _OVERRUN.get(str(kind), 0)
            if kind == "BLANK":
                continue
            if kind == "HEREDOC":
                return self._heredoc(match[0], place)
            return _Token(str(kind), match[0], place, self._value(str(kind), match))

    def _illegal(self, place: int) -> ValueError:
        if self._text[place] == '"':
            # A line ends the string, unless an interpolation is open.
            end = self._text.find("\n", place)
            goes_on = end < 0 or "${" in self._text[place:end]
            return self._fault("literal not terminated", len(self._text) if goes_on else end)
        if self._text.startswith("/*", place):
            return self._fault("comment not terminated", len(self._text))
        for begins, (says, after) in _FAULTS.items():
            if match := begins.match(self._text, place):
                return self._fault(says, match.end() if after is None else place + after)
        return self._fault("unexpected null character (0x00)" if self._text[place] == "\0" else "illegal char", place)

    def _value(self, kind: str, match: re.Match[str]) -> Any:
        if kind == "STRING":
            # Interpolations are not evaluated, and stay as they are.
            parts = _INTERPOLATED.split(match["inside"])
            place = match.start("inside")
            return "".join(part if number % 2 else self._unescape(part, place) for number, part in enumerate(parts))
        if kind == "NUMBER":
            return int(match[0], 16 if "x" in match[0].lower() else 10)
        if kind == "FLOAT":
            return float(match[0])
        return match[0] == "true" if kind == "BOOL" else match[0]

    def _unescape(self, part: str, place: int) -> str:
        def character(escape: re.Match[str]) -> str:
            single, *codes, wrong = escape.groups()
            if wrong is not None:
                digits = _DIGITS.match(part, escape.start() + 1)
                raise self._fault("illegal char escape", place + (digits.end() if digits else escape.start() + 1))
            if single is not None:
                return _SINGLE[single]
            code = next(int(code, 8 if number == 3 else 16) for number, code in enumerate(codes) if code is not None)
            return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"

        return _ESCAPE.sub(character, part)

    def _heredoc(self, begin: str, place: int) -> _Token:
        """Read a heredoc: the lines up to its name. With "<<-" the common indentation is removed."""
        name = begin.strip().lstrip("<-")
        lines: list[str] = []
        start = self._place
        while start < len(self._text):
            end = self._text.find("\n", start)
            end = len(self._text) if end < 0 else end
            line = self._text[start:end]
            if line.strip() == name:
                self._place = end
                indent = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0) if begin.startswith("<<-") else 0
                return _Token("HEREDOC", begin, place, "".join(one[indent:] + "\n" for one in lines))
            lines.append(line)
            start = end + 1
        raise self._fault("heredoc not terminated", len(self._text))

    def _item(self) -> Item | None:
        """Read a key with a value, or a block with its labels. Commas may separate items. None: the text ends before the value."""
        keys = tuple(Key(key.value if key.kind == "STRING" else key.written, self._where(key.place), key.written) for key in self._keys())
        is_block = self._token.kind != "ASSIGN"
        if not is_block:
            self._next()
            if self._token.kind == "EOF":
                return None
        value = self._block() if is_block else self._object()
        if self._token.kind == "COMMA":
            self._next()
        return Item(keys, value, is_block)

    def _keys(self) -> list[_Token]:
        keys: list[_Token] = []
        while self._token.kind in ("IDENT", "STRING"):
            keys.append(self._next())
        kind, place = self._token.kind, self._token.place
        if kind in ("EOF", "RBRACE") and keys:
            written = " ".join(key.written for key in keys)
            raise self._fault(f"key '{written}' expected start of object ('{{') or assignment ('=')", place)
        if kind not in ("ASSIGN", "LBRACE"):
            raise self._fault(f"expected: IDENT | STRING | ASSIGN | LBRACE got: {kind}", place)
        if not keys:
            raise self._fault("no object keys found!" if kind == "ASSIGN" else f"expected: IDENT | STRING got: {kind}", place)
        if kind == "ASSIGN" and len(keys) > 1:
            raise self._fault("nested object expected: LBRACE got: ASSIGN", place)
        return keys

    def _object(self) -> Node:
        kind = self._token.kind
        if kind == "LBRACE":
            return self._block()
        if kind == "LBRACK":
            return self._list()
        token = self._next()
        if kind in _LITERALS:
            return Literal(kind, token.value, token.written, self._where(token.place))
        raise self._fault(f"Unknown token: {self._where(token.place)} {kind} {token.written}".rstrip(), token.place)

    def _block(self) -> Object:
        self._deeper(self._next())
        found = self._items("RBRACE", "EOF")
        if self._token.kind == "EOF":
            raise self._fault("object expected closing RBRACE got: EOF", self._token.place + 1)
        self._next()
        self._depth -= 1
        return Object(found)

    def _list(self) -> Array:
        opened = self._next()
        self._deeper(opened)
        found: list[Node] = []
        needs_comma = False
        while self._token.kind != "RBRACK":
            kind, place = self._token.kind, self._token.place
            if kind == "COMMA":
                self._next()
                needs_comma = False
            elif needs_comma:
                raise self._fault(f"error parsing list, expected comma or list end, got: {kind}", place)
            elif kind in ("LBRACE", "LBRACK") or kind in _LITERALS:
                found.append(self._element())
                needs_comma = True
            else:
                raise self._fault(f"unexpected token while parsing list: {kind}", place)
        self._next()
        self._depth -= 1
        return Array(found, self._where(opened.place))

    def _element(self) -> Node:
        """Read a value within a list."""
        kind, where = self._token.kind, self._where(self._token.place)
        try:
            return self._object()
        except ValueError as error:
            what = {"LBRACE": "object", "LBRACK": "list"}.get(kind)
            raise (ValueError(f"At {where}: error while trying to parse {what} within list: {error}") if what else error) from None

    def _deeper(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault("nested too deeply", token.place)
