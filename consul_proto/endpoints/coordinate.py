"""Network coordinates, from which round-trip times are estimated. https://developer.hashicorp.com/consul/api-docs/coordinate"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import each
from consul_proto.errors import ClientError, ConsulateException
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.types.coordinate import CoordinateOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.coordinate import CoordinateDatacenterMap, CoordinateEntry


#: Nodes have no namespace.
_NODE_SCOPE = ("datacenter", "partition", "consistency")


def _explain(response: Response) -> ConsulateException | None:
    if response.status != 401:
        return None
    return ClientError("Coordinate support disabled; remove disable_coordinates from the agent's configuration", maybe_applied=False)


class Coordinate(Namespace[M]):
    """Network coordinates of servers and nodes."""

    @operation
    def datacenters(self) -> Operation[list[CoordinateDatacenterMap]]:
        """Return the servers of every datacenter with their coordinates in the WAN pool.

        Raises ClientError if `disable_coordinates` is set.
        https://developer.hashicorp.com/consul/api-docs/coordinate#read-wan-coordinates
        """
        return read_operation("coordinate.datacenters", "/v1/coordinate/datacenters", each, {}, defaults=(), blocks=None, explain=_explain)

    @operation
    def nodes(self, **options: Unpack[CoordinateOptions]) -> Operation[list[CoordinateEntry]]:
        """Return the nodes of the datacenter with their coordinates in the LAN pool; a new node has none for some seconds.

        Raises Forbidden, and ClientError if `disable_coordinates` is set.
        https://developer.hashicorp.com/consul/api-docs/coordinate#read-lan-coordinates-for-all-nodes
        """
        path = "/v1/coordinate/nodes"
        return read_operation("coordinate.nodes", path, each, options, defaults=_NODE_SCOPE, blocks="index", explain=_explain)
