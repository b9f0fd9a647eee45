"""Endpoints that Consul does not document; they may change with any version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.namespace import M, Namespace, group

if TYPE_CHECKING:
    from consul_proto.endpoints.internal_federation_state import FederationState
    from consul_proto.endpoints.internal_ui import UI


class Internal(Namespace[M]):
    """Endpoints that Consul does not document; they may change with any version."""

    federation_state: group[FederationState[M]] = group(
        "consul_proto.endpoints.internal_federation_state:FederationState",
        "Federation states: the mesh gateways of each datacenter (since Consul 1.8).",
    )
    ui: group[UI[M]] = group("consul_proto.endpoints.internal_ui:UI", "The summaries that Consul's own web UI shows.")
