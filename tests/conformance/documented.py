"""What the documented API says: its callables with their parameters, read from the document itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = (Path(__file__).parent.parent / "spec" / "consulate-api.txt").read_text(encoding="utf-8")

_CLASS = re.compile(r"^class (?:consulate\.)?(?:api\.\w+\.)?([\w.]+)\((.*)\)$")
_CALL = re.compile(r"^(?:Agent\.)?(\w+)\((.*)\)$")


@dataclass(frozen=True)
class Documented:
    """A callable of the document: the class that it belongs to, its name, and its parameters with their defaults."""

    owner: str
    name: str
    parameters: tuple[tuple[str, str | None], ...]

    @property
    def id(self) -> str:
        """How the table names it."""
        return f"{self.owner}.{self.name}"


def _parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return tuple((name, default if equals else None) for name, equals, default in pairs)


def callables() -> list[Documented]:
    """Every class and method that the document describes, in its order."""
    found: list[Documented] = []
    owner = ""
    for line in DOCUMENT.splitlines():
        made = _CLASS.match(line)
        called = _CALL.match(line)
        if made:
            owner = {"Check": "Agent.Check"}.get(made[1], made[1])
            found.append(Documented(owner, "__init__", _parameters(made[2])))
        elif called and owner:
            if line.startswith("Agent."):
                owner = "Agent"
            method = Documented(owner, called[1], _parameters(called[2]))
            if method.name not in ("__init__", "print"):
                found.append(method)
    return found


def quotes(text: str) -> bool:
    """Whether these words stand in the document, however they are broken into lines."""
    return " ".join(text.split()) in " ".join(DOCUMENT.split())
