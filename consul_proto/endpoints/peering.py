"""Cluster peering (since Consul 1.13). https://developer.hashicorp.com/consul/api-docs/peering

A peering token is a secret. It is sent and received in a body, which no error, repr or log shows.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from consul_proto.decode import each, member, nothing, one
from consul_proto.failures import hiding
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment
from consul_proto.types.options import PartitionOption
from consul_proto.types.peering import PeeringReadOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.types.peering import Peering

#: A peering belongs to a partition, and has no namespace.
_WRITE = ("partition",)
_READ = ("partition", "consistency")


def _established(response: Response) -> bool:
    """Return True for an object, which is empty."""
    one(response)
    return True


def _of(name: str) -> str:
    return "/v1/peering/" + segment(name, "the name of a peering")


class Peerings(Namespace[M]):
    """Cluster peering (since Consul 1.13)."""

    @operation
    def generate_token(
        self,
        peer_name: str,
        *,
        meta: Mapping[str, str] | None = None,
        server_external_addresses: Sequence[str] | None = None,
        **options: Unpack[PartitionOption],
    ) -> Operation[str]:
        """Make a token with which another cluster can peer with this one, and return it. Since 1.13.

        token = here.peering.generate_token("cluster-02")
        there.peering.establish("cluster-01", token)

        peer_name: the name of the other cluster in this one; from 1.14.4 in lower case. meta: metadata of the peering.
        server_external_addresses: the addresses (host:port) that the token gives, if the servers' own cannot be reached from there.

        The token is a secret, and works once. A second token for the same peer makes the first one invalid.
        Raises Forbidden, NoLeader, ServerError if the servers have no gRPC port with TLS.
        https://developer.hashicorp.com/consul/api-docs/peering#generate-a-peering-token
        """
        addresses = None if server_external_addresses is None else list(server_external_addresses)
        body = json_body({"PeerName": peer_name, "Meta": meta, "ServerExternalAddresses": addresses})
        path, read = "/v1/peering/token", member("PeeringToken")
        return write_operation("peering.generate_token", path, read, options, body=body, method="POST", defaults=_WRITE)

    @operation
    def establish(
        self, peer_name: str, peering_token: str, *, meta: Mapping[str, str] | None = None, **options: Unpack[PartitionOption]
    ) -> Operation[bool]:
        """Peer with the cluster that made a token. Return True; `read` shows the state "ACTIVE" once it works. Since 1.13.

        peer_name: the name of the other cluster in this one; from 1.14.4 in lower case. peering_token: from `generate_token` there.
        meta: metadata of the peering.

        If it fails, the peering may exist nevertheless, in the state "PENDING": see `list` and `delete`.
        Raises Forbidden, also for a token that was used, NoLeader, ServerError for an invalid token or if there is no way to that cluster.
        https://developer.hashicorp.com/consul/api-docs/peering#establish-a-peering-connection
        """
        body, path = json_body({"PeerName": peer_name, "PeeringToken": peering_token, "Meta": meta}), "/v1/peering/establish"
        explain = hiding([peering_token])
        return write_operation("peering.establish", path, _established, options, body=body, method="POST", defaults=_WRITE, explain=explain)

    @operation
    def read(self, name: str, **options: Unpack[PeeringReadOptions]) -> Operation[Peering]:
        """Return a peering with its state. Raises NotFound for an unknown name, Forbidden, NoLeader. Since 1.13.

        https://developer.hashicorp.com/consul/api-docs/peering#read-a-peering-connection
        """
        return read_operation("peering.read", _of(name), one, options, defaults=_READ)

    @operation
    def delete(self, name: str, **options: Unpack[PartitionOption]) -> Operation[bool]:
        """Delete a peering and what was imported through it. Return True, also for an unknown name. Since 1.13.

        Consul deletes it in the background: its state is "DELETING" for a while. Raises Forbidden, NoLeader.
        https://developer.hashicorp.com/consul/api-docs/peering#delete-a-peering-connection
        """
        return write_operation("peering.delete", _of(name), nothing, options, method="DELETE", defaults=_WRITE)

    @operation
    def list(self, **options: Unpack[PeeringReadOptions]) -> Operation[builtins.list[Peering]]:
        """Return the peerings, those in other states than "ACTIVE" too. Raises Forbidden, NoLeader. Since 1.13.

        https://developer.hashicorp.com/consul/api-docs/peering#list-all-peerings
        """
        return read_operation("peering.list", "/v1/peerings", each, options, defaults=_READ)
