"""For operators of a cluster: Raft, autopilot, gossip keys, usage. https://developer.hashicorp.com/consul/api-docs/operator"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.namespace import M, Namespace, group

if TYPE_CHECKING:
    from consul_proto.endpoints.operator_area import Area
    from consul_proto.endpoints.operator_autopilot import Autopilot
    from consul_proto.endpoints.operator_keyring import Keyring
    from consul_proto.endpoints.operator_license import License
    from consul_proto.endpoints.operator_raft import Raft
    from consul_proto.endpoints.operator_segment import Segment


class Operator(Namespace[M]):
    """For operators of a cluster: Raft, autopilot, gossip keys, usage."""

    raft: group[Raft[M]] = group("consul_proto.endpoints.operator_raft:Raft", "The servers of the Raft cluster.")
    autopilot: group[Autopilot[M]] = group(
        "consul_proto.endpoints.operator_autopilot:Autopilot", "Autopilot, which watches and removes servers."
    )
    keyring: group[Keyring[M]] = group("consul_proto.endpoints.operator_keyring:Keyring", "The keys that encrypt gossip.")
    license: group[License[M]] = group("consul_proto.endpoints.operator_license:License", "The license of Consul Enterprise.")
    segment: group[Segment[M]] = group("consul_proto.endpoints.operator_segment:Segment", "Network segments (Consul Enterprise).")
    area: group[Area[M]] = group("consul_proto.endpoints.operator_area:Area", "Network areas (Consul Enterprise).")
