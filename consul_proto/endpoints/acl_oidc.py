"""Login by OpenID Connect (Consul Enterprise, since 1.8). https://developer.hashicorp.com/consul/api-docs/acl#oidc-authorization-url-request"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import one
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, write_operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from consul_proto.types.acl_login import ACLOIDCAuthURLResponse
    from consul_proto.types.acl_token import ACLToken
    from consul_proto.types.options import Scope


class OIDC(Namespace[M]):
    """Login of people by OpenID Connect (Consul Enterprise, since 1.8). Programs use `acl.login`."""

    @operation
    def auth_url(
        self,
        auth_method: str,
        redirect_uri: str,
        *,
        client_nonce: str | None = None,
        meta: Mapping[str, str] | None = None,
        **options: Unpack[Scope],
    ) -> Operation[ACLOIDCAuthURLResponse]:
        """Return the address where a person logs in, as {"AuthURL": ...}. Consul Enterprise.

        redirect_uri: where the browser goes after it, one of the auth method's AllowedRedirectURIs.
        client_nonce: a random text of yours; `callback` must repeat it. meta: is stored in the description of the token.

        Raises Forbidden, ClientError on the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/acl#oidc-authorization-url-request
        """
        body = json_body({"AuthMethod": auth_method, "RedirectURI": redirect_uri, "ClientNonce": client_nonce, "Meta": meta})
        return write_operation("acl.oidc.auth_url", "/v1/acl/oidc/auth-url", one, options, body=body, method="POST")

    @operation
    def callback(
        self, auth_method: str, state: str, code: str, *, client_nonce: str | None = None, **options: Unpack[Scope]
    ) -> Operation[ACLToken]:
        """Finish the login of a person, and return the new token. Consul Enterprise.

        state, code: from the address to which the browser was sent. client_nonce: that of `auth_url`.

        Raises Forbidden, ClientError on the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/acl#oidc-callback
        """
        body = json_body({"AuthMethod": auth_method, "State": state, "Code": code, "ClientNonce": client_nonce})
        return write_operation("acl.oidc.callback", "/v1/acl/oidc/callback", one, options, body=body, method="POST")
