"""The endpoints of the legacy ACL system, up to Consul 1.10. https://developer.hashicorp.com/consul/api-docs/v1.10.x/acl/legacy"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class Legacy(Namespace[M]):
    """The endpoints of the legacy ACL system, up to Consul 1.10."""
