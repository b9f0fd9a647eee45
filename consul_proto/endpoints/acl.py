"""The documented ACL calls, and the groups of the ACL system. https://developer.hashicorp.com/consul/api-docs/acl

The document describes the legacy ACL system, in which the ID of a token is its secret. Consul had this system up to 1.10. On newer agents,
the documented calls work through tokens and policies, see `acl_modern`. Each call tries the legacy endpoint first, and remembers nothing.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal

from consul_proto.decode import boolean, one
from consul_proto.endpoints import acl_modern
from consul_proto.endpoints.acl_answers import explain_login, explain_logout
from consul_proto.endpoints.acl_legacy import Legacy
from consul_proto.errors import ConsulateException, LegacyACLRemoved
from consul_proto.flow import call
from consul_proto.namespace import M, Namespace, Pure, flow, group, operation
from consul_proto.operation import Operation, T
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.types.acl import ACLOptions
from consul_proto.types.acl_login import ReplicationOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from consul_proto.endpoints.acl_auth_method import AuthMethod
    from consul_proto.endpoints.acl_binding_rule import BindingRule
    from consul_proto.endpoints.acl_oidc import OIDC
    from consul_proto.endpoints.acl_policy import Policy
    from consul_proto.endpoints.acl_role import Role
    from consul_proto.endpoints.acl_templated_policy import TemplatedPolicy
    from consul_proto.endpoints.acl_token import Token
    from consul_proto.flow import Flow
    from consul_proto.types.acl import LegacyACL
    from consul_proto.types.acl_login import ACLBootstrapResponse, ACLReplicationStatus
    from consul_proto.types.acl_token import ACLToken
    from consul_proto.types.options import DatacenterOption, Scope

_legacy: Legacy[Pure] = Legacy()


def _legacy_first(legacy: Flow[T], modern: Flow[T], acl_id: str = "") -> Flow[T]:
    """Run the legacy call, or the one for newer agents if the agent does not have the legacy system. acl_id: is hidden in errors."""
    try:
        try:
            return (yield from legacy)
        except LegacyACLRemoved:
            pass
        return (yield from modern)
    except ConsulateException as error:
        if acl_id:
            error.conceal((acl_id,))
        raise


def _after_reading(acl_id: str, write: Operation[T]) -> Flow[T]:
    yield from call(_legacy.info(acl_id))
    return (yield from call(write))


class ACL(Namespace[M]):
    """The documented calls for ACL tokens, on every version of Consul, and the groups of the ACL system since Consul 1.4.

    The documented calls need a token that may write ACLs (up to 1.10: a management token). `token`, `policy` and `role` can do more.
    """

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

    @flow
    def create(self, name: str, acl_type: Literal["client", "management"] = "client", rules: str | None = None) -> Flow[str]:
        """Create a token and return its ID, which is its secret.

        name: a description for people. acl_type: "management" allows everything.
        rules: HCL or JSON text in the syntax of the legacy system, where `key "app/"` is about all keys that begin with "app/".

        Since Consul 1.11, this makes a token, and a policy with the rules in today's syntax. If a step fails, both are deleted again.
        Raises Forbidden, ACLDisabled, ServerError for bad rules.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#create-acl-token
        """
        return _legacy_first(call(_legacy.create(name, acl_type, rules)), acl_modern.create(name, acl_type, rules))

    @flow
    def update(self, acl_id: str, name: str, acl_type: Literal["client", "management"] = "client", rules: str | None = None) -> Flow[bool]:
        """Change a token, or create it if the ID is unknown. Return True.

        name, acl_type, rules: as for `create`. They replace all that the token had, also its links to other policies and to roles.
        Raises Forbidden, ACLDisabled, ServerError for bad rules; since Consul 1.11, ClientError for an unknown ID that is not a UUID.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#update-acl-token
        """
        legacy = _legacy.update(acl_id, name, acl_type, rules)
        return _legacy_first(call(legacy), acl_modern.update(acl_id, name, acl_type, rules), acl_id)

    @flow
    def info(self, acl_id: str, **options: Unpack[ACLOptions]) -> Flow[LegacyACL]:
        """Return a token.

        Since Consul 1.11, a token without a policy of `create`'s shows the rules of all its policies, in their own syntax. Reading rules
        needs acl:read there. Raises NotFound for an unknown ID, Forbidden, ACLDisabled.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#read-acl-token
        """
        return _legacy_first(call(_legacy.info(acl_id, **options)), acl_modern.info(acl_id, options), acl_id)

    @flow
    def list(self, **options: Unpack[ACLOptions]) -> Flow[builtins.list[LegacyACL]]:
        """Return every token: up to Consul 1.10 those of the legacy system, since 1.11 all, as `info` does.

        Raises Forbidden, ACLDisabled.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#list-acls
        """
        return _legacy_first(call(_legacy.list(**options)), acl_modern.every(options))

    @flow
    def clone(self, acl_id: str) -> Flow[str]:
        """Make a copy of a token and return the copy's ID, which is its secret. The copy has its own rules.

        The legacy system answers 403 both for an unknown ID and for a missing permission, so this call reads the token first.
        Raises NotFound, Forbidden, ACLDisabled.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#clone-acl-token
        """
        return _legacy_first(_after_reading(acl_id, _legacy.clone(acl_id)), acl_modern.clone(acl_id), acl_id)

    @flow
    def destroy(self, acl_id: str) -> Flow[bool]:
        """Delete a token and return True. Since Consul 1.11, this also deletes the policy that `create` made for it.

        A policy that another token or a role links to stays. The legacy system answers true even for an unknown ID, so this call reads the
        token first. Raises NotFound, Forbidden, ACLDisabled.
        https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy#delete-acl-token
        """
        return _legacy_first(_after_reading(acl_id, _legacy.destroy(acl_id)), acl_modern.destroy(acl_id), acl_id)

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
