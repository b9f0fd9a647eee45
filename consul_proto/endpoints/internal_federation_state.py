"""Federation states: the mesh gateways of each datacenter (since Consul 1.8)."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, cast

from consul_proto.decode import each, json_value, one, wrong
from consul_proto.failures import missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.paths import segment
from consul_proto.types.options import DatacenterBlockingOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.catalog import ServiceEntry
    from consul_proto.types.internal import FederationState, FederationStateResponse

_READ = ("datacenter", "consistency")


def _gateways(response: Response) -> dict[str, builtins.list[ServiceEntry]]:
    value = json_value(response)
    if not isinstance(value, dict) or not all(isinstance(entries, list | None) for entries in value.values()):
        raise wrong("an object of lists", value)
    return {datacenter: cast("list[ServiceEntry]", entries or []) for datacenter, entries in value.items()}


class FederationStates(Namespace[M]):
    """Federation states: the mesh gateways of each datacenter (since Consul 1.8)."""

    @operation
    def list(self, **options: Unpack[DatacenterBlockingOptions]) -> Operation[builtins.list[FederationState]]:
        """Return the federation state of each datacenter. Raises Forbidden, NoLeader, ServerError.

        https://developer.hashicorp.com/consul/docs/connect/gateways/mesh-gateway/wan-federation-via-mesh-gateways
        """
        return read_operation("internal.federation_state.list", "/v1/internal/federation-states", each, options, defaults=_READ)

    @operation
    def mesh_gateways(self, **options: Unpack[DatacenterBlockingOptions]) -> Operation[dict[str, builtins.list[ServiceEntry]]]:
        """Return the healthy mesh gateways of each datacenter that has any, as {datacenter: [...]}. Raises NoLeader, ServerError.

        https://developer.hashicorp.com/consul/docs/connect/gateways/mesh-gateway/wan-federation-via-mesh-gateways
        """
        path = "/v1/internal/federation-states/mesh-gateways"
        return read_operation("internal.federation_state.mesh_gateways", path, _gateways, options, defaults=_READ)

    @operation
    def get(self, state_datacenter: str, **options: Unpack[DatacenterBlockingOptions]) -> Operation[FederationStateResponse]:
        """Return the federation state of a datacenter, as {"State": ..., ...}.

        state_datacenter: the datacenter that the state describes; the option `datacenter` is the one that answers.
        Raises NotFound for an unknown one (before 1.9 ClientError, since such an agent's answer is like a proxy's), Forbidden.
        https://developer.hashicorp.com/consul/docs/connect/gateways/mesh-gateway/wan-federation-via-mesh-gateways
        """
        path = "/v1/internal/federation-state/" + segment(state_datacenter, "the name of a datacenter")
        explain = missing("no federation state of this datacenter")
        return read_operation("internal.federation_state.get", path, one, options, defaults=_READ, explain=explain)
