"""Templates of prepared queries.

https://developer.hashicorp.com/consul/api-docs/query#prepared-query-templates
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.versions import V1_X, Version
from consul_proto.simulator.go.regexp import expression

Query = dict[str, Any]

#: The deepest nesting of calls, because of Python's own limit.
_DEPTH = 50

#: The tokens of an expression in a template: https://github.com/hashicorp/hil#language
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][\w.*-]*)|(?P<number>-?[0-9]+)|(?P<mark>\})|(?P<operator>[-+*/%=!<>&|?:\[\](),.\"])|(?P<end>\Z)|(?P<odd>.))",
    re.ASCII | re.DOTALL,
)

#: The variables of a template, and the groups that its expression matched.
Bindings = tuple[Mapping[str, str], Sequence[str]]
Part = str | Callable[[Bindings], str]


def _map_texts(value: Any, change: Callable[[str, str], Any], where: str = "Service") -> Any:
    """Change the texts that a template may fill in. change: gets where a text is, and the text."""
    if isinstance(value, str):
        return change(where, value)
    if isinstance(value, list):
        return [_map_texts(one, change, f"{where}[{place}]") for place, one in enumerate(value)]
    under = "{}.{}" if where in ("Service", "Service.Failover") else "{}[{}]"
    return {key: _map_texts(one, change, under.format(where, key)) for key, one in value.items()} if isinstance(value, dict) else value


def fill_in(query: Query, name: str, *, version: Version) -> Query:
    """Fill in a template for a name. Raises ValueError in Consul's words."""
    template, formats = query["Template"], {}

    def read(where: str, text: str) -> None:
        try:
            formats[where] = _Format(text, version=version).parts()
        except ValueError as error:
            raise ValueError(f"Bad format '{text}' in {where}: {error}") from None

    def fill(where: str, text: str) -> str:
        try:
            return "".join(_value(part, given) for part in formats[where])
        except ValueError as error:
            raise ValueError(f"Bad evaluation for '{text}' in {where}: {error}") from None

    _map_texts(query["Service"], read)
    try:
        matched = expression(template["Regexp"]).search(name) if template["Regexp"] else None
    except ValueError as error:
        raise ValueError(f"Bad Regexp: {error}") from None
    variables = {"name.full": name, "name.prefix": query["Name"], "name.suffix": name.removeprefix(query["Name"]), "agent.segment": ""}
    given: Bindings = variables, [matched[0], *matched.groups("")] if matched else []
    service = _map_texts(query["Service"], fill)
    tags = {"Tags": [tag for tag in service["Tags"] or () if tag]} if template["RemoveEmptyTags"] else {}
    return {**query, "Service": service | tags}


class _Format:
    """A text with expressions: variables and `match`. The rest of HIL is not simulated."""

    def __init__(self, text: str, *, version: Version) -> None:
        self._text, self._place, self._version = text, 0, version

    def parts(self) -> list[Part]:
        """Parse the text. Raises ValueError for invalid expressions."""
        if self._version < V1_X and self._text == "$":
            return []
        parts: list[Part] = []
        while self._place < len(self._text):
            two = self._text[self._place : self._place + 2]
            self._place += 2 if two in ("$$", "${") else 1
            parts.append(self._expression() if two == "${" else two[0])
            if two == "${":
                self._expect("}")
        return parts

    def _next(self) -> tuple[int, str, str]:
        """Return the next token: its place, its kind and its text."""
        found = _TOKEN.match(self._text, self._place)
        assert found, "anything is a token"
        self._place, kind = found.end(), str(found.lastgroup)
        return found.start(kind) + 1, kind, found[kind]

    def _unexpected(self, wanted: str, place: int, kind: str, token: str) -> Exception:
        if kind == "operator":
            return Refusal(501, f"the simulator does not know {token} in {self._text}")
        found = {"end": "end of string", "odd": f'invalid sequence "{token}"', "number": f"integer {token}"}.get(kind, f'"{token}"')
        if self._version < V1_X:
            return ValueError("parse error: syntax error")
        return ValueError(f"parse error at 1:{place}: expected {wanted} but found {found}")

    def _expect(self, mark: str) -> None:
        found = self._next()
        if found[2] != mark:
            raise self._unexpected(f'"{mark}"', *found)

    def _expression(self, depth: int = 0) -> Part:
        if depth > _DEPTH:
            raise Refusal(501, f"the simulator does not know calls so deep: {self._text[:_DEPTH]}")
        place, kind, word = self._next()
        if kind == "number":
            return word
        if kind != "name" or (word in ("true", "false") and self._version >= V1_X):
            raise self._unexpected("expression", place, "operator" if kind == "name" else kind, word)
        if not self._text[self._place :].lstrip().startswith("("):
            return partial(_variable, place, word)
        self._expect("(")
        argument = self._expression(depth + 1)
        self._expect(")")
        return partial(_match_group, place, word, argument)


def _value(part: Part, given: Bindings) -> str:
    return part if isinstance(part, str) else part(given)


def _variable(place: int, name: str, given: Bindings) -> str:
    if name not in given[0]:
        raise ValueError(f"1:{place}: unknown variable accessed: {name}")
    return given[0][name]


def _match_group(place: int, name: str, argument: Part, given: Bindings) -> str:
    number = _value(argument, given)
    if name != "match":
        raise ValueError(f"1:{place}: unknown function called: {name}")
    if not re.fullmatch("-?[0-9]+", number):
        raise ValueError(f'__builtin_StringToInt: strconv.ParseInt: parsing "{number}": invalid syntax')
    return given[1][int(number)] if 0 <= int(number) < len(given[1]) else ""
