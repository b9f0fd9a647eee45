"""Endpoints that Consul does not document; they may change with any version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import each, one
from consul_proto.namespace import M, Namespace, group, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, json_text, write_operation
from consul_proto.types.options import DatacenterOption, EnterpriseScope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.endpoints.internal_federation_state import FederationStates
    from consul_proto.endpoints.internal_ui import UI
    from consul_proto.types.internal import ACLAuthorizationRequest, ACLAuthorizationResponse, AssignServiceManualVIPsResponse


class Internal(Namespace[M]):
    """Endpoints that Consul does not document; they may change with any version."""

    federation_state: group[FederationStates[M]] = group(
        "consul_proto.endpoints.internal_federation_state:FederationStates",
        "Federation states: the mesh gateways of each datacenter (since Consul 1.8).",
    )
    ui: group[UI[M]] = group("consul_proto.endpoints.internal_ui:UI", "The summaries that Consul's own web UI shows.")

    @operation
    def acl_authorize(
        self, requests: Sequence[ACLAuthorizationRequest], **options: Unpack[DatacenterOption]
    ) -> Operation[list[ACLAuthorizationResponse]]:
        """Return what the client's token may do: each of the requests, with its Allow.

        client.internal.acl_authorize([{"Resource": "key", "Segment": "app/", "Access": "write"}])

        requests: at most 64. Raises ClientError for an unknown resource or access, ACLDisabled, Forbidden for an unknown token. Since 1.7.
        https://developer.hashicorp.com/consul/api-docs
        """
        body, path = json_text("requests", [*requests]).encode(), "/v1/internal/acl/authorize"
        return write_operation("internal.acl_authorize", path, each, options, body=body, method="POST", defaults=("datacenter",))

    @operation
    def service_virtual_ip(
        self, service: str, manual_vips: Sequence[str], **options: Unpack[EnterpriseScope]
    ) -> Operation[AssignServiceManualVIPsResponse]:
        """Give a service virtual addresses of your own, instead of those that it had; an empty list removes them. Since 1.16.

        manual_vips: IP addresses; each is taken from the service that had it before, which the answer names.
        Raises ServerError for what is no address, Forbidden, NoLeader.
        https://developer.hashicorp.com/consul/docs/services/discovery/dns-static-lookups
        """
        body, path = json_body({"Service": service, "ManualVIPs": [*manual_vips]}), "/v1/internal/service-virtual-ip"
        return write_operation("internal.service_virtual_ip", path, one, options, body=body, defaults=LOCAL)
