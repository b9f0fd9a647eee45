"""Format HCL as `hclfmt` does: https://github.com/hashicorp/hcl/tree/hcl1/hcl/printer.

Lists are not formatted. Comments at the end of a line are kept, but not aligned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

#: The parts of a text that hcl.py has parsed without errors.
_PARTS = re.compile(
    r"""
      (?P<blank>   [ \t\r\n,]+ )
    | (?P<comment> \#[^\n]* | //[^\n]* | /\*.*?\*/ )
    | (?P<literal> <<-?(?P<end>\w+)\r?\n.*?^[ \t]*(?P=end)$ | "(?: \\. | \$\{[^}]*\} | [^"\\] )*"
      | -?(?:0[xX][0-9A-Fa-f]+ | \d*\.?\d+(?:[eE][+-]?\d+)?) | [^\W\d][\w.-]* )
    | (?P<mark>    [{}=] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


_BRACKET = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]]', re.DOTALL)


class _Part(NamedTuple):
    """A word, a mark or a comment. lines: the numbers of its first and last line."""

    kind: str
    text: str
    lines: tuple[int, int]


class _Item:
    """A key with a value, or a block with items. lead: the comment lines directly above. after: the comment at the end of its line."""

    def __init__(self, line: int, lead: list[str]) -> None:
        self.line, self.lead = line, lead
        self.keys: list[str] = []
        self.value = self.after = ""
        self.block: list[_Item | list[_Part]] | None = None
        self.is_assignment = False


class _Reader:
    """Groups parts into items. rename: returns the new first key of an item."""

    def __init__(self, text: str, rename: Callable[[str], str]) -> None:
        self._rename = rename
        self._parts: list[_Part] = []
        self._at = 0
        place = 0
        while place < len(text):
            found = _PARTS.match(text, place)
            end = _list_end(text, place) if found is None else found.end()
            if found is None or not found["blank"]:
                kind = "comment" if found and found["comment"] else "mark" if found and found["mark"] else "literal"
                first, part = text.count("\n", 0, place) + 1, text[place:end].rstrip("\r")
                self._parts.append(_Part(kind, part, (first, first + part.count("\n"))))
            place = end

    def items(self) -> list[_Item | list[_Part]]:
        """Return the items up to the end of the block, with the comments between them."""
        found: list[_Item | list[_Part]] = []
        while self._at < len(self._parts) and self._parts[self._at].text != "}":
            groups = self._comments()
            is_end = self._at == len(self._parts) or self._parts[self._at].text == "}"
            lead: list[_Part] = []
            if groups and not is_end and groups[-1][-1].lines[1] + 1 == self._parts[self._at].lines[0]:
                lead = groups.pop()
            found += groups
            if not is_end:
                found.append(self._item([part.text for part in lead]))
        self._at += 1
        return found

    def _comments(self) -> list[list[_Part]]:
        """Return the comments at this place; those on consecutive lines are one group."""
        groups: list[list[_Part]] = []
        while self._at < len(self._parts) and self._parts[self._at].kind == "comment":
            part = self._parts[self._at]
            if groups and groups[-1][-1].lines[1] + 1 >= part.lines[0]:
                groups[-1].append(part)
            else:
                groups.append([part])
            self._at += 1
        return groups

    def _next(self) -> _Part:
        """Return the next part. A comment within an item is lost."""
        self._comments()
        self._at += 1
        return self._parts[self._at - 1]

    def _item(self, lead: list[str]) -> _Item:
        item = _Item(self._parts[self._at].lines[0], lead)
        value = self._next()
        while value.kind == "literal":
            item.keys.append(value.text)
            value = self._next()
        item.keys[0] = self._rename(item.keys[0])
        if value.text == "=":
            item.is_assignment = True
            value = self._next()
        if value.text == "{":
            item.block = self.items()
        else:
            item.value = value.text
        self._behind(item)
        return item

    def _behind(self, item: _Item) -> None:
        """Read the comment at the end of the item's line."""
        if self._at < len(self._parts) and self._parts[self._at].kind == "comment":
            part, last = self._parts[self._at], self._parts[self._at - 1].lines[1]
            ends = self._at + 1 == len(self._parts) or self._parts[self._at + 1].lines[0] != part.lines[1]
            if part.lines[0] == last == item.line and ends:
                item.after = part.text
                self._at += 1


def _list_end(text: str, start: int) -> int:
    """Return where a list ends."""
    depth = 0
    for found in _BRACKET.finditer(text, start):
        depth += {"[": 1, "]": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    return len(text)


def format_hcl(text: str, rename: Callable[[str], str] = str) -> str:
    """Format a valid text. rename: returns the new first key of an item."""
    items, written = _Reader(text, rename).items(), ""
    for number, item in enumerate(items):
        is_last = number == len(items) - 1
        if not isinstance(item, _Item):
            before = "\n\n" if is_last and number else ""
            written += before + "".join(part.text + "\n" for part in item) + ("" if is_last else "\n")
            continue
        written += _format_item(item)
        if not is_last and any(isinstance(other, _Item) for other in items[number + 1 :]):
            following = items[number + 1]
            close = isinstance(following, _Item) and following.line == item.line + 1 and _is_bare(item) and _is_bare(following)
            written += "\n" if close else "\n\n"
    return written


def _is_bare(item: _Item) -> bool:
    return item.block == [] and not item.lead and not item.is_assignment


def _format_item(item: _Item, width: int = 0) -> str:
    """Format an item. width: of its key, to align it with its neighbours."""
    keys = " ".join(item.keys)
    head = f"{keys.ljust(width)} =" if item.is_assignment else keys
    value = item.value if item.block is None else _block(item.block)
    return "\n".join((*item.lead, f"{head} {value}{' ' * bool(item.after)}{item.after}"))


def _block(items: list[_Item | list[_Part]]) -> str:
    """Format a block. Items on consecutive lines stay together; blank lines separate the rest."""
    paragraphs: list[str] = []
    for number, item in enumerate(items):
        before = items[number - 1] if number else None
        if not isinstance(item, _Item):
            paragraphs.append("\n".join(part.text for part in item))
        elif isinstance(before, _Item) and _is_neighbour(before, item):
            paragraphs[-1] += "\n" + _format_item(item, _width(items, number))
        else:
            paragraphs.append(_format_item(item, _width(items, number)))
    inside = "\n\n".join(paragraphs)
    return "{\n" + _indent(inside) + "\n}" if inside else "{}"


def _is_neighbour(one: _Item, other: _Item) -> bool:
    is_short = _format_item(one).count("\n") <= 1 and _format_item(other).count("\n") <= 1
    return is_short and one.line + 1 == other.line


def _width(items: list[_Item | list[_Part]], number: int) -> int:
    """Return the width of the longest key among the items that stand together."""
    first = last = number
    while first and _together(items[first - 1], items[first]):
        first -= 1
    while last + 1 < len(items) and _together(items[last], items[last + 1]):
        last += 1
    together = [item for item in items[first : last + 1] if isinstance(item, _Item)]
    return max(len(" ".join(item.keys)) for item in together) if len(together) > 1 else 0


def _together(one: _Item | list[_Part], other: _Item | list[_Part]) -> bool:
    return isinstance(one, _Item) and isinstance(other, _Item) and _is_neighbour(one, other)


def _indent(text: str) -> str:
    """Indent each line, except in heredocs, which it would change."""
    end, lines = "", []
    for line in text.split("\n"):
        lines.append("  " + line if line and not end else line)
        if end and line.strip() == end:
            end = ""
        elif begin := re.search(r"<<-?(\w+)$", line):
            end = begin[1]
    return "\n".join(lines)
