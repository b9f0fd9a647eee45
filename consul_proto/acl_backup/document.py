"""The document of an ACL backup: a JSON object with its format, its version, and one list for each kind of ACL object.

It has the members that a restore can write, with Consul's own names. The older form is a list of legacy tokens: ID, Name, Type, Rules.
Both contain secrets. No error and no repr of this module shows one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

#: "consulate": the whole ACL system. "legacy": the list that the documented `acl.list` returns.
ACLForm: TypeAlias = Literal["consulate", "legacy"]

#: An object of Consul's API, with the members of `KINDS` only.
Entry: TypeAlias = Mapping[str, Any]

_FORMAT, _VERSION = "consulate-acl", 1


class Kind(NamedTuple):
    """A kind of ACL object. section: its list in the document. word: what people call it. name: the member that names one in messages.

    members: what is saved. needs: the members that must be text.
    """

    section: str
    word: str
    name: str
    members: tuple[str, ...]
    needs: tuple[str, ...]


_RIGHTS = ("Policies", "ServiceIdentities", "NodeIdentities", "TemplatedPolicies")

POLICIES = Kind("Policies", "policy", "Name", ("ID", "Name", "Description", "Rules", "Datacenters"), ("Name",))
ROLES = Kind("Roles", "role", "Name", ("ID", "Name", "Description", *_RIGHTS), ("Name",))
AUTH_METHODS = Kind(
    "AuthMethods", "auth method", "Name",
    ("Name", "Type", "DisplayName", "Description", "MaxTokenTTL", "TokenLocality", "Config", "NamespaceRules"), ("Name", "Type"),
)  # fmt: skip
BINDING_RULES = Kind(
    "BindingRules", "binding rule", "ID",
    ("ID", "AuthMethod", "Selector", "BindType", "BindName", "BindVars", "Description"), ("AuthMethod", "BindType", "BindName"),
)  # fmt: skip
TOKENS = Kind(
    "Tokens", "token", "AccessorID",
    ("AccessorID", "SecretID", "Description", "Roles", *_RIGHTS, "Local", "ExpirationTime"), ("AccessorID", "SecretID"),
)  # fmt: skip
LEGACY_TOKENS = Kind("LegacyTokens", "legacy token", "Name", ("ID", "Name", "Type", "Rules"), ("ID",))

#: In the order in which a restore writes them: each may refer to those before it.
KINDS = (POLICIES, ROLES, AUTH_METHODS, BINDING_RULES, TOKENS, LEGACY_TOKENS)

#: Consul's own policies have such IDs, which are the same in each cluster.
_BUILTIN = "00000000-0000-0000-0000-0000000000"


class LeftOut(NamedTuple):
    """An object that is not saved, or not restored. kind, name: which one; never a secret. reason: why."""

    kind: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}"


@dataclass(frozen=True)
class ACLBackup:
    """The objects of an ACL system, by section; a restore prunes no kind whose section it does not have.

    left_out: what is not in it. has_legacy_api: whether the agent that it was read from has the legacy ACL system.
    """

    sections: Mapping[str, Sequence[Entry]] = field(repr=False)
    left_out: tuple[LeftOut, ...] = ()
    has_legacy_api: bool = False

    def of(self, kind: Kind) -> Sequence[Entry]:
        """Return the objects of a kind."""
        return self.sections.get(kind.section, ())

    @property
    def count(self) -> int:
        """Return how many objects it has."""
        return sum(len(entries) for entries in self.sections.values())

    def text(self, *, pretty: bool = False) -> str:
        """Return the document: one line for each object; pretty: indented."""
        sections = {kind.section: [*self.of(kind)] for kind in KINDS}
        if pretty:
            return json.dumps({"Format": _FORMAT, "Version": _VERSION, **sections}, indent=2) + "\n"
        lists = ",\n".join(f'"{name}": {_lines(entries)}' for name, entries in sections.items())
        return f'{{"Format": "{_FORMAT}", "Version": {_VERSION},\n{lists}\n}}\n'


def _lines(entries: Sequence[Entry]) -> str:
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]" if entries else "[]"


def is_builtin(policy: Entry) -> bool:
    """Return whether a policy, or a link to one, is Consul's own, such as global-management."""
    return str(policy.get("ID", "")).startswith(_BUILTIN) or str(policy.get("Name", "")).startswith("builtin/")


def saved(kind: Kind, found: Entry) -> dict[str, Any]:
    """Return the members of an object that are saved. Links to policies and roles become names: IDs differ between clusters."""
    entry = {name: found[name] for name in kind.members if found.get(name) not in (None, "", [], {}, False)}
    if kind in (ROLES, TOKENS):
        for name in ("Policies", "Roles"):
            if name in entry:
                entry[name] = [link_of(link) for link in entry[name]]
        if "TemplatedPolicies" in entry:
            entry["TemplatedPolicies"] = [
                {key: value for key, value in each.items() if key != "TemplateID"} for each in found["TemplatedPolicies"]
            ]
    return entry


def link_of(link: Entry) -> dict[str, str]:
    """Return a link by name; by ID to one of Consul's own policies, whose names may differ."""
    return {"ID": link["ID"]} if is_builtin(link) and link.get("ID") else {"Name": link["Name"]}


def parse_backup(text: str) -> ACLBackup:
    """Read the text of a backup: our document, or a list of legacy tokens. Raises ValueError, which shows nothing of the text."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("it is not JSON: it is nested too deeply") from None
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"it is not JSON{where}") from None
    if isinstance(document, list):
        document = {"Format": _FORMAT, "Version": _VERSION, LEGACY_TOKENS.section: document}
    if not isinstance(document, dict) or document.get("Format") != _FORMAT:
        raise ValueError(f'expected an object with "Format": "{_FORMAT}", as `acl backup` writes it, or a list of legacy tokens')
    if document.get("Version") != _VERSION:
        raise ValueError(f"its version is {document.get('Version')!r}, and this program reads {_VERSION}: use a newer one")
    known = {"Format", "Version", *(kind.section for kind in KINDS)}
    if document.keys() - known:
        raise ValueError(f"unknown members {sorted(document.keys() - known)}; a backup has {sorted(known)}")
    return ACLBackup({kind.section: _entries(kind, document[kind.section]) for kind in KINDS if kind.section in document})


def _entries(kind: Kind, given: object) -> list[Entry]:
    if not isinstance(given, list):
        raise ValueError(f"{kind.section} must be a list")
    entries = [_entry(kind, each, f"{kind.section}[{place}]") for place, each in enumerate(given)]
    places: dict[str, int] = {}
    for place, entry in enumerate(entries if kind is not BINDING_RULES else ()):
        first = places.setdefault(entry[kind.needs[0]], place)
        if first != place:
            raise ValueError(f"{kind.section}[{place}] has the same {kind.needs[0]} as {kind.section}[{first}]")
    return entries


def _entry(kind: Kind, given: object, where: str) -> Entry:
    if not isinstance(given, dict):
        raise ValueError(f"{where} must be an object")
    for name in kind.needs:
        if not isinstance(given.get(name), str) or not given[name]:
            raise ValueError(f"{where} needs a member {name}, which is text")
    for name, value in given.items():
        expected = _TYPES.get(name, str)
        if name in kind.members and value is not None and not isinstance(value, expected):
            raise ValueError(f"{where}: {name} must be {_WORDS[expected]}")
        if name in _OBJECTS and any(not isinstance(each, dict) for each in value or ()):
            raise ValueError(f"{where}: {name} must be a list of objects")
    try:
        return saved(kind, given)
    except (KeyError, TypeError):
        raise ValueError(f"{where}: a link to a policy or role needs a Name") from None


_OBJECTS = ("Policies", "Roles", "ServiceIdentities", "NodeIdentities", "TemplatedPolicies", "NamespaceRules")

#: The members that are not text.
_TYPES: Mapping[str, type] = {
    "Local": bool, "Config": dict, "BindVars": dict, "Datacenters": list, **dict.fromkeys(_OBJECTS, list),
}  # fmt: skip

_WORDS = {bool: "true or false", dict: "an object", list: "a list", str: "text"}
