"""Admin partitions (Consul Enterprise, since 1.11). https://developer.hashicorp.com/consul/api-docs/admin-partitions"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import each, nothing, one
from consul_proto.failures import enterprise, missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import NOTHING, json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.partition import PartitionReadOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.errors import ConsulateException
    from consul_proto.message import Response
    from consul_proto.types.partition import Partition

_READ = ("consistency",)

_missing = missing("no such partition, or Consul is not Enterprise")


def _explain(response: Response) -> ConsulateException | None:
    return _missing(response) or enterprise(response)


def _of(name: str) -> str:
    return "/v1/partition/" + segment(name, "the name of a partition")


class Partitions(Namespace[M]):
    """Admin partitions (Consul Enterprise, since 1.11)."""

    @operation
    def create(self, name: str, *, description: str | None = None, disable_gossip: bool | None = None) -> Operation[Partition]:
        """Create an admin partition and return it. Enterprise only.

        name: a DNS label. description: for people. disable_gossip: no gossip in this partition (since 1.18.1).
        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/admin-partitions#create-a-partition
        """
        body = json_body({"Name": name, "Description": description, "DisableGossip": disable_gossip})
        return write_operation("partition.create", "/v1/partition", one, {}, body=body, defaults=NOTHING, explain=enterprise)

    @operation
    def read(self, name: str, **options: Unpack[PartitionReadOptions]) -> Operation[Partition]:
        """Return an admin partition; it has the member DeletedAt while its contents are being deleted. Enterprise only.

        Raises NotFound for an unknown name, Forbidden, ClientError in the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/admin-partitions#read-a-partition
        """
        return read_operation("partition.read", _of(name), one, options, defaults=_READ, blocks=None, explain=_explain)

    @operation
    def update(self, name: str, *, description: str | None = None, disable_gossip: bool | None = None) -> Operation[Partition]:
        """Change an admin partition and return it. Enterprise only. For the parameters, see `create`.

        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/admin-partitions#update-a-partition
        """
        body = json_body({"Description": description, "DisableGossip": disable_gossip})
        return write_operation("partition.update", _of(name), one, {}, body=body, defaults=NOTHING, explain=enterprise)

    @operation
    def delete(self, name: str) -> Operation[bool]:
        """Delete an admin partition with all its contents. Return True. Consul deletes it in the background: see `read`. Enterprise only.

        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/admin-partitions#delete-a-partition
        """
        path = _of(name)
        return write_operation("partition.delete", path, nothing, {}, method="DELETE", defaults=NOTHING, explain=enterprise)

    @operation
    def list(self, **options: Unpack[PartitionReadOptions]) -> Operation[builtins.list[Partition]]:
        """Return the admin partitions. Enterprise only. Raises Forbidden, ClientError in the Community Edition.

        https://developer.hashicorp.com/consul/api-docs/admin-partitions#list-all-partitions
        """
        path = "/v1/partitions"
        return read_operation("partition.list", path, each, options, defaults=_READ, blocks=None, explain=enterprise)
