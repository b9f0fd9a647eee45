"""Network areas (Consul Enterprise). https://developer.hashicorp.com/consul/api-docs/operator/area"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import each, first, member, nothing
from consul_proto.failures import enterprise
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, json_text, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.options import DatacenterBlockingOptions, DatacenterOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.types.area import Area, AreaJoinResponse, SerfMember

_PATH = "/v1/operator/area"

#: An area belongs to a datacenter, and has no namespace and no partition.
_WRITE = ("datacenter",)
_READ = ("datacenter", "consistency")


def _body(peer_datacenter: str | None, retry_join: Sequence[str] | None, use_tls: bool | None) -> bytes:
    joined = None if retry_join is None else list(retry_join)
    return json_body({"PeerDatacenter": peer_datacenter, "RetryJoin": joined, "UseTLS": use_tls})


def _of(area_id: str) -> str:
    return f"{_PATH}/" + segment(area_id, "an area ID")


class Areas(Namespace[M]):
    """Network areas (Consul Enterprise)."""

    @operation
    def create(
        self,
        peer_datacenter: str,
        *,
        retry_join: Sequence[str] | None = None,
        use_tls: bool | None = None,
        **options: Unpack[DatacenterOption],
    ) -> Operation[str]:
        """Create an area that joins this datacenter with another, and return its ID. Enterprise only.

        retry_join: addresses of servers to join until it works (IP or name, with or without port). use_tls: encrypt gossip in the area.
        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/area#create-network-area
        """
        body = _body(peer_datacenter, retry_join, use_tls)
        return write_operation(
            "operator.area.create", _PATH, member("ID"), options, body=body, method="POST", defaults=_WRITE, explain=enterprise
        )

    @operation
    def list(self, **options: Unpack[DatacenterBlockingOptions]) -> Operation[builtins.list[Area]]:
        """Return the areas of the datacenter. Enterprise only. Raises Forbidden, ClientError in the Community Edition.

        https://developer.hashicorp.com/consul/api-docs/operator/area#list-network-areas
        """
        return read_operation("operator.area.list", _PATH, each, options, defaults=_READ, explain=enterprise)

    @operation
    def update(
        self,
        area_id: str,
        *,
        peer_datacenter: str | None = None,
        retry_join: Sequence[str] | None = None,
        use_tls: bool | None = None,
        **options: Unpack[DatacenterOption],
    ) -> Operation[str]:
        """Change an area, and return its ID. Enterprise only. For the parameters, see `create`.

        Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/area#update-network-area
        """
        body = _body(peer_datacenter, retry_join, use_tls)
        path = _of(area_id)
        return write_operation("operator.area.update", path, member("ID"), options, body=body, defaults=_WRITE, explain=enterprise)

    @operation
    def read(self, area_id: str, **options: Unpack[DatacenterBlockingOptions]) -> Operation[Area]:
        """Return an area. Enterprise only. Raises NotFound for an unknown ID, Forbidden, ClientError in the Community Edition.

        https://developer.hashicorp.com/consul/api-docs/operator/area#list-specific-network-area
        """
        read = first("no network area with this ID")
        return read_operation("operator.area.read", _of(area_id), read, options, defaults=_READ, explain=enterprise)

    @operation
    def delete(self, area_id: str, **options: Unpack[DatacenterOption]) -> Operation[bool]:
        """Delete an area. Return True. Enterprise only. Raises Forbidden, ClientError in the Community Edition, ServerError.

        https://developer.hashicorp.com/consul/api-docs/operator/area#delete-network-area
        """
        path = _of(area_id)
        return write_operation("operator.area.delete", path, nothing, options, method="DELETE", defaults=_WRITE, explain=enterprise)

    @operation
    def join(
        self, area_id: str, addresses: Sequence[str], **options: Unpack[DatacenterOption]
    ) -> Operation[builtins.list[AreaJoinResponse]]:
        """Make servers of the other datacenter join an area. Return an entry for each address, with its own Error. Enterprise only.

        addresses: IP or name, with or without port. Raises Forbidden, ClientError in the Community Edition, ServerError.
        https://developer.hashicorp.com/consul/api-docs/operator/area#join-network-area
        """
        path, body = _of(area_id) + "/join", json_text("addresses", [*addresses]).encode()
        return write_operation("operator.area.join", path, each, options, body=body, defaults=_WRITE, explain=enterprise)

    @operation
    def members(self, area_id: str, **options: Unpack[DatacenterOption]) -> Operation[builtins.list[SerfMember]]:
        """Return the servers in an area. Enterprise only. Raises Forbidden, ClientError in the Community Edition.

        https://developer.hashicorp.com/consul/api-docs/operator/area#list-network-area-members
        """
        path = _of(area_id) + "/members"
        return read_operation("operator.area.members", path, each, options, defaults=_WRITE, blocks=None, explain=enterprise)
