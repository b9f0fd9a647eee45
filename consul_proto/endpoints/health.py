"""Health of nodes and services. https://developer.hashicorp.com/consul/api-docs/health"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from consul_proto.decode import each
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.query import Names
    from consul_proto.types.catalog import ServiceEntry
    from consul_proto.types.check import HealthCheck
    from consul_proto.types.options import FilteredReadOptions, HealthInstanceOptions, ListOptions

State = Literal["any", "unknown", "passing", "warning", "critical"]

#: https://developer.hashicorp.com/consul/api-docs/health#list-checks-in-state; Consul answers any other with an empty list.
_STATES = ("any", "unknown", "passing", "warning", "critical")


class Health(Namespace[M]):
    """Read checks, and service instances with their checks."""

    @operation
    def node(self, node_id: str, **options: Unpack[FilteredReadOptions[HealthCheck]]) -> Operation[list[HealthCheck]]:
        """Return the checks of a node; an empty list for an unknown one.

        https://developer.hashicorp.com/consul/api-docs/health#list-checks-for-node
        """
        return read_operation("health.node", "/v1/health/node/" + segment(node_id, "a node name"), each, options)

    @operation
    def checks(self, service_id: str, **options: Unpack[ListOptions[HealthCheck]]) -> Operation[list[HealthCheck]]:
        """Return the checks of the instances of a service; an empty list for an unknown one.

        service_id: the name of the service, in spite of the parameter's documented name.

        https://developer.hashicorp.com/consul/api-docs/health#list-checks-for-service
        """
        return read_operation("health.checks", "/v1/health/checks/" + segment(service_id, "a service name"), each, options)

    @operation
    def service(
        self, service_id: str, tag: Names | None = None, passing: bool | None = None, **options: Unpack[HealthInstanceOptions[ServiceEntry]]
    ) -> Operation[list[ServiceEntry]]:
        """Return the instances of a service, each with its node and checks; an empty list for an unknown one.

        service_id: the name of the service, in spite of the parameter's documented name.
        tag: only instances with this tag, or with all of these tags. passing: only instances whose checks all pass.

        https://developer.hashicorp.com/consul/api-docs/health#list-nodes-for-service
        """
        return _instances("service", service_id, {"tag": tag, "passing": passing, **options})

    @operation
    def connect(
        self,
        service_id: str,
        passing: bool | None = None,
        *,
        tag: Names | None = None,
        **options: Unpack[HealthInstanceOptions[ServiceEntry]],
    ) -> Operation[list[ServiceEntry]]:
        """Return the instances that accept mesh traffic for a service: its proxies, and instances with native mesh support.

        passing: only instances whose checks all pass. tag: only instances with this tag, or with all of these tags; for a
        proxy, its own tags are compared. Since 1.2.
        https://developer.hashicorp.com/consul/api-docs/health#list-service-instances-for-mesh-enabled-service
        """
        return _instances("connect", service_id, {"passing": passing, "tag": tag, **options})

    @operation
    def ingress(
        self,
        service_id: str,
        passing: bool | None = None,
        *,
        tag: Names | None = None,
        **options: Unpack[HealthInstanceOptions[ServiceEntry]],
    ) -> Operation[list[ServiceEntry]]:
        """Return the ingress gateways that expose a service.

        passing: only instances whose checks all pass. tag: only gateways with this tag, or with all of these. Since 1.8.
        https://developer.hashicorp.com/consul/api-docs/health#list-service-instances-for-ingress-gateways-associated-with-a-service
        """
        return _instances("ingress", service_id, {"passing": passing, "tag": tag, **options})

    @operation
    def state(self, state: State, **options: Unpack[ListOptions[HealthCheck]]) -> Operation[list[HealthCheck]]:
        """Return the checks in a state: "any", "unknown", "passing", "warning" or "critical".

        Raises ValueError for another state.
        https://developer.hashicorp.com/consul/api-docs/health#list-checks-in-state
        """
        if state not in _STATES:
            raise ValueError(f"a check's state must be one of {', '.join(_STATES)}, not {state!r}")
        return read_operation("health.state", "/v1/health/state/" + state, each, options)


def _instances(kind: str, service: str, options: dict[str, Any]) -> Operation[list[ServiceEntry]]:
    path = f"/v1/health/{kind}/" + segment(service, "a service name")
    return read_operation(f"health.{kind}", path, each, options)
