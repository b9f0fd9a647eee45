"""ACL tokens (since Consul 1.4). https://developer.hashicorp.com/consul/api-docs/acl/tokens

A token has two IDs: the accessor ID, which names it in these calls and may be shown, and the secret ID, which is the token itself.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.decode import boolean, each, one
from consul_proto.durations import go_duration
from consul_proto.endpoints.acl_answers import explain_missing, explain_missing_or_forbidden, explain_own_token
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.acl_token import (
    TokenChangeOptions,
    TokenCreateOptions,
    TokenListOptions,
    TokenReadOptions,
    TokenSelfOptions,
)

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.types.acl_token import ACLToken, ACLTokenExpanded, ACLTokenListEntry
    from consul_proto.types.options import EnterpriseScope

_WHAT = "token with this accessor ID"

#: Parameter of `create` and `update` -> its member in the body.
_MEMBERS = {
    "accessor_id": "AccessorID",
    "secret_id": "SecretID",
    "description": "Description",
    "policies": "Policies",
    "roles": "Roles",
    "service_identities": "ServiceIdentities",
    "node_identities": "NodeIdentities",
    "templated_policies": "TemplatedPolicies",
    "local": "Local",
    "auth_method": "AuthMethod",
    "expiration_ttl": "ExpirationTTL",
    "expiration_time": "ExpirationTime",
}


def _path(accessor_id: str) -> str:
    return "/v1/acl/token/" + segment(accessor_id, "an accessor ID")


def _body(given: Mapping[str, Any]) -> bytes:
    members = {member: given.get(name) for name, member in _MEMBERS.items()}
    if members["ExpirationTTL"] is not None:
        members["ExpirationTTL"] = go_duration(members["ExpirationTTL"])
    return json_body(members)


def _scope(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in _MEMBERS}


class Token(Namespace[M]):
    """ACL tokens: who may do what (since Consul 1.4)."""

    @operation
    def create(self, **options: Unpack[TokenCreateOptions]) -> Operation[ACLToken]:
        """Create a token and return it; its SecretID is what clients send: `client.acl.token.create(policies=[{"Name": "web-read"}])`.

        description: for people. policies, roles: links, such as {"Name": "web-read"} or {"ID": "..."}; roles since 1.5.
        service_identities: such as {"ServiceName": "web"} (since 1.5). node_identities: such as {"NodeName": "n1", "Datacenter": "dc1"}
        (since 1.8.1). templated_policies: such as {"TemplateName": "builtin/service", "TemplateVariables": {"Name": "web"}} (since 1.17).
        local: valid only in the datacenter where it is created. accessor_id, secret_id: UUIDs of your choice (since 1.5).
        expiration_ttl: how long the token is valid (from 1 minute to 24 hours, unless the servers say otherwise; since 1.5).
        expiration_time: instead, when it expires (RFC 3339). auth_method: Consul itself sets it at a login, and refuses it here.

        Needs acl:write. Raises Forbidden, ServerError for a link to an unknown policy or role, and for a lifetime that is not allowed.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#create-a-token
        """
        return write_operation("acl.token.create", "/v1/acl/token", one, _scope(options), body=_body(options), defaults=LOCAL)

    @operation
    def read(self, accessor_id: str, **options: Unpack[TokenReadOptions]) -> Operation[ACLTokenExpanded]:
        """Return a token. Its SecretID is "<hidden>" if you may not write tokens.

        expanded: also return the policies and roles of the token, and the default policy of the agent (since 1.12).

        Needs acl:read. Raises NotFound for an unknown ID; before 1.15, Consul answers as to an unknown token, and this raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#read-a-token
        """
        explain = explain_missing_or_forbidden(_WHAT)
        return read_operation("acl.token.read", _path(accessor_id), one, options, explain=explain)

    @operation
    def self(self, **options: Unpack[TokenSelfOptions]) -> Operation[ACLToken]:
        """Return the token with which this call is made. It needs no rights. Raises Forbidden if Consul does not know it, or none is sent.

        https://developer.hashicorp.com/consul/api-docs/acl/tokens#read-self-token
        """
        defaults = ("datacenter", "consistency")
        return read_operation("acl.token.self", "/v1/acl/token/self", one, options, defaults=defaults, explain=explain_own_token)

    @operation
    def update(self, accessor_id: str, **options: Unpack[TokenChangeOptions]) -> Operation[ACLToken]:
        """Replace a token and return it. What is left out becomes empty: also the links, so give all that it should keep.

        The parameters are those of `create`. Repeat `local=True` for a local token. secret_id, auth_method, expiration_ttl and
        expiration_time cannot change either: leave them out, or repeat the token's own.

        Needs acl:write. Raises NotFound for an unknown ID, Forbidden, ServerError for a link to an unknown policy or role.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#update-a-token
        """
        body, explain = _body(options), explain_missing(_WHAT)
        return write_operation("acl.token.update", _path(accessor_id), one, _scope(options), body=body, defaults=LOCAL, explain=explain)

    @operation
    def clone(self, accessor_id: str, *, description: str | None = None, **options: Unpack[EnterpriseScope]) -> Operation[ACLToken]:
        """Make a copy of a token, with IDs of its own, and return it. description: None: that of the token.

        Needs acl:write. Raises NotFound for an unknown ID; before 1.15, Consul answers as to an unknown token, and this raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#clone-a-token
        """
        body, explain = json_body({"Description": description}), explain_missing_or_forbidden(_WHAT)
        path = _path(accessor_id) + "/clone"
        return write_operation("acl.token.clone", path, one, options, body=body, defaults=LOCAL, explain=explain)

    @operation
    def delete(self, accessor_id: str, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Delete a token and return True.

        Needs acl:write. Raises NotFound for an unknown ID since Consul 1.15 (before, True), Forbidden, ServerError for the anonymous token
        and for the token of the call itself.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#delete-a-token
        """
        return write_operation("acl.token.delete", _path(accessor_id), boolean, options, method="DELETE", defaults=LOCAL)

    @operation
    def list(self, **options: Unpack[TokenListOptions]) -> Operation[builtins.list[ACLTokenListEntry]]:
        """Return the tokens; their secrets are left out before 1.10.1, and "<hidden>" if you may not write tokens.

        policy, role: only tokens that link to this ID. servicename: only those with this service identity (since 1.14.10).
        authmethod: only those that this auth method made; authmethod_ns: its namespace. Consul takes only one of the four at a time.

        Needs acl:read. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/tokens#list-tokens
        """
        return read_operation("acl.token.list", "/v1/acl/tokens", each, options)
