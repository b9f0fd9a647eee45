"""Auth methods, by which programs and people log in (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/auth-methods"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class AuthMethod(Namespace[M]):
    """Auth methods, by which programs and people log in (since Consul 1.5)."""
