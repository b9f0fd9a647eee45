"""What the documented API says: its callables with their parameters, what they return and raise, read from the document itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

DOCUMENT = (Path(__file__).parent.parent / "spec" / "consulate-api.txt").read_text(encoding="utf-8")

_CLASS = re.compile(r"^class (?:consulate\.)?(?:api\.\w+\.)?([\w.]+)\((.*)\)$")
_CALL = re.compile(r"^(?:Agent\.)?(\w+)\((.*)\)$")
_RETURNS = re.compile(r"^Return(?: type|s)?(?:: *\n*| )(bool|str|list|dict|int)\b", re.MULTILINE)
_RAISES = re.compile(r"^Raises:\s*([\w.]+)", re.MULTILINE)

#: What the prose says where the line below it says otherwise: "returning the new ACL ID".
_PROSE_WINS = {"ACL.clone": str}

_KINDS: dict[str, type] = {"bool": bool, "str": str, "list": list, "dict": dict, "int": int}


@dataclass(frozen=True)
class DocumentedCallable:
    """A callable of the document: the class that it belongs to, its name, its parameters with their defaults, and what is said of it."""

    owner: str
    name: str
    parameters: tuple[tuple[str, str | None], ...]
    text: str

    @property
    def id(self) -> str:
        """How the table names it."""
        return f"{self.owner}.{self.name}"

    @property
    def returns(self) -> type | None:
        """The kind of value that it is said to return; None where the document says nothing, or "mixed", or an iterator."""
        said = _RETURNS.search(self.text)
        return _PROSE_WINS.get(self.id) or (_KINDS[said[1]] if said and self.name != "__init__" else None)

    @property
    def raises(self) -> set[str]:
        """The names of the exceptions that it is said to raise."""
        return {name.rpartition(".")[2] for name in _RAISES.findall(self.text)}


def _parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return tuple((name, default if equals else None) for name, equals, default in pairs)


def callables() -> list[DocumentedCallable]:
    """Every class and method that the document describes, in its order."""
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
    """Whether these words stand in the document, however they are broken into lines."""
    return " ".join(text.split()) in " ".join(DOCUMENT.split())
