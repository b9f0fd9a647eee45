"""What restoring an ACL backup changes: its objects compared with those of Consul, and the calls that make them the same.

Policies, roles and auth methods are matched by name, tokens by AccessorID, binding rules by ID or, in another cluster, by what they do.
Nothing is deleted, except with `prune` (consul_proto.acl_backup.pruning).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from consul_proto.acl_backup.document import (
    AUTH_METHODS,
    BINDING_RULES,
    KINDS,
    LEGACY_TOKENS,
    POLICIES,
    ROLES,
    TOKENS,
    ACLBackup,
    Entry,
    Kind,
    LeftOut,
)
from consul_proto.acl_backup.pruning import Surplus, delete, find_surplus, read_caller, unmatched_in
from consul_proto.acl_backup.reading import has_expired, read_acls
from consul_proto.endpoints.acl import ACL
from consul_proto.errors import NotFound
from consul_proto.flow import Flow
from consul_proto.namespace import Pure
from consul_proto.operation import Operation

_acl: ACL[Pure] = ACL()

_Call: TypeAlias = "Operation[Any] | Flow[Any]"

#: Members of a token that cannot change.
_FIXED = ("SecretID", "Local", "ExpirationTime")

#: The members of a config of an auth method that are secrets.
_SECRET_MEMBERS = {"ServiceAccountJWT", "OIDCClientSecret", "PemKey"}

_UUID_LENGTH = 36


@dataclass(frozen=True)
class Change:
    """A change that a restore makes. kind, name: those of the object, without secrets. call: makes the change, once.

    secrets: texts that no error may show.
    """

    action: Literal["create", "update", "delete"]
    kind: str
    name: str
    call: _Call = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Plan:
    """What a restore changes, in order. unchanged: how many objects of the backup are left as they are.

    left_out: what is not restored, or not deleted.
    """

    changes: tuple[Change, ...]
    unchanged: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore has done so far. total: the changes of its plan."""

    total: int
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    left_out: tuple[LeftOut, ...] = ()

    @property
    def done(self) -> int:
        """Return how many objects were changed."""
        return self.created + self.updated + self.deleted

    def after(self, change: Change) -> Restored:
        """Return the result after one more change."""
        if change.action == "create":
            return replace(self, created=self.created + 1)
        if change.action == "update":
            return replace(self, updated=self.updated + 1)
        return replace(self, deleted=self.deleted + 1)

    def __str__(self) -> str:
        deleted = f"{self.deleted} deleted, " if self.deleted else ""
        return f"{self.created} created, {self.updated} updated, {deleted}{self.unchanged} unchanged, {len(self.left_out)} left out"


def plan_restore(backup: ACLBackup, now: datetime, *, keep: bool, prune: bool = False) -> Flow[Plan]:
    """Read the ACL system, and return what restoring a backup changes in it. keep: leave what exists as it is.

    prune: delete what the backup does not have.

    Raises Forbidden, ACLDisabled; ValueError for an object that cannot be written, such as one with an invalid name.
    """
    current = yield from read_acls(now)
    pairs = {kind: [*_pairs(kind, backup, current)] for kind in KINDS}
    pairs[LEGACY_TOKENS] = yield from _read_legacy(backup)
    surplus = Surplus((), (), ())
    if prune:
        caller = yield from read_caller(current)
        surplus = find_surplus(backup, current, unmatched_in(current, pairs), caller)
    accessors = {token["SecretID"]: token["AccessorID"] for token in current.of(TOKENS) if token["AccessorID"] not in surplus.accessors}
    target = _Target(accessors, current.has_legacy_api, now)
    changes: list[Change] = []
    left_out: list[LeftOut] = []
    for kind in KINDS:
        for entry, before in pairs[kind]:
            if reason := _reason_against(kind, entry, before, target):
                left_out.append(LeftOut(kind.word, _name(kind, entry), reason))
            elif before is None or (not keep and not _are_same(kind, entry, before)):
                changes.append(_change(kind, entry, before))
    unchanged = backup.count - len(changes) - len(left_out)
    first, last = ([_deletion(kind, entry) for kind, entry in some] for some in (surplus.first, surplus.last))
    return Plan((*first, *changes, *last), unchanged, (*left_out, *surplus.left_out))


def _name(kind: Kind, entry: Entry) -> str:
    """Return what to call an object in messages."""
    if kind is BINDING_RULES:
        return f"{entry['AuthMethod']} -> {entry['BindType']} {entry['BindName']}"
    return str(entry.get(kind.name, "without a name"))


def _pairs(kind: Kind, backup: ACLBackup, current: ACLBackup) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each object of the backup with the one that exists."""
    if kind is BINDING_RULES:
        yield from _paired_rules(backup, current)
        return
    existing = {entry[kind.name]: entry for entry in current.of(kind)}
    for entry in backup.of(kind):
        yield entry, existing.get(entry[kind.name])


def _paired_rules(backup: ACLBackup, current: ACLBackup) -> Iterator[tuple[Entry, Entry | None]]:
    """Match binding rules, which have no names: first those that are the same, then by ID, then those that do the same."""
    free, rest = [*current.of(BINDING_RULES)], [*backup.of(BINDING_RULES)]
    for key_of in (_all_of_rule, _id_of_rule, _effect_of_rule):
        by_key: dict[str, list[Entry]] = {}
        for found in free:
            by_key.setdefault(key_of(found), []).append(found)
        left: list[Entry] = []
        for rule in rest:
            same = by_key.get(key_of(rule))
            if same:
                yield rule, same.pop()
            else:
                left.append(rule)
        free, rest = [found for same in by_key.values() for found in same], left
    for rule in rest:
        yield rule, None


def _all_of_rule(rule: Entry) -> str:
    return json.dumps([_canonical(rule.get(name)) for name in BINDING_RULES.members if name != "ID"], sort_keys=True)


def _id_of_rule(rule: Entry) -> str:
    return json.dumps([rule.get("ID"), rule["AuthMethod"]])


def _effect_of_rule(rule: Entry) -> str:
    return _all_of_rule({**rule, "Description": ""})


def _read_legacy(backup: ACLBackup) -> Flow[list[tuple[Entry, Entry | None]]]:
    pairs: list[tuple[Entry, Entry | None]] = []
    for entry in backup.of(LEGACY_TOKENS):
        try:
            pairs.append((entry, (yield from _acl.info(entry["ID"]))))
        except NotFound:
            pairs.append((entry, None))
    return pairs


class _Target(NamedTuple):
    """Where a backup is restored to. accessors: of the tokens that exist, by secret."""

    accessors: Mapping[str, str]
    has_legacy_api: bool
    now: datetime


def _reason_against(kind: Kind, entry: Entry, before: Entry | None, target: _Target) -> str:
    """Return why an object cannot be restored, or nothing."""
    if kind is LEGACY_TOKENS and before is None and not target.has_legacy_api and len(entry["ID"]) != _UUID_LENGTH:
        return "its ID is not a UUID, and Consul since 1.11 takes no other"
    if kind is not TOKENS:
        return ""
    if has_expired(entry, target.now):
        return "it has expired"
    if before is not None:
        different = next((name for name in _FIXED if entry.get(name) != before.get(name)), "")
        return f"it exists with another {different}, which cannot change: delete it first" if different else ""
    other = target.accessors.get(entry["SecretID"])
    return f"the token {other} has the same secret" if other else ""


def _are_same(kind: Kind, one: Entry, other: Entry) -> bool:
    """Return whether two objects have the same members. IDs differ between clusters, and the order of a list means nothing."""
    ignored = {"ID"} if kind in (POLICIES, ROLES, BINDING_RULES) else set()
    return all(_canonical(one.get(name)) == _canonical(other.get(name)) for name in kind.members if name not in ignored)


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: inner for name, each in value.items() if (inner := _canonical(each)) is not None}
    if isinstance(value, list):
        return sorted((_canonical(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True)) or None
    return value or None


def _change(kind: Kind, entry: Entry, before: Entry | None) -> Change:
    return Change(
        "create" if before is None else "update", kind.word, _name(kind, entry), _WRITES[kind](entry, before), tuple(_secrets(kind, entry))
    )


def _deletion(kind: Kind, entry: Entry) -> Change:
    return Change("delete", kind.word, _name(kind, entry), delete(kind, entry), tuple(_secrets(kind, entry)))


def _secrets(kind: Kind, entry: Entry) -> Iterator[str]:
    if kind is TOKENS:
        yield entry["SecretID"]
    elif kind is LEGACY_TOKENS:
        yield entry["ID"]
    elif kind is AUTH_METHODS:
        yield from _secret_texts(entry.get("Config"))


def _secret_texts(config: Any) -> Iterator[str]:
    for name, value in config.items() if isinstance(config, Mapping) else ():
        if name in _SECRET_MEMBERS and isinstance(value, str) and value:
            yield value
        else:
            yield from _secret_texts(value)


def _write_policy(entry: Entry, before: Entry | None) -> _Call:
    options: Any = {"description": entry.get("Description"), "rules": entry.get("Rules"), "datacenters": entry.get("Datacenters")}
    if before is None:
        return _acl.policy.create(entry["Name"], **options)
    return _acl.policy.update(before["ID"], entry["Name"], **options)


def _rights(entry: Entry) -> dict[str, Any]:
    names = {
        "policies": "Policies", "service_identities": "ServiceIdentities", "node_identities": "NodeIdentities",
        "templated_policies": "TemplatedPolicies",
    }  # fmt: skip
    return {"description": entry.get("Description"), **{option: entry[name] for option, name in names.items() if name in entry}}


def _write_role(entry: Entry, before: Entry | None) -> _Call:
    if before is None:
        return _acl.role.create(entry["Name"], **_rights(entry))
    return _acl.role.update(before["ID"], entry["Name"], **_rights(entry))


def _write_auth_method(entry: Entry, before: Entry | None) -> _Call:
    names = {
        "display_name": "DisplayName", "description": "Description", "max_token_ttl": "MaxTokenTTL", "token_locality": "TokenLocality",
        "namespace_rules": "NamespaceRules",
    }  # fmt: skip
    options: Any = {option: entry[name] for option, name in names.items() if name in entry}
    write = _acl.auth_method.create if before is None else _acl.auth_method.update
    return write(entry["Name"], entry["Type"], entry.get("Config", {}), **options)


def _write_binding_rule(entry: Entry, before: Entry | None) -> _Call:
    options: Any = {"selector": entry.get("Selector"), "description": entry.get("Description"), "bind_vars": entry.get("BindVars")}
    bound = entry["AuthMethod"], entry["BindType"], entry["BindName"]
    if before is None:
        return _acl.binding_rule.create(*bound, **options)
    return _acl.binding_rule.update(before["ID"], *bound, **options)


def _write_token(entry: Entry, before: Entry | None) -> _Call:
    options = _rights(entry)
    if "Roles" in entry:
        options["roles"] = entry["Roles"]
    if entry.get("Local"):
        options["local"] = True
    if before is not None:
        return _acl.token.update(entry["AccessorID"], **options)
    if "ExpirationTime" in entry:
        options["expiration_time"] = entry["ExpirationTime"]
    return _acl.token.create(accessor_id=entry["AccessorID"], secret_id=entry["SecretID"], **options)


def _write_legacy_token(entry: Entry, _before: Entry | None) -> _Call:
    return _acl.update(entry["ID"], entry.get("Name", ""), entry.get("Type", "client"), entry.get("Rules"))


_WRITES: Mapping[Kind, Callable[[Entry, Entry | None], _Call]] = {
    POLICIES: _write_policy,
    ROLES: _write_role,
    AUTH_METHODS: _write_auth_method,
    BINDING_RULES: _write_binding_rule,
    TOKENS: _write_token,
    LEGACY_TOKENS: _write_legacy_token,
}
