"""The documented API, parsed from the document: its callables, with their parameters, results and exceptions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

DOCUMENT = (Path(__file__).parent.parent / "spec" / "consulate-api.txt").read_text(encoding="utf-8")

_CLASS = re.compile(r"^class (?:consulate\.)?(?:api\.\w+\.)?([\w.]+)\((.*)\)$")
_CALL = re.compile(r"^(?:Agent\.)?(\w+)\((.*)\)$")
_RETURNS = re.compile(r"^Return(?: type|s)?(?:: *\n*| )(bool|str|list|dict|int)\b", re.MULTILINE)
_RAISES = re.compile(r"^Raises:\s*([\w.]+)", re.MULTILINE)

#: Results that the prose states and the line "Return type" contradicts: "returning the new ACL ID".
_PROSE_WINS = {"ACL.clone": str}

_KINDS: dict[str, type] = {"bool": bool, "str": str, "list": list, "dict": dict, "int": int}


@dataclass(frozen=True)
class DocumentedCallable:
    """A callable of the document. owner: its class. parameters: names with defaults. text: its description."""

    owner: str
    name: str
    parameters: tuple[tuple[str, str | None], ...]
    text: str

    @property
    def id(self) -> str:
        """The name in the table: "KV.get"."""
        return f"{self.owner}.{self.name}"

    @property
    def returns(self) -> type | None:
        """The documented type of its result; None if the document gives none, or "mixed", or an iterator."""
        said = _RETURNS.search(self.text)
        return _PROSE_WINS.get(self.id) or (_KINDS[said[1]] if said and self.name != "__init__" else None)

    @property
    def raises(self) -> set[str]:
        """The names of the documented exceptions."""
        return {name.rpartition(".")[2] for name in _RAISES.findall(self.text)}


def _parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return tuple((name, default if equals else None) for name, equals, default in pairs)


def callables() -> list[DocumentedCallable]:
    """Return every class and method of the document, in order."""
    found: list[DocumentedCallable] = []
    heads: list[tuple[int, DocumentedCallable]] = []
    owner = ""
    lines = DOCUMENT.splitlines()
    for number, line in enumerate(lines):
        made = _CLASS.match(line)
        called = _CALL.match(line)
        if made:
            owner = {"Check": "Agent.Check"}.get(made[1], made[1])
            heads.append((number, DocumentedCallable(owner, "__init__", _parameters(made[2]), "")))
        elif called and owner:
            if line.startswith("Agent."):
                owner = "Agent"
            if called[1] not in ("__init__", "print"):
                heads.append((number, DocumentedCallable(owner, called[1], _parameters(called[2]), "")))
    ends = [number for number, _ in heads[1:]] + [len(lines)]
    for (number, head), end in zip(heads, ends, strict=True):
        found.append(replace(head, text="\n".join(lines[number + 1 : end])))
    return found


def contains_text(text: str) -> bool:
    """Return whether the document contains this text, with any line breaks."""
    return " ".join(text.split()) in " ".join(DOCUMENT.split())
