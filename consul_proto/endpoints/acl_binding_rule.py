"""Binding rules, which say what a login gets (since Consul 1.5). https://developer.hashicorp.com/consul/api-docs/acl/binding-rules"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class BindingRule(Namespace[M]):
    """Binding rules, which say what a login gets (since Consul 1.5)."""
