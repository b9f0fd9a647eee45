"""The grammar of `filter` expressions. An error lists what was expected at the farthest place that was reached."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Tree = tuple[Any, ...]

_BLANK, _FIRST, _FURTHER, _DIGIT = "[ \\t\\r\\n]", "[a-zA-Z]", "[a-zA-Z0-9_]", "[1-9]"

_IDENTIFIER = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_BLANKS = re.compile(r"[ \t\r\n]+")


#: The deepest nesting. Real agents take half a minute for ten parentheses in each other.
_DEEPEST = 50


class _No(Exception):
    """The rule does not match here."""


def parse(text: str) -> Tree:
    """Parse an expression. Raises SyntaxError in Consul's words."""
    return _Parser(text).parse_all()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = self._farthest = self._depth = 0
        self._expected: set[str] = set()

    def parse_all(self) -> Tree:
        """Parse the expression, up to the end of the text."""
        try:
            self._maybe(self._blanks)
            tree = self._or()
            self._maybe(self._blanks)
            if self._place < len(self._text):
                self._miss("EOF")
        except _No:
            raise self._fault(self._farthest, self._wanted()) from None
        return tree

    def _fault(self, place: int, what: str) -> SyntaxError:
        before = self._text[:place]
        line, column = before.count("\n") + 1, place - before.rfind("\n")
        return SyntaxError(f"{line}:{column} ({place}): {what}")

    def _wanted(self) -> str:
        shown = sorted(self._expected - {"EOF"}) + (["EOF"] if "EOF" in self._expected else [])
        return "no match found, expected: " + (", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else shown[0])

    def _miss(self, *expected: str) -> None:
        if self._place > self._farthest:
            self._farthest, self._expected = self._place, set()
        if self._place == self._farthest:
            self._expected.update(expected)
        raise _No

    def _maybe(self, rule: Callable[[], Any]) -> Any:
        before = self._place
        try:
            return rule()
        except _No:
            self._place = before
            return None

    def _first(self, *rules: Callable[[], Any]) -> Any:
        for rule in rules[:-1]:
            if (found := self._maybe(rule)) is not None:
                return found
        return rules[-1]()

    def _literal(self, text: str) -> str:
        if not self._text.startswith(text, self._place):
            self._miss(json.dumps(text))
        self._place += len(text)
        return text

    def _take(self, pattern: re.Pattern[str], *expected: str) -> str:
        found = pattern.match(self._text, self._place)
        if found is None:
            self._miss(*expected)
        assert found is not None, "it would have been missed"
        self._place = found.end()
        return found[0]

    def _blanks(self) -> str:
        found = self._take(_BLANKS, _BLANK)
        if self._place >= self._farthest:
            self._maybe(lambda: self._miss(_BLANK))
        return found

    def _or(self) -> Tree:
        return self._several("or", self._and)

    def _and(self) -> Tree:
        return self._several("and", self._not)

    def _several(self, word: str, rule: Callable[[], Tree]) -> Tree:
        """Read what matches a rule, once or several times with a word between."""
        found = [rule()]
        while (right := self._maybe(lambda: self._operand(word, rule))) is not None:
            found.append(right)
        return found[0] if len(found) == 1 else (word, found)

    def _operand(self, word: str, rule: Callable[[], Tree]) -> Tree:
        self._blanks()
        self._literal(word)
        self._blanks()
        return rule()

    def _not(self) -> Tree:
        depth = self._depth
        if depth == _DEEPEST:
            raise self._fault(self._place, "nested too deeply")
        try:
            self._depth += 1
            return self._negatable()
        finally:
            self._depth = depth

    def _negatable(self) -> Tree:
        def negation() -> Tree:
            self._literal("not")
            self._blanks()
            return ("not", self._not())

        found: Tree = self._first(negation, self._group, self._match)
        return found

    def _group(self) -> Tree:
        self._literal("(")
        self._maybe(self._blanks)
        tree = self._or()
        self._maybe(self._blanks)
        if not self._text.startswith(")", self._place):
            raise self._fault(self._place, 'rule "grouping": Unmatched parentheses')
        self._place += 1
        return tree

    def _match(self) -> Tree:
        found: Tree = self._first(self._selector_first, self._value_first)
        return found

    def _selector_first(self) -> Tree:
        selector = self._selector()
        comparison = self._maybe(self._comparison)
        if comparison is None:
            self._blanks()
            comparison = self._first(self._word_operator, self._negation)
        operator, value = comparison
        return operator, selector, value

    def _comparison(self) -> tuple[str, str]:
        self._maybe(self._blanks)
        operator = "Equal" if self._maybe(lambda: self._literal("==")) else self._literal("!=") and "Not Equal"
        self._maybe(self._blanks)
        return operator, self._value()

    def _word_operator(self) -> tuple[str, str | None]:
        word = self._first(*(lambda word=word: self._literal(word) for word in ("is", "contains", "matches")))
        self._blanks()
        if word != "is":
            return {"contains": "In", "matches": "Matches"}[word], self._value()
        if self._maybe(lambda: (self._literal("not"), self._blanks())):
            self._literal("empty")
            return "Is Not Empty", None
        self._literal("empty")
        return "Is Empty", None

    def _negation(self) -> tuple[str, str]:
        self._literal("not")
        self._blanks()
        word = self._first(lambda: self._literal("contains"), lambda: self._literal("matches"))
        self._blanks()
        return {"contains": "Not In", "matches": "Not Matches"}[word], self._value()

    def _value_first(self) -> Tree:
        value = self._value()
        self._blanks()
        operator = "Not In" if self._maybe(lambda: (self._literal("not"), self._blanks())) else "In"
        self._literal("in")
        self._blanks()
        place = self._place
        selector = self._maybe(self._selector)
        if selector is None:
            raise self._fault(place, 'rule "match": Invalid selector')
        return operator, selector, value

    def _selector(self) -> tuple[str, ...]:
        parts = [self._identifier()]
        while (part := self._maybe(lambda: self._first(self._member, self._index))) is not None:
            parts.append(part)
        return tuple(parts)

    def _identifier(self) -> str:
        found = self._take(_IDENTIFIER, _FIRST)
        self._maybe(lambda: self._miss(_FURTHER))
        return found

    def _member(self) -> str:
        self._literal(".")
        return self._identifier()

    def _index(self) -> str:
        self._literal("[")
        self._maybe(self._blanks)
        name = self._string()
        self._maybe(self._blanks)
        self._literal("]")
        return name

    def _value(self) -> str:
        found: str = self._first(lambda: ".".join(self._selector()), self._number, self._string)
        return found

    def _number(self) -> str:
        found = _NUMBER.match(self._text, self._place)
        if found is None:
            self._miss('"-"', '"0"', _DIGIT)
        assert found is not None, "it would have been missed"
        if found.end() < len(self._text) and self._text[found.end()] not in " \t\r\n)":
            raise self._fault(found.end(), 'rule "number": Invalid number literal')
        self._place = found.end()
        return found[0]

    def _string(self) -> str:
        for mark in ("`", '"'):
            if not self._text.startswith(mark, self._place):
                continue
            end = self._text.find(mark, self._place + 1)
            if end < 0:
                raise self._fault(self._place, 'rule "string": Unterminated string literal')
            place, self._place = self._place, end + 1
            found = self._text[place + 1 : end]
            return found if mark == "`" else self._unquote(found, place)
        self._miss('"\\""', '"`"')
        raise AssertionError("it would have been missed")

    def _unquote(self, text: str, place: int) -> str:
        try:
            found: str = json.loads(f'"{text}"')
        except ValueError:
            raise self._fault(place, 'rule "string": invalid syntax') from None
        return found
