"""Translate Go's regular expressions into Python's.

https://pkg.go.dev/regexp/syntax
"""

from __future__ import annotations

import re

#: The parts of an expression in Go's syntax, outside of a character class and inside.
_OUTSIDE = re.compile(
    r"(?P<literal>\\Q.*?(?:\\E|\Z))|(?P<escape>\\.?)|(?P<klass>\[\^?\]?)|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)"
    r"|(?P<named>\(\?P<\w+>)|(?P<flags>\(\?[imsU]*(?:-[imsU]+)?\))|(?P<open>\((?:\?[imsU]*(?:-[imsU]+)?:|(?!\?)))"
    r"|(?P<perl>\(\?[imsU-]*.?)|(?P<close>\))|(?P<other>.)",
    re.DOTALL,
)
_INSIDE = re.compile(r"(?P<escape>\\.?)|(?P<posix>\[:\^?\w*:\])|(?P<close>\])|(?P<other>.)", re.DOTALL)

#: The letters and digits that have a meaning after a backslash, outside of a character class and inside.
_ESCAPES, _ESCAPES_INSIDE = frozenset("afnrtvdDwWsSx0bBAz"), frozenset("afnrtvdDwWsSx0")

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t-\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}

#: The most repetitions of a part.
_MOST_REPEATED = 1000


def expression(text: str) -> re.Pattern[str]:
    """Compile an expression of Go. Raises ValueError in Go's words."""
    try:
        return re.compile(_for_python(text), re.ASCII)
    except re.error as error:
        what = error.msg.replace("bad character range ", "invalid character class range: `") + "`"
        raise _error(what if "`" in what[:-1] else f"{error.msg}: `{text}`") from None
    except (RecursionError, OverflowError):
        raise _error(f"expression nests too deeply: `{text}`") from None


def _error(what: str) -> ValueError:
    return ValueError(f"error parsing regexp: {what}")


def _for_python(text: str) -> str:
    """Translate an expression. The names of groups are left out, since Go allows duplicates; so are flags for greediness."""
    parts, place, depth, before = [], 0, 0, ("open", "")
    while found := _OUTSIDE.match(text, place):
        kind, piece, place = str(found.lastgroup), found[0], found.end()
        match kind:
            case "literal":
                part = re.escape(piece[2:].removesuffix("\\E"))
            case "escape":
                part = _escape(piece, _ESCAPES)
            case "klass":
                part, place = _class(text, found.start(), place)
            case "repeat":
                part = _repeat(piece, *before)
            case "perl":
                raise _error(f"invalid or unsupported Perl syntax: `{piece}`")
            case "named":
                part = "("
            case "flags" | "open":
                part = "" if re.fullmatch(r"\(\?U?\)", piece) else piece.replace("-U", "").replace("U", "")
            case _:
                part = r"\{" if piece == "{" else piece
        depth += {"named": 1, "open": 1, "close": -1}.get(kind, 0)
        if depth < 0:
            raise _error(f"unexpected ): `{text}`")
        parts.append(part)
        before = (kind, piece)
    if depth:
        raise _error(f"missing closing ): `{text}`")
    return "".join(parts)


def _repeat(piece: str, kind: str, before: str) -> str:
    """Check a repetition, and return it."""
    if kind == "repeat":
        raise _error(f"invalid nested repetition operator: `{before}{piece}`")
    if kind in ("open", "named", "flags") or before == "|":
        raise _error(f"missing argument to repetition operator: `{piece}`")
    counts = [int(count) for count in re.findall("[0-9]+", piece)]
    if counts != sorted(counts) or any(count > _MOST_REPEATED for count in counts):
        raise _error(f"invalid repeat count: `{piece}`")
    return piece


def _escape(piece: str, known: frozenset[str]) -> str:
    letter = piece[1:]
    if not letter:
        raise _error("trailing backslash at end of expression: ``")
    if letter.isalnum() and letter not in known:
        raise _error(f"invalid escape sequence: `{piece}`")
    return r"\Z" if letter == "z" else piece


def _class(text: str, start: int, place: int) -> tuple[str, int]:
    """Translate a character class, and return where it ends."""
    opened = text[start:place]
    parts = [opened.replace("]", r"\]")]
    while found := _INSIDE.match(text, place):
        piece, place = found[0], found.end()
        match found.lastgroup:
            case "close":
                return "".join((*parts, "]")), place
            case "escape":
                parts.append(_escape(piece, _ESCAPES_INSIDE))
            case "posix" if piece[2:-2] in _POSIX:
                parts.append(_POSIX[piece[2:-2]])
            case "posix":
                raise _error(f"invalid character class range: `{piece}`")
            case _:
                parts.append(rf"\{piece}" if piece in "[&~|" else piece)
    raise _error(f"missing closing ]: `{text[start:]}`")
