"""The servers of the Raft cluster. https://developer.hashicorp.com/consul/api-docs/operator/raft"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import json_value, nothing, one, wrong
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import NOTHING, read_operation, write_operation
from consul_proto.types.operator import LeaderOptions, RaftPeerOptions
from consul_proto.types.options import DatacenterReadOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.operator import RaftConfiguration


def _success(response: Response) -> bool:
    """Return the member Success of an object."""
    value = json_value(response)
    if not isinstance(value, dict) or not isinstance(value.get("Success"), bool):
        raise wrong("an object with a boolean Success", value)
    return bool(value["Success"])


class Raft(Namespace[M]):
    """The servers of the Raft cluster."""

    @operation
    def configuration(self, **options: Unpack[DatacenterReadOptions]) -> Operation[RaftConfiguration]:
        """Return the servers of the Raft cluster, and which one leads.

        With consistency="stale", any server answers, also while there is no leader. Raises Forbidden, NoLeader, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/raft#read-configuration
        """
        path = "/v1/operator/raft/configuration"
        return read_operation("operator.raft.configuration", path, one, options, defaults=("datacenter", "consistency"), blocks=None)

    @operation
    def remove_peer(self, **options: Unpack[RaftPeerOptions]) -> Operation[bool]:
        """Remove a server from the Raft cluster that failed and will not come back. Return True.

        Give one of `id` (the server's ID) and `address` (its IP:port); `configuration` lists both.
        Raises ClientError unless just one is given, ServerError for an unknown server, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/operator/raft#delete-raft-peer
        """
        path = "/v1/operator/raft/peer"
        return write_operation("operator.raft.remove_peer", path, nothing, options, method="DELETE", defaults=("datacenter",))

    @operation
    def transfer_leader(self, **options: Unpack[LeaderOptions]) -> Operation[bool]:
        """Make another server the leader. Return True. Since 1.15.

        id: the ID of the next leader; without it, Consul chooses. Raises ServerError if there is no other server, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/operator/raft#transfer-raft-leadership
        """
        path = "/v1/operator/raft/transfer-leader"
        return write_operation("operator.raft.transfer_leader", path, _success, options, method="POST", defaults=NOTHING)
