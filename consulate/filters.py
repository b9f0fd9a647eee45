"""Build the expressions of `filter=`. Values are quoted, and type checkers reject unknown fields.

    from consulate.filters import service_entry as where

    client.health.service("web", filter=where.Service.Tags.contains("v2") & (where.Service.Meta["zone"] == "a"))

There is one selector for each kind of rows:

    node             catalog.nodes
    catalog_service  catalog.service, catalog.connect, catalog.services (since 1.14)
    service          agent.services, catalog.node, catalog.node_services
    service_entry    health.service, health.connect, health.ingress, internal.ui.services
    check            agent.checks, health.node, health.checks, health.state
    member           agent.members (since 1.14.9)
    intention        connect.intentions.list (since 1.8)
    service_defaults config.list("service-defaults") (since 1.16)
    ui_node          internal.ui.nodes

https://developer.hashicorp.com/consul/api-docs/features/filtering
"""

from consul_proto.filters.expression import Filter
from consul_proto.filters.listings import (
    catalog_service,
    check,
    intention,
    member,
    node,
    service,
    service_defaults,
    service_entry,
    ui_node,
)

__all__ = [
    "Filter",
    "catalog_service",
    "check",
    "intention",
    "member",
    "node",
    "service",
    "service_defaults",
    "service_entry",
    "ui_node",
]
