"""For operators of a cluster: Raft, autopilot, gossip keys, usage. https://developer.hashicorp.com/consul/api-docs/operator"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import member, one
from consul_proto.failures import enterprise, hiding
from consul_proto.namespace import M, Namespace, group, operation
from consul_proto.operation import Operation
from consul_proto.options import NOTHING, SCOPE, json_body, read_operation, write_operation
from consul_proto.types.operator import UsageOptions, UtilizationOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.endpoints.operator_area import Areas
    from consul_proto.endpoints.operator_autopilot import Autopilot
    from consul_proto.endpoints.operator_keyring import Keyring
    from consul_proto.endpoints.operator_license import License
    from consul_proto.endpoints.operator_raft import Raft
    from consul_proto.endpoints.operator_segment import Segment
    from consul_proto.message import Response
    from consul_proto.types.operator import Usage


def _bundle(response: Response) -> bytes:
    """Return an object as it was received: it is signed."""
    one(response)
    return response.body


class Operator(Namespace[M]):
    """For operators of a cluster: Raft, autopilot, gossip keys, usage."""

    raft: group[Raft[M]] = group("consul_proto.endpoints.operator_raft:Raft", "The servers of the Raft cluster.")
    autopilot: group[Autopilot[M]] = group(
        "consul_proto.endpoints.operator_autopilot:Autopilot", "Autopilot, which watches and removes servers."
    )
    keyring: group[Keyring[M]] = group("consul_proto.endpoints.operator_keyring:Keyring", "The keys that encrypt gossip.")
    license: group[License[M]] = group("consul_proto.endpoints.operator_license:License", "The license of Consul Enterprise.")
    segment: group[Segment[M]] = group("consul_proto.endpoints.operator_segment:Segment", "Network segments (Consul Enterprise).")
    area: group[Areas[M]] = group("consul_proto.endpoints.operator_area:Areas", "Network areas (Consul Enterprise).")

    @operation
    def usage(self, **options: Unpack[UsageOptions]) -> Operation[Usage]:
        """Return how many nodes and services the agent's datacenter has, or each datacenter with global_=True. Since 1.15.

        usage = client.operator.usage()["Usage"]["dc1"]["Services"]

        Consul 1.22.5 ignores the option `datacenter`.
        Raises Forbidden, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/usage
        """
        return read_operation("operator.usage", "/v1/operator/usage", one, options, defaults=("datacenter", "consistency"))

    @operation
    def utilization(self, **options: Unpack[UtilizationOptions]) -> Operation[bytes]:
        """Return a bundle of usage for the license, as it is to be saved: JSON, with a signature. Enterprise only, since 1.22.

        With send_report=True, Consul also sends the report, and the answer is {"message": ...}.
        Raises Forbidden, ClientError in the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/operator/utilization
        """
        path = "/v1/operator/utilization"
        return read_operation("operator.utilization", path, _bundle, options, defaults=SCOPE, blocks=None, explain=enterprise)

    @operation
    def audit_hash(self, text: str) -> Operation[str]:
        """Return the hash with which a text occurs in the audit log ("hmac_sha256:..."). Enterprise only, since 1.16.

        text: may be a secret, such as a token; it is sent in the body. Raises Forbidden, ClientError in the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/operator/audit#calculate-data-hash
        """
        body, path = json_body({"Input": text}), "/v1/operator/audit-hash"
        return write_operation(
            "operator.audit_hash", path, member("Hash"), {}, body=body, method="POST", defaults=NOTHING, explain=hiding([text], enterprise)
        )
