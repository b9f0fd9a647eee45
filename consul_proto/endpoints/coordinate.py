"""Network coordinates, from which round-trip times are estimated. https://developer.hashicorp.com/consul/api-docs/coordinate"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import each, nothing
from consul_proto.errors import ClientError, ConsulateException
from consul_proto.failures import missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import checked_text, segment
from consul_proto.types.coordinate import CoordinateOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.coordinate import Coordinate, CoordinateDatacenterMap, CoordinateEntry
    from consul_proto.types.options import Scope


#: Nodes have no namespace.
_NODE_SCOPE = ("datacenter", "partition", "consistency")
_NODE_WRITE = ("datacenter", "partition")


def _explain(response: Response) -> ConsulateException | None:
    if response.status != 401:
        return None
    return ClientError("Coordinate support disabled; remove disable_coordinates from the agent's configuration", maybe_applied=False)


_missing = missing("no such node, or it has no coordinate yet")


def _explain_node(response: Response) -> ConsulateException | None:
    return _missing(response) or _explain(response)


class Coordinates(Namespace[M]):
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

    @operation
    def node(self, node: str, **options: Unpack[CoordinateOptions]) -> Operation[list[CoordinateEntry]]:
        """Return the coordinates of a node in the LAN pool, one for each network segment. A new node has none for some seconds.

        node: the name of the node. Since 1.0.1.

        Raises NotFound if the node has no coordinate, and Forbidden. Agents such as 1.8.7 answer with an empty 404, which may also come
        from a proxy, so this raises ClientError there. It also raises ClientError if `disable_coordinates` is set.
        https://developer.hashicorp.com/consul/api-docs/coordinate#read-lan-coordinates-for-a-node
        """
        path = "/v1/coordinate/node/" + segment(node, "a node name")
        return read_operation("coordinate.node", path, each, options, defaults=_NODE_SCOPE, blocks="index", explain=_explain_node)

    @operation
    def update(self, node: str, coord: Coordinate, *, segment: str | None = None, **options: Unpack[Scope]) -> Operation[bool]:
        """Set the coordinate of a node, and return True. Agents do this themselves; it is for nodes without one. Since 1.0.1.

        node: the name of the node; Consul ignores an unknown one. coord: the point, whose `Vec` must have 8 members.
        segment: the network segment (Enterprise).

        The servers write coordinates in batches, so it is visible some seconds later.
        Raises Forbidden, ServerError for a point of another dimension, and ClientError if `disable_coordinates` is set.
        https://developer.hashicorp.com/consul/api-docs/coordinate#update-lan-coordinates-for-a-node
        """
        body = json_body({"Node": checked_text(node, "a node name"), "Segment": segment, "Coord": coord})
        path = "/v1/coordinate/update"
        return write_operation("coordinate.update", path, nothing, options, body=body, defaults=_NODE_WRITE, explain=_explain)
