"""Compiled discovery chains (since Consul 1.6). https://developer.hashicorp.com/consul/api-docs/discovery-chain"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import one
from consul_proto.durations import go_duration
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation
from consul_proto.paths import segment
from consul_proto.types.discovery_chain import DiscoveryChainOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.durations import Duration
    from consul_proto.types.discovery_chain import DiscoveryChainResponse
    from consul_proto.types.service import MeshGatewayConfig


def _path(service: str) -> str:
    return "/v1/discovery-chain/" + segment(service, "a service name")


class DiscoveryChain(Namespace[M]):
    """Compiled discovery chains: what routers, splitters and resolvers make of a connection to a service (since Consul 1.6)."""

    @operation
    def read(self, service: str, **options: Unpack[DiscoveryChainOptions]) -> Operation[DiscoveryChainResponse]:
        """Return the compiled chain of a service, as {"Chain": ...}. An unknown service has a chain as well: the default one.

        Raises Forbidden. Since Consul 1.6.
        https://developer.hashicorp.com/consul/api-docs/discovery-chain#read-compiled-discovery-chain
        """
        return read_operation("discovery_chain.read", _path(service), one, options)

    @operation
    def read_with_overrides(
        self,
        service: str,
        *,
        override_connect_timeout: Duration | None = None,
        override_protocol: str | None = None,
        override_mesh_gateway: MeshGatewayConfig | None = None,
        **options: Unpack[DiscoveryChainOptions],
    ) -> Operation[DiscoveryChainResponse]:
        """Return the chain that a service would have with other settings, as {"Chain": ...}. Nothing is stored.

        override_connect_timeout: the time to connect to each target. override_protocol: "tcp", "http", "http2" or "grpc".
        override_mesh_gateway: {"Mode": "none"}, "local" or "remote".

        It is a read although it is a POST: it is sent again if its outcome is unknown, it can block, and `cached` has an effect.
        Raises Forbidden, ClientError for an unknown mode. Since Consul 1.6.
        https://developer.hashicorp.com/consul/api-docs/discovery-chain#read-compiled-discovery-chain
        """
        members = {
            "OverrideConnectTimeout": None if override_connect_timeout is None else go_duration(override_connect_timeout),
            "OverrideProtocol": override_protocol,
            "OverrideMeshGateway": override_mesh_gateway,
        }
        name = "discovery_chain.read_with_overrides"
        return read_operation(name, _path(service), one, options, method="POST", body=json_body(members))
