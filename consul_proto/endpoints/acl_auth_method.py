"""Auth methods, by which programs and people log in (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/auth-methods"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal

from consul_proto.decode import boolean, each, one
from consul_proto.durations import go_duration
from consul_proto.endpoints.acl_answers import explain_missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.acl_auth_method import AuthMethodOptions

if TYPE_CHECKING:
    from typing import Any, Unpack

    from consul_proto.types.acl_auth_method import ACLAuthMethod, AuthMethodConfig, AuthMethodListEntry
    from consul_proto.types.options import ReadOptions, Scope

_SCOPE = ("datacenter", "namespace", "partition")


def _path(name: str) -> str:
    return "/v1/acl/auth-method/" + segment(name, "the name of an auth method")


def _body(name: str, method_type: str, config: AuthMethodConfig, options: AuthMethodOptions) -> bytes:
    ttl = options.get("max_token_ttl")
    return json_body(
        {
            "Name": name,
            "Type": method_type,
            "DisplayName": options.get("display_name"),
            "Description": options.get("description"),
            "MaxTokenTTL": None if ttl is None else go_duration(ttl),
            "TokenLocality": options.get("token_locality"),
            "Config": config,
            "NamespaceRules": options.get("namespace_rules"),
        }
    )


def _scope(options: AuthMethodOptions) -> dict[str, Any]:
    return {name: options.get(name) for name in _SCOPE}


class AuthMethod(Namespace[M]):
    """Auth methods, by which programs and people log in (since Consul 1.5)."""

    @operation
    def create(
        self,
        name: str,
        type: Literal["kubernetes", "jwt", "oidc", "aws-iam"],  # noqa: A002 - Consul's own word
        config: AuthMethodConfig,
        **options: Unpack[AuthMethodOptions],
    ) -> Operation[ACLAuthMethod]:
        """Create an auth method, or replace the one with this name, and return it.

        name: letters, digits, "-" and "_" (at most 128). type: kubernetes, jwt (since 1.8), oidc (since 1.8; Enterprise), aws-iam
        (since 1.12). config: what Consul needs to check logins of this type. display_name, description: for people.
        max_token_ttl: how long the tokens of logins are valid (1 minute to 24 hours; without it, until they log out; since 1.8).
        token_locality: "local" (the default) or "global": where these tokens are valid. namespace_rules: Enterprise.

        Needs acl:write. Raises Forbidden, ServerError for an invalid name, type or config.
        https://developer.hashicorp.com/consul/api-docs/acl/auth-methods#create-an-auth-method
        """
        body = _body(name, type, config, options)
        return write_operation("acl.auth_method.create", "/v1/acl/auth-method", one, _scope(options), body=body)

    @operation
    def read(self, name: str, **options: Unpack[ReadOptions]) -> Operation[ACLAuthMethod]:
        """Return an auth method with its config, and with the secrets in it.

        Needs acl:read. Raises NotFound for an unknown name, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/auth-methods#read-an-auth-method
        """
        explain = explain_missing("auth method with this name")
        return read_operation("acl.auth_method.read", _path(name), one, options, explain=explain)

    @operation
    def update(
        self,
        name: str,
        type: Literal["kubernetes", "jwt", "oidc", "aws-iam"],  # noqa: A002 - Consul's own word
        config: AuthMethodConfig,
        **options: Unpack[AuthMethodOptions],
    ) -> Operation[ACLAuthMethod]:
        """Replace an auth method, or create it if the name is unknown, and return it. What is left out becomes empty.

        The parameters are those of `create`. The type cannot change. Tokens of earlier logins stay as they are.

        Needs acl:write. Raises Forbidden, ServerError for an invalid config, and for another type.
        https://developer.hashicorp.com/consul/api-docs/acl/auth-methods#update-an-auth-method
        """
        body = _body(name, type, config, options)
        return write_operation("acl.auth_method.update", _path(name), one, _scope(options), body=body)

    @operation
    def delete(self, name: str, **options: Unpack[Scope]) -> Operation[bool]:
        """Delete an auth method, with its binding rules and with the tokens of its logins. Return True.

        Needs acl:write. Raises NotFound for an unknown name since Consul 1.15 (before, True), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/acl/auth-methods#delete-an-auth-method
        """
        return write_operation("acl.auth_method.delete", _path(name), boolean, options, method="DELETE")

    @operation
    def list(self, **options: Unpack[ReadOptions]) -> Operation[builtins.list[AuthMethodListEntry]]:
        """Return the auth methods, without their configs. Needs acl:read. Raises Forbidden.

        https://developer.hashicorp.com/consul/api-docs/acl/auth-methods#list-auth-methods
        """
        return read_operation("acl.auth_method.list", "/v1/acl/auth-methods", each, options)
