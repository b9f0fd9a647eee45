"""The legacy ACL system, up to Consul 1.10. https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy

The ID of a legacy token is its secret, and some of these calls carry it in their path: errors and reprs show a placeholder instead.
Newer agents answer with LegacyACLRemoved.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal

from consul_proto.decode import boolean, each, first, member, one
from consul_proto.endpoints.acl_answers import explain_login, explain_logout
from consul_proto.errors import LegacyACLRemoved, words
from consul_proto.flow import call
from consul_proto.namespace import M, Namespace, Pure, flow, group, operation
from consul_proto.operation import Operation, T
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.acl_login import ReplicationOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from consul_proto.endpoints.acl_auth_method import AuthMethod
    from consul_proto.endpoints.acl_binding_rule import BindingRule
    from consul_proto.endpoints.acl_legacy import Legacy
    from consul_proto.endpoints.acl_oidc import OIDC
    from consul_proto.endpoints.acl_policy import Policy
    from consul_proto.endpoints.acl_role import Role
    from consul_proto.endpoints.acl_templated_policy import TemplatedPolicy
    from consul_proto.endpoints.acl_token import Token
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consul_proto.types.acl import LegacyACL
    from consul_proto.types.acl_login import ACLBootstrapResponse, ACLReplicationStatus
    from consul_proto.types.acl_token import ACLToken
    from consul_proto.types.options import ACLReadOptions, DatacenterOption, Scope

_TYPES = ("client", "management")

#: Without the ID, which is a secret.
_MISSING = "no ACL token with this ID"


def _removed(response: Response) -> LegacyACLRemoved | None:
    """Return the error for the answers of Consul 1.11 to 1.14 (410) and newer (404)."""
    if response.status == 410 or (response.status == 404 and b"Invalid URL path" in response.body):
        said = words(response.body)
        return LegacyACLRemoved(f"{said}; this agent is newer than Consul 1.10, the last with the legacy ACL API", maybe_applied=False)
    return None


def _body(name: str, acl_type: str, rules: str | None, acl_id: str | None = None) -> bytes:
    if acl_type not in _TYPES:
        raise ValueError(f"acl_type must be 'client' or 'management', not {acl_type!r}")
    return json_body({"ID": acl_id, "Name": name, "Type": acl_type, "Rules": rules})


def _secret_segment(acl_id: str) -> str:
    try:
        return segment(acl_id, "an ACL ID")
    except ValueError:
        raise ValueError("an ACL ID must not be empty or contain line breaks or other unprintable characters") from None


def _updated(response: Response) -> bool:
    return bool(member("ID")(response))


class ACL(Namespace[M]):
    """Create, read, change and destroy legacy ACL tokens. This needs a management token."""

    token: group[Token[M]] = group("consul_proto.endpoints.acl_token:Token", "ACL tokens (since Consul 1.4).")
    policy: group[Policy[M]] = group("consul_proto.endpoints.acl_policy:Policy", "ACL policies (since Consul 1.4).")
    role: group[Role[M]] = group("consul_proto.endpoints.acl_role:Role", "ACL roles (since Consul 1.5).")
    binding_rule: group[BindingRule[M]] = group(
        "consul_proto.endpoints.acl_binding_rule:BindingRule", "Binding rules, which say what a login gets (since Consul 1.5)."
    )
    auth_method: group[AuthMethod[M]] = group(
        "consul_proto.endpoints.acl_auth_method:AuthMethod", "Auth methods, by which programs and people log in (since Consul 1.5)."
    )
    templated_policy: group[TemplatedPolicy[M]] = group(
        "consul_proto.endpoints.acl_templated_policy:TemplatedPolicy", "Templated policies (since Consul 1.17)."
    )
    oidc: group[OIDC[M]] = group("consul_proto.endpoints.acl_oidc:OIDC", "Login by OpenID Connect (Consul Enterprise, since 1.8).")
    legacy: group[Legacy[M]] = group(
        "consul_proto.endpoints.acl_legacy:Legacy", "The endpoints of the legacy ACL system, up to Consul 1.10."
    )

    @operation
    def create(self, name: str, acl_type: Literal["client", "management"] = "client", rules: str | None = None) -> Operation[str]:
        """Create a token and return its ID, which is its secret.

        name: a description for people. rules: HCL or JSON text. Raises Forbidden, ACLDisabled, LegacyACLRemoved, ServerError for bad rules.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#create-acl-token
        """
        body = _body(name, acl_type, rules)
        return write_operation("acl.legacy.create", "/v1/acl/create", member("ID"), {}, body=body, defaults=(), explain=_removed)

    @operation
    def update(
        self, acl_id: str, name: str, acl_type: Literal["client", "management"] = "client", rules: str | None = None
    ) -> Operation[bool]:
        """Change a token, or create it if the ID is unknown. Return True.

        Raises Forbidden, ACLDisabled, LegacyACLRemoved, ServerError for bad rules.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#update-acl-token
        """
        _secret_segment(acl_id)
        body = _body(name, acl_type, rules, acl_id)
        return write_operation("acl.legacy.update", "/v1/acl/update", _updated, {}, body=body, defaults=(), explain=_removed)

    @operation
    def info(self, acl_id: str, **options: Unpack[ACLReadOptions]) -> Operation[LegacyACL]:
        """Return a token. Raises NotFound for an unknown ID, ACLDisabled, LegacyACLRemoved.

        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#read-acl-token
        """
        return read_operation(
            "acl.legacy.info",
            "/v1/acl/info/" + _secret_segment(acl_id),
            first(_MISSING),
            options,
            defaults=("consistency",),
            explain=_removed,
            shown_path="/v1/acl/info/{acl_id}",
        )

    @operation
    def list(self, **options: Unpack[ACLReadOptions]) -> Operation[builtins.list[LegacyACL]]:
        """Return every legacy token. Raises Forbidden, ACLDisabled, LegacyACLRemoved.

        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#list-acls
        """
        return read_operation("acl.legacy.list", "/v1/acl/list", each, options, defaults=("consistency",), explain=_removed)

    @flow
    def clone(self, acl_id: str) -> Flow[str]:
        """Make a copy of a token and return the copy's ID, which is its secret.

        Consul answers 403 both for an unknown ID and for a missing permission, so this call reads the token first.
        Raises NotFound, Forbidden, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#clone-acl-token
        """
        return _after_reading(acl_id, _write("clone", acl_id, member("ID")))

    @flow
    def destroy(self, acl_id: str) -> Flow[bool]:
        """Delete a token and return True.

        Consul answers true even for an unknown ID, so this call reads the token first.
        Raises NotFound, Forbidden, ACLDisabled, LegacyACLRemoved.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#delete-acl-token
        """
        return _after_reading(acl_id, _write("destroy", acl_id, boolean))

    @operation
    def bootstrap(self, *, bootstrap_secret: str | None = None) -> Operation[ACLBootstrapResponse]:
        """Create the first token of a cluster, which may do everything, and return it. This works once, and needs no token.

        bootstrap_secret: the secret ID that the token gets, a UUID (since 1.15); None: Consul chooses it.

        Raises Forbidden if it was done before; the text has the reset index, with which an operator can allow it again. Raises ACLDisabled.
        https://developer.hashicorp.com/consul/api-docs/acl#bootstrap-acls
        """
        body = None if bootstrap_secret is None else json_body({"BootstrapSecret": bootstrap_secret})
        return write_operation("acl.bootstrap", "/v1/acl/bootstrap", one, {}, body=body, defaults=())

    @operation
    def replication(self, **options: Unpack[ReplicationOptions]) -> Operation[ACLReplicationStatus]:
        """Return how far the servers have copied the ACL system of the primary datacenter. It needs no rights. Raises ACLDisabled.

        https://developer.hashicorp.com/consul/api-docs/acl#check-acl-replication
        """
        defaults = ("datacenter", "consistency")
        return read_operation("acl.replication", "/v1/acl/replication", one, options, defaults=defaults, blocks=None)

    @operation
    def login(
        self, auth_method: str, bearer_token: str, *, meta: Mapping[str, str] | None = None, **options: Unpack[Scope]
    ) -> Operation[ACLToken]:
        """Log in, and return the new token: `client.using(token=client.acl.login("minikube", jwt)["SecretID"])`. Since 1.5.

        auth_method: its name. bearer_token: what proves who you are: a JWT, or the token of a Kubernetes service account.
        meta: is stored in the description of the token. Consul does not look at the client's own token.

        Raises NotFound for an unknown auth method, Forbidden if no binding rule applies, ServerError for an invalid bearer token.
        https://developer.hashicorp.com/consul/api-docs/acl#login-to-auth-method
        """
        body = json_body({"AuthMethod": auth_method, "BearerToken": bearer_token, "Meta": meta})
        return write_operation("acl.login", "/v1/acl/login", one, options, body=body, method="POST", explain=explain_login)

    @operation
    def logout(self, **options: Unpack[DatacenterOption]) -> Operation[bool]:
        """Delete the token with which this call is made, and return True. It must be one that `login` returned. Since 1.5.

        Raises Forbidden for any other token.
        https://developer.hashicorp.com/consul/api-docs/acl#logout-from-auth-method
        """
        path, defaults = "/v1/acl/logout", ("datacenter",)
        return write_operation("acl.logout", path, boolean, options, method="POST", defaults=defaults, explain=explain_logout)


def _write(verb: str, acl_id: str, read: Callable[[Response], T]) -> Operation[T]:
    path = f"/v1/acl/{verb}/"
    name = f"acl.legacy.{verb}"
    return write_operation(name, path + _secret_segment(acl_id), read, {}, defaults=(), explain=_removed, shown_path=path + "{acl_id}")


def _after_reading(acl_id: str, write: Operation[T]) -> Flow[T]:
    pure: ACL[Pure] = ACL()
    yield from call(pure.info(acl_id))
    return (yield from call(write))
