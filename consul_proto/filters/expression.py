"""A filter expression: its text, and how expressions are combined.

https://developer.hashicorp.com/consul/api-docs/features/filtering
"""

from __future__ import annotations

from dataclasses import field
from typing import Generic, NoReturn, TypeVar

from consul_proto.frozen import dataclass
from consul_proto.paths import checked_text

R = TypeVar("R")

#: How tightly the last operator of an expression binds: `or`, `and`, and everything else, which never needs parentheses.
_OR, _AND, _ONE = 0, 1, 2

#: The most levels of parentheses. For each further level, Consul takes about four times as long.
DEEPEST = 5

#: What a string cannot contain unescaped: control characters, the quotation mark and the backslash. Consul's grammar ends a string at the
#: first quotation mark, even after a backslash.
_ESCAPES = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F, ord('"'))},
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    ord("\\"): "\\\\",
}


def quoted(value: str) -> str:
    """Return a string as it is written in an expression. Raises ValueError for surrogates, which UTF-8 cannot express."""
    if value:
        checked_text(value, "a value of a filter")
    written = value.translate(_ESCAPES)
    if written == value:
        return f'"{value}"'
    # Between backquotes nothing is escaped, so regular expressions stay readable.
    is_raw = "`" not in value and not any(character < " " or character == "\x7f" for character in value)
    return f"`{value}`" if is_raw else f'"{written}"'


@dataclass(frozen=True, slots=True, repr=False)
class Filter(Generic[R]):
    """An expression for `filter=`, about rows of the type R. Immutable. `str()` returns the text that Consul receives.

    Combine expressions with `&`, `|` and `~`; parentheses are added where Consul needs them. The selectors of `consulate.filters` make
    expressions.

    listing: the name of the selector. text: the expression. binding: how tightly its last operator binds. depth: how deeply its
    parentheses nest; ValueError if Consul would take too long for them. negated: the expression that this one negates.
    """

    listing: str
    text: str
    binding: int = field(default=_ONE, compare=False)
    depth: int = field(default=0, compare=False)
    negated: Filter[R] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Check how deeply it nests."""
        if self.depth > DEEPEST:
            raise ValueError(
                f"a filter may have at most {DEEPEST} parentheses inside each other, since Consul takes four times as long for each "
                f"further one; write it with fewer changes between & and |, or filter the answer: {self.text}"
            )

    def __str__(self) -> str:
        """Return the text that Consul receives."""
        return self.text

    def __repr__(self) -> str:
        """Return the selector's name and the text."""
        return f"<Filter of {self.listing}: {self.text}>"

    def __bool__(self) -> NoReturn:
        """Raise TypeError: an expression has no truth value."""
        raise TypeError("a filter expression has no truth value; use &, | and ~ instead of and, or and not")

    def __and__(self, other: Filter[R]) -> Filter[R]:
        """Return an expression that selects what both select."""
        return _joined(self, "and", other, _AND)

    def __or__(self, other: Filter[R]) -> Filter[R]:
        """Return an expression that selects what at least one selects."""
        return _joined(self, "or", other, _OR)

    def __invert__(self) -> Filter[R]:
        """Return an expression that selects what this one does not."""
        if self.negated is not None:
            return self.negated
        text, depth = _operand(self, _ONE)
        return Filter(self.listing, f"not {text}", depth=depth, negated=self)


def _joined(left: Filter[R], word: str, right: object, binding: int) -> Filter[R]:
    if not isinstance(right, Filter):
        raise TypeError(f"a filter can be combined with another filter, not with {type(right).__name__}: {left}")
    if left.listing != right.listing:
        raise TypeError(f"cannot combine a filter of {left.listing} with one of {right.listing}: a call filters one kind of rows")
    (before, deep), (after, deeper) = _operand(left, binding), _operand(right, binding)
    return Filter(left.listing, f"{before} {word} {after}", binding, max(deep, deeper))


def _operand(expression: Filter[R], binding: int) -> tuple[str, int]:
    """Return an expression as an operand of an operator, and how deeply it nests."""
    if expression.binding >= binding:
        return expression.text, expression.depth
    return f"({expression.text})", expression.depth + 1
