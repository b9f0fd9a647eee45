"""Prepared queries. https://developer.hashicorp.com/consul/api-docs/query"""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class PreparedQueries(Namespace[M]):
    """Prepared queries."""
