"""Auth methods and binding rules, as agents store them. Only the first of an agent's checks are made.

https://developer.hashicorp.com/consul/api-docs/acl/auth-methods, https://developer.hashicorp.com/consul/api-docs/acl/binding-rules
"""

from __future__ import annotations

import re
from collections.abc import Callable

from consul_proto.simulator.acl.tables import ACLs, Record
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_X
from consul_proto.simulator.go.durations import as_go_writes, nanoseconds

_NAME = re.compile(r"[A-Za-z0-9\-_]{1,128}")

#: A method of the type jwt has exactly one of them.
_KEYS = ("JWTValidationPubKeys", "JWKSURL", "OIDCDiscoveryURL")


def build_auth_method(given: Record, before: Record | None, settings: Settings) -> Record:
    """Return an auth method without the members that are empty. Refuses one that is invalid."""
    name, kind = given.get("Name") or "", given.get("Type") or (before or {}).get("Type", "")
    if not name:
        raise Refusal(500, "Invalid Auth Method: no Name is set")
    if not _NAME.fullmatch(name):
        raise Refusal(500, "Invalid Auth Method: invalid Name. Only alphanumeric characters, '-' and '_' are allowed")
    if before is not None and kind != before["Type"]:
        raise Refusal(500, "the Type field of an Auth Method is immutable")
    known = ("jwt", "kubernetes") if settings.version < V1_X else ("aws-iam", "jwt", "kubernetes")
    if kind not in known:
        raise Refusal(500, f"Invalid Auth Method: Type should be one of: [{' '.join(known)}]")
    config = given.get("Config") or {}
    if kind == "jwt" and sum(bool(config.get(member)) for member in _KEYS) != 1:
        wanted = "exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type \"jwt\""
        raise Refusal(500, f"Invalid Auth Method: {wanted}")
    shown = {member: value for member, value in given.items() if value and member not in ("MaxTokenTTL", "Namespace")}
    ttl = given.get("MaxTokenTTL") or 0
    lifetime = nanoseconds(ttl) if isinstance(ttl, str) else int(ttl)
    return {
        **shown,
        "Type": kind,
        "Config": dict(sorted(config.items())),
        **({"MaxTokenTTL": as_go_writes(lifetime / 1e9)} if lifetime else {}),
    }


def build_binding_rule(given: Record, before: Record | None, acls: ACLs, new_id: Callable[[], str]) -> Record:
    """Return a binding rule with all its members. Refuses one without an auth method."""
    method = given.get("AuthMethod") or (before or {}).get("AuthMethod", "")
    if not method:
        raise Refusal(500, "Invalid Binding Rule: no AuthMethod is set")
    if method not in acls.tables["auth-methods"]:
        raise Refusal(500, f'cannot find auth method with name "{method}"')
    identity = before["ID"] if before else new_id()
    texts = {member: given.get(member) or "" for member in ("Description", "Selector", "BindType", "BindName")}
    variables = {"BindVars": given["BindVars"]} if given.get("BindVars") else {}
    return {"ID": identity, "AuthMethod": method, **texts, **variables}
