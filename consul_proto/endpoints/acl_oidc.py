"""Login by OpenID Connect (Consul Enterprise, since 1.8). https://developer.hashicorp.com/consul/api-docs/acl#oidc-authorization-url-request"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class OIDC(Namespace[M]):
    """Login by OpenID Connect (Consul Enterprise, since 1.8)."""
