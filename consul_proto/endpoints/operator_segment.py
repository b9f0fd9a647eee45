"""Network segments (Consul Enterprise). https://developer.hashicorp.com/consul/api-docs/operator/segment"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import texts
from consul_proto.failures import enterprise
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation
from consul_proto.types.options import DatacenterOption

if TYPE_CHECKING:
    from typing import Unpack


class Segment(Namespace[M]):
    """Network segments (Consul Enterprise)."""

    @operation
    def list(self, **options: Unpack[DatacenterOption]) -> Operation[builtins.list[str]]:
        """Return the names of the network segments; that of the default one is "". Enterprise only.

        Raises Forbidden, ClientError in the Community Edition.
        https://developer.hashicorp.com/consul/api-docs/operator/segment#list-network-segments
        """
        path = "/v1/operator/segment"
        return read_operation("operator.segment.list", path, texts, options, defaults=("datacenter",), blocks=None, explain=enterprise)
