"""Each schema of Consul's API has a TypedDict with the same members."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.type_shapes import members_of, named_types

_SCHEMAS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "spec" / "schemas.json").read_text(encoding="utf-8"))

#: Schema -> its types, where the name is another one or there are several.
_TYPES = {
    "AuthMethod": ("ACLAuthMethod",),
    "BindingRule": ("ACLBindingRule",),
}

#: Schema -> why it has no type.
_WITHOUT_TYPE = {
    "ACLBootstrapRequest": "its member is the parameter of acl.bootstrap",
    "ACLLoginParams": "its members are the parameters of acl.login",
    "ACLOIDCAuthURLParams": "its members are the parameters of acl.oidc.auth_url",
    "ACLOIDCCallbackParams": "its members are the parameters of acl.oidc.callback",
    "IDResponse": "the calls return the ID itself",
    "CatalogRegistration": "its members are the parameters of catalog.register",
    "CatalogDeregistration": "its members are the parameters of catalog.deregister",
    "AgentCheckRegistration": "its members are the parameters of agent.check.register",
    "AgentTokenRequest": "its member is a parameter of agent.token.update",
    "AgentAuthorizeParams": "its members are the parameters of agent.connect.authorize",
    "CoordinateUpdateRequest": "its members are the parameters of coordinate.update",
    "IntentionCheckResponse": "connect.intentions.check returns its only member",
    "CheckUpdate": "its members are the parameters of agent.check.update",
    "KeyringRequest": "its member is the parameter of operator.keyring.install, use and remove",
    "TransferLeaderResponse": "operator.raft.transfer_leader returns the bool",
    "AuditHashRequest": "its member is the parameter of operator.audit_hash",
    "AuditHashResponse": "operator.audit_hash returns the hash itself",
    "PeeringGenerateTokenRequest": "its members are the parameters of peering.generate_token",
    "PeeringGenerateTokenResponse": "peering.generate_token returns the token itself",
    "PeeringEstablishRequest": "its members are the parameters of peering.establish",
    "AssignServiceManualVIPsRequest": "its members are the parameters of internal.service_virtual_ip",
}


def _types_of(schema: str) -> tuple[str, ...]:
    return _TYPES.get(schema, (schema,))


@pytest.mark.parametrize("schema", sorted(set(_SCHEMAS) - set(_WITHOUT_TYPE)))
def test_a_schema_has_a_type_with_its_members(schema: str) -> None:
    names = named_types()
    types = [names[name] for name in _types_of(schema) if name in names]
    assert types, f"no TypedDict for {schema}"
    declared = {member for one in types for shape in (get_args(one) or (one,)) for member in members_of(shape)}
    assert [field["name"] for field in _SCHEMAS[schema]["fields"] if field["name"] not in declared] == []


def test_a_schema_without_a_type_exists() -> None:
    assert set(_WITHOUT_TYPE) | set(_TYPES) <= set(_SCHEMAS)
