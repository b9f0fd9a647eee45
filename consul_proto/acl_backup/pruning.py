"""What a restore with `prune` deletes: the ACL objects that a backup does not have.

If the backup has no list for a kind of object, that kind is left alone. A list of legacy tokens prunes only legacy tokens.
It keeps Consul's own objects, tokens of logins, and the token that makes the calls, with its policies, roles and auth method: otherwise
the restore could take its own rights away, and stop halfway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

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
    is_builtin,
)
from consul_proto.endpoints.acl import ACL
from consul_proto.endpoints.acl_modern import POLICY_NAME
from consul_proto.errors import Forbidden, NotFound
from consul_proto.flow import Flow, NamedFlow, call
from consul_proto.namespace import Pure
from consul_proto.operation import Operation

_acl: ACL[Pure] = ACL()

#: The order of deletions: what refers to others goes before them.
_ORDER = (TOKENS, LEGACY_TOKENS, BINDING_RULES, AUTH_METHODS, ROLES, POLICIES)

_DELETES: Mapping[Kind, Callable[[Entry], Operation[bool] | Flow[bool]]] = {
    POLICIES: lambda policy: _acl.policy.delete(policy["ID"]),
    ROLES: lambda role: _acl.role.delete(role["ID"]),
    AUTH_METHODS: lambda method: _acl.auth_method.delete(method["Name"]),
    BINDING_RULES: lambda rule: _acl.binding_rule.delete(rule["ID"]),
    TOKENS: lambda token: _acl.token.delete(token["AccessorID"]),
    LEGACY_TOKENS: lambda row: _acl.destroy(row["ID"]),
}

#: The objects of Consul that match none of the backup, by kind.
Unmatched: TypeAlias = Mapping[Kind, Sequence[Entry]]


class Caller(NamedTuple):
    """The token that makes the calls. names: of the objects that it must keep, by kind."""

    accessor: str
    secret: str
    names: Mapping[Kind, frozenset[str]]


class Surplus(NamedTuple):
    """What is deleted. first: before anything is created: tokens with a secret that another token of the backup has. last: in order."""

    first: tuple[tuple[Kind, Entry], ...]
    last: tuple[tuple[Kind, Entry], ...]
    left_out: tuple[LeftOut, ...]

    @property
    def accessors(self) -> frozenset[str]:
        """Return the tokens that are deleted first."""
        return frozenset(token["AccessorID"] for _, token in self.first)


def read_caller(current: ACLBackup) -> Flow[Caller]:
    """Return the token that makes the calls. Without one, calls are made with the anonymous token, which is never deleted."""
    try:
        token: Entry = yield from call(_acl.token.self())
    except (Forbidden, NotFound):
        token = {}
    roles = frozenset(link["Name"] for link in token.get("Roles") or ())
    holders = [token, *(role for role in current.of(ROLES) if role["Name"] in roles)]
    policies = frozenset(link["Name"] for holder in holders for link in holder.get("Policies") or () if "Name" in link)
    method = frozenset(filter(None, [token.get("AuthMethod")]))
    return Caller(token.get("AccessorID", ""), token.get("SecretID", ""), {POLICIES: policies, ROLES: roles, AUTH_METHODS: method})


def find_surplus(backup: ACLBackup, current: ACLBackup, unmatched: Unmatched, caller: Caller) -> Surplus:
    """Return what to delete, so that Consul has what the backup has."""
    legacy_ids = {row["ID"] for row in backup.of(LEGACY_TOKENS)}
    legacy_names = {name for token in current.of(TOKENS) if token["SecretID"] in legacy_ids for name in _made_policies(token)}
    first: list[tuple[Kind, Entry]] = []
    last: list[tuple[Kind, Entry]] = []
    left_out: list[LeftOut] = []
    secrets = {token["SecretID"] for token in backup.of(TOKENS)}
    for kind, entry in _candidates(backup, current, unmatched):
        if kind is TOKENS and (is_builtin({"ID": entry["AccessorID"]}) or entry["SecretID"] in legacy_ids):
            continue
        if kind is POLICIES and entry["Name"] in legacy_names:
            continue
        if kind is LEGACY_TOKENS and entry["ID"] in legacy_ids | secrets:
            continue
        if reason := _reason_to_keep(kind, entry, caller):
            left_out.append(LeftOut(kind.word, entry[kind.name], reason))
        else:
            (first if kind is TOKENS and entry["SecretID"] in secrets else last).append((kind, entry))
    return Surplus(tuple(first), tuple(last), tuple(left_out))


def _candidates(backup: ACLBackup, current: ACLBackup, unmatched: Unmatched) -> Iterator[tuple[Kind, Entry]]:
    """Yield the objects of the kinds that the backup has, in the order of deletions."""
    for kind in _ORDER:
        if kind.section in backup.sections:
            yield from ((kind, entry) for entry in unmatched[kind])
    if TOKENS.section not in backup.sections and LEGACY_TOKENS.section in backup.sections and not current.has_legacy_api:
        yield from ((LEGACY_TOKENS, row) for row in _later_legacy_tokens(current.of(TOKENS)))


def _later_legacy_tokens(tokens: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the tokens that the documented `acl.create` made since Consul 1.11, as the legacy system would name them."""
    for token in tokens:
        if _made_policies(token):
            yield {"ID": token["SecretID"], "Name": token.get("Description", "")}


def _made_policies(token: Entry) -> list[str]:
    """Return the policies of a token that the documented `acl.create` made for it."""
    names = (link.get("Name", "") for link in token.get("Policies", ()))
    return [name for name in names if name.startswith(POLICY_NAME)]


def _reason_to_keep(kind: Kind, entry: Entry, caller: Caller) -> str:
    if (kind is TOKENS and caller.accessor == entry["AccessorID"]) or (kind is LEGACY_TOKENS and caller.secret == entry["ID"]):
        return "it is not deleted, since it makes the calls"
    if kind in caller.names and entry["Name"] in caller.names[kind]:
        return "it is not deleted, since the token that makes the calls has it"
    return ""


def delete(kind: Kind, entry: Entry) -> Flow[None]:
    """Delete an object. One that is gone already is no error."""
    return NamedFlow(f"acl.prune {kind.word}", _delete(_DELETES[kind](entry)))


def _delete(deletion: Operation[Any] | Flow[Any]) -> Flow[None]:
    try:
        if isinstance(deletion, Operation):
            yield from call(deletion)
        else:
            yield from deletion
    except NotFound:
        return


def unmatched_in(current: ACLBackup, pairs: Mapping[Kind, Sequence[tuple[Entry, Entry | None]]]) -> Unmatched:
    """Return the objects of Consul that are in no pair. Legacy tokens, which are read again for their pairs, are all there."""
    matched = {id(before) for some in pairs.values() for _, before in some}
    return {kind: [entry for entry in current.of(kind) if id(entry) not in matched] for kind in KINDS}
