# pyright: strict
"""Filters that both checkers must accept: see accepted.py."""

from __future__ import annotations

from typing import assert_type

from consul_proto.api import Operations
from consul_proto.filters.expression import Filter
from consul_proto.operation import Operation
from consul_proto.types.catalog import ServiceEntry
from consulate import AsyncConsul, Consul, filters


def filters_of_listings(client: Consul, pure: Operations) -> None:
    where = filters.service_entry
    tagged = assert_type(where.Service.Tags.contains("v2"), Filter[ServiceEntry])
    near = assert_type(where.Service.Meta["zone"] == "a", Filter[ServiceEntry])
    assert_type(tagged & near | ~near, Filter[ServiceEntry])
    assert_type(where.Checks.Status != "passing", Filter[ServiceEntry])
    assert_type(where.Service.TaggedAddresses["lan"].Port == 80, Filter[ServiceEntry])
    assert_type(client.health.service("web", filter=tagged & near), list[ServiceEntry])
    assert_type(client.health.service("web", filter="Service.Port == 80"), list[ServiceEntry])
    assert_type(pure.health.service("web", filter=near), Operation[list[ServiceEntry]])
    client.health.connect("web", filter=near)
    client.health.ingress("web", filter=near)
    client.internal.ui.services(filter=near)
    client.catalog.nodes(filter=filters.node.Meta.contains("rack"))
    client.catalog.service("web", filter=filters.catalog_service.ServicePort == 80)
    client.catalog.connect("web", filter=filters.catalog_service.ServiceKind == "connect-proxy")
    client.catalog.services(filter=filters.catalog_service.ServiceTags.is_empty())
    client.catalog.node("n1", filter=filters.service.EnableTagOverride == True)  # noqa: E712 - it makes an expression
    client.catalog.node_services("n1", filter=filters.service.Weights.Passing != 1)
    client.agent.services(filter=filters.service.Service.matches("^web"))
    client.agent.checks(filter=filters.check.Status == "critical")
    client.agent.members(filter=filters.member.Tags["role"] == "consul")
    client.health.node("n1", filter=filters.check.Name.contains("disk"))
    client.health.checks("web", filter=filters.check.Type == "ttl")
    client.health.state("any", filter=filters.check.ServiceTags.contains("a"))
    client.connect.intentions.list(filter=filters.intention.Precedence == 9)
    client.config.list("service-defaults", filter=filters.service_defaults.Protocol == "http")
    client.internal.ui.nodes(filter=filters.ui_node.Services.Service == "web")


async def filters_for_tasks(tasks: AsyncConsul) -> None:
    assert_type(await tasks.health.service("web", filter=filters.service_entry.Service.Port == 80), list[ServiceEntry])
