"""How the ACL system is read from Consul: one flow of reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from consul_proto.acl_backup.document import (
    AUTH_METHODS,
    BINDING_RULES,
    LEGACY_TOKENS,
    POLICIES,
    ROLES,
    TOKENS,
    ACLBackup,
    Entry,
    Kind,
    LeftOut,
    is_builtin,
    saved,
)
from consul_proto.endpoints.acl_auth_method import AuthMethod
from consul_proto.endpoints.acl_binding_rule import BindingRule
from consul_proto.endpoints.acl_legacy import Legacy
from consul_proto.endpoints.acl_policy import Policy
from consul_proto.endpoints.acl_role import Role
from consul_proto.endpoints.acl_token import Token
from consul_proto.errors import Forbidden, LegacyACLRemoved, NotFound
from consul_proto.flow import Flow, call
from consul_proto.namespace import Pure
from consul_proto.operation import Operation

_policies: Policy[Pure] = Policy()
_roles: Role[Pure] = Role()
_auth_methods: AuthMethod[Pure] = AuthMethod()
_binding_rules: BindingRule[Pure] = BindingRule()
_tokens: Token[Pure] = Token()
_legacy: Legacy[Pure] = Legacy()

_HIDDEN = "<hidden>"


def read_acls(now: datetime) -> Flow[ACLBackup]:
    """Return all of the ACL system. now: the time, to leave out tokens that have expired.

    Consul's own policies, the tokens of logins and expired tokens are left out. It needs acl:write: otherwise Consul hides the secrets.
    Raises Forbidden, ACLDisabled.
    """
    policies = yield from _listed(_policies.list())
    policies = yield from _every(POLICIES, [_policies.read(each["ID"]) for each in policies if not is_builtin(each)])
    roles = yield from _listed(_roles.list())
    methods = yield from _listed(_auth_methods.list())
    methods = yield from _every(AUTH_METHODS, [_auth_methods.read(each["Name"]) for each in methods])
    rules = yield from _listed(_binding_rules.list())
    tokens, left_out = yield from _read_tokens(now)
    legacy, has_legacy_api = yield from _read_legacy_tokens()
    rows = {row["ID"]: row for row in legacy}
    tokens = [token for token in tokens if not _is_legacy(token, rows.get(token["SecretID"]))]
    secrets = {token["SecretID"] for token in tokens} | {"anonymous"}
    sections: Mapping[str, list[Entry]] = {
        POLICIES.section: policies,
        ROLES.section: [saved(ROLES, each) for each in roles],
        AUTH_METHODS.section: methods,
        BINDING_RULES.section: [saved(BINDING_RULES, each) for each in rules],
        TOKENS.section: tokens,
        LEGACY_TOKENS.section: [saved(LEGACY_TOKENS, each) for each in legacy if each["ID"] not in secrets],
    }
    return ACLBackup(sections, tuple(left_out), has_legacy_api)


def _listed(operation: Operation[Any]) -> Flow[list[Entry]]:
    return cast("list[Entry]", (yield from call(operation)))


def _every(kind: Kind, reads: list[Operation[Any]]) -> Flow[list[Entry]]:
    """Return objects one by one. One that is deleted meanwhile is not among them."""
    found: list[Entry] = []
    for read in reads:
        try:
            found.append(saved(kind, (yield from call(read))))
        except NotFound:
            continue
    return found


def _read_tokens(now: datetime) -> Flow[tuple[list[Entry], list[LeftOut]]]:
    tokens: list[Entry] = []
    left_out: list[LeftOut] = []
    for listed in (yield from _listed(_tokens.list())):
        if not listed["AccessorID"]:
            continue  # a new legacy token, up to 1.10
        reason = _reason_against(listed, now)
        if reason:
            left_out.append(LeftOut(TOKENS.word, listed["AccessorID"], reason))
        elif "SecretID" in listed:
            tokens.append(saved(TOKENS, listed))
        else:  # before 1.10.1
            tokens += yield from _every(TOKENS, [_tokens.read(listed["AccessorID"])])
    if any(token["SecretID"] == _HIDDEN for token in tokens):
        raise Forbidden(
            "Consul hides the secrets of tokens, because this token may only read ACLs: acl:write is needed", maybe_applied=False
        )
    return tokens, left_out


def _reason_against(token: Entry, now: datetime) -> str:
    if token.get("AuthMethod"):
        return f"it is of a login by the auth method {token['AuthMethod']}: log in again instead"
    return "it has expired" if has_expired(token, now) else ""


def has_expired(token: Entry, now: datetime) -> bool:
    """Return whether a token has expired. Raises ValueError for a time that is not RFC 3339."""
    text = token.get("ExpirationTime")
    if not text:
        return False
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)) <= now


def _is_legacy(token: Entry, row: Entry | None) -> bool:
    """Return whether only the legacy system has the rights of a token. row: what it says about it; it also lists some other tokens."""
    if row is None:
        return False
    return bool(row["Rules"]) or (row["Type"] == "management" and not token.get("Policies"))


def _read_legacy_tokens() -> Flow[tuple[list[Entry], bool]]:
    try:
        return (yield from _listed(_legacy.list())), True
    except LegacyACLRemoved:
        return [], False
