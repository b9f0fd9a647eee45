"""The state of the Raft cluster. https://developer.hashicorp.com/consul/api-docs/status"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import text, texts
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import read_operation

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.types.options import DatacenterOption

#: These calls read ?dc (since 1.5.3) and no other option.
_DEFAULTS = ("datacenter",)


class Status(Namespace[M]):
    """Low-level information about the cluster's consensus."""

    @operation
    def leader(self, **options: Unpack[DatacenterOption]) -> Operation[str]:
        """Return the address of the Raft leader, "ip:port" of its server port, or "" while there is none.

        https://developer.hashicorp.com/consul/api-docs/status#get-raft-leader
        """
        return read_operation("status.leader", "/v1/status/leader", text, options, defaults=_DEFAULTS, blocks=None)

    @operation
    def peers(self, **options: Unpack[DatacenterOption]) -> Operation[list[str]]:
        """Return the addresses of the Raft peers, each "ip:port" of its server port.

        https://developer.hashicorp.com/consul/api-docs/status#list-raft-peers
        """
        return read_operation("status.peers", "/v1/status/peers", texts, options, defaults=_DEFAULTS, blocks=None)
