"""Markdown for a call: its heading, signature, parameters, options and exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scripts.reference.docstrings import Doc
from scripts.reference.signatures import Parameter

EXCEPTIONS_PAGE = "reference/exceptions.md"

#: A name -> the page and the heading that explain it, as "types/catalog.md#catalogservice".
Index = Mapping[str, str]


class Linker:
    """Links names to the pages that explain them. page: the path of the page that has the links."""

    def __init__(self, index: Index, page: str) -> None:
        self._index = index
        self._up = "../" * page.count("/")
        self._page = page

    def _target(self, name: str) -> str:
        page, _, anchor = self._index[name].partition("#")
        return f"#{anchor}" if page == self._page else f"{self._up}{page}#{anchor}"

    def knows(self, name: str) -> bool:
        """Return whether a page explains this name."""
        return name in self._index

    def type(self, text: str) -> str:
        """Return a type as code, in which the names are links."""

        def shown(part: str) -> str:
            if part in self._index:
                return f"[{part}]({self._target(part)})"
            return re.sub(r"[^\w\s]", lambda match: f"&#{ord(match[0])};", part).replace("_", "&#95;")

        parts = re.split(r"(\w+)", text)
        return f"<code>{''.join(map(shown, parts))}</code>"

    def parameter(self, parameter: Parameter) -> str:
        """Return a parameter as code: its name, its type with links, and its default."""
        kind = self.type(parameter.type).removeprefix("<code>").removesuffix("</code>") if parameter.type else ""
        default = self.type(parameter.default).removeprefix("<code>").removesuffix("</code>") if parameter.default else ""
        return f"<code><b>{parameter.name.replace('_', '&#95;')}</b>{': ' if kind else ''}{kind}{' = ' if default else ''}{default}</code>"

    def names(self, text: str) -> str:
        """Return a text in which the names of exceptions are links."""

        def shown(match: re.Match[str]) -> str:
            is_exception = self._index.get(match[0], "").startswith(EXCEPTIONS_PAGE)
            return f"[{match[0]}]({self._target(match[0])})" if is_exception else match[0]

        return re.sub(r"(?<![`.\w])[A-Z]\w+\b(?!`)", shown, text)


def heading(level: int, title: str, anchor: str) -> str:
    """Return a heading with this anchor."""
    return f"{'#' * level} {title} {{ #{anchor} }}"


def signature_block(line: str) -> str:
    """Return a signature as code; the style sheet wraps it."""
    return f"```{{ .python .signature }}\n{line}\n```"


def parameter_list(parameters: Sequence[Parameter], linker: Linker) -> list[str]:
    """Return a list of parameters. Those with the same meaning, one after another, share it."""
    lines: list[str] = []
    terms: list[str] = []
    for number, parameter in enumerate(parameters):
        terms.append(linker.parameter(parameter))
        following = parameters[number + 1].meaning if number + 1 < len(parameters) else ""
        if not parameter.meaning or following != parameter.meaning:
            lines.append(f"- {', '.join(terms)}{': ' if parameter.meaning else ''}{parameter.meaning}")
            terms = []
    return [*lines, ""] if lines else []


def details(title: str, body: Sequence[str]) -> list[str]:
    """Return a block that the reader opens."""
    return [f'??? options "{title}"', "", *(f"    {line}".rstrip() for line in body), ""]


def text_of(doc: Doc, linker: Linker) -> list[str]:
    """Return the paragraphs of a docstring."""
    return [line for paragraph in doc.text for line in (paragraph if paragraph.startswith("```") else linker.names(paragraph), "")]


def footer(doc: Doc, linker: Linker) -> list[str]:
    """Return what a docstring says at its end: the exceptions, and the links."""
    lines = [linker.names(doc.raises), ""] if doc.raises else []
    if doc.links:
        lines += [", ".join(f"[Consul's documentation]({link})" for link in doc.links), "{ .more }", ""]
    return lines
