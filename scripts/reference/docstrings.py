"""Read a docstring in the format of this repository: plain text with "name: meaning." for parameters, "Raises X.", and links at its end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from inspect import cleandoc

#: The first line of a paragraph that is code.
_CODE = re.compile(r"```|    |(with |await |for \w+ in )?client\.")

_URL = re.compile(r"https://[^\s,;)]*[^\s,;).]")


@dataclass
class Doc:
    """A docstring in parts.

    text: paragraphs, in Markdown. meanings: parameter -> what the docstring says about it. raises: the text after "Raises".
    links: the pages of Consul's documentation.
    """

    text: list[str] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    raises: str = ""
    links: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = self.text[0] if self.text else ""
        return re.split(r"(?<=[.!])\s", first, maxsplit=1)[0]


def prose(text: str) -> str:
    """Return plain text as Markdown: what is in backticks stays code, and everything else means only itself."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick too many
        parts = [text.replace("`", "'")]
    shown = []
    for number, part in enumerate(parts):
        if number % 2:
            shown.append(f"`{part}`")
        else:
            escaped = re.sub(r"([\\*_\[\]|#])", r"\\\1", part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
            shown.append(_URL.sub(lambda match: f"<{match[0]}>".replace("\\", ""), escaped))
    return "".join(shown)


def read_doc(docstring: str | None, parameters: Collection[str] = ()) -> Doc:
    """Read a docstring. parameters: the names that it may explain."""
    doc = Doc()
    for paragraph in _paragraphs(cleandoc(docstring or "")):
        lines = paragraph.splitlines()
        if _CODE.match(lines[0]):
            doc.text.append(_fenced(lines))
            continue
        while lines and _URL.fullmatch(lines[-1].strip()):
            doc.links.insert(0, lines.pop().strip())
        if lines:
            _read_prose(lines, parameters, doc)
    return doc


def _paragraphs(text: str) -> Iterator[str]:
    """Split a text at blank lines, but not inside fenced code."""
    for number, part in enumerate(re.split(r"^(```.*?^```)$", text, flags=re.MULTILINE | re.DOTALL)):
        if number % 2:
            yield part
        else:
            yield from (paragraph for paragraph in re.split(r"\n\s*\n", part.strip("\n")) if paragraph.strip())


def _fenced(lines: list[str]) -> str:
    if lines[0].startswith("```"):
        return "\n".join(lines)
    return "\n".join(["```python", *cleandoc("\n" + "\n".join(lines)).splitlines(), "```"])


def _read_prose(lines: list[str], parameters: Collection[str], doc: Doc) -> None:
    """Read a paragraph into `doc`. A name counts as the beginning of its explanation at the start of a line or of a sentence."""
    text = "\n".join(line.strip() for line in lines)
    names = "|".join(sorted(map(re.escape, parameters), key=len, reverse=True)) or "(?!)"
    label = rf"(?:{names})(?:,\s(?:{names}))*"
    found = re.split(rf"(?:^|(?<=\n)|(?<=[.;:)]\s))({label}):\s", text)
    _add_text(found[0], doc)
    for labels, meaning in zip(found[1::2], found[2::2], strict=True):
        meaning = _without_raises(_joined(meaning), doc)
        meaning, returns = _without_returns(meaning)
        for name in re.split(r",\s", labels):
            doc.meanings[name] = prose(meaning)
        if returns:
            doc.text.append(prose(returns))


def _add_text(text: str, doc: Doc) -> None:
    rest = _without_raises(_joined(text), doc)
    if rest:
        doc.text.append(prose(rest))


def _joined(text: str) -> str:
    return " ".join(text.split())


def _without_raises(text: str, doc: Doc) -> str:
    """Return a text without its last sentences from "Raises", which go into `doc`."""
    before, raises, after = text.partition("Raises ") if text.startswith("Raises ") else text.partition(". Raises ")
    if not raises:
        return text
    doc.raises = " ".join(filter(None, [doc.raises, prose("Raises " + after)]))
    return before + "." if before else ""


def _without_returns(text: str) -> tuple[str, str]:
    """Split a meaning from a sentence behind it that says what the call returns."""
    match = re.search(r"(?<=\.) (Return .*)", text)
    return (text[: match.start()], match[1]) if match else (text, "")
