"""Snapshots of the servers' state. https://developer.hashicorp.com/consul/api-docs/snapshot"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import nothing
from consul_proto.namespace import M, Namespace, operation, stream
from consul_proto.operation import Operation
from consul_proto.options import read_stream, write_operation
from consul_proto.snapshot_archive import SnapshotArchive
from consul_proto.stream import Stream
from consul_proto.types.snapshot import SnapshotOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import StreamedBody
    from consul_proto.types.options import DatacenterOption

#: A snapshot is of a whole datacenter: it has no namespace.
_SCOPE = ("datacenter",)


class Snapshot(Namespace[M]):
    """Snapshots of the servers' state."""

    @stream
    def save(self, **options: Unpack[SnapshotOptions]) -> Stream[bytes]:
        """Return a snapshot of the servers' state, piece by piece. It contains everything, also secrets.

        The archive is checked while it passes. If it is incomplete or was altered, reading it raises DecodeError, at its end at the latest:
        use no piece before all have come. Raises Forbidden, ServerError for an unknown datacenter.
        https://developer.hashicorp.com/consul/api-docs/snapshot#generate-snapshot
        """
        return read_stream("snapshot.save", "/v1/snapshot", SnapshotArchive, options, defaults=(*_SCOPE, "consistency"))

    @operation
    def restore(self, archive: bytes | StreamedBody, **options: Unpack[DatacenterOption]) -> Operation[bool]:
        """Replace the servers' state by a snapshot. Return True.

        archive: what `save` returned; a `consul_proto.message.StreamedBody` need not fit into memory.

        Indexes go back, so blocking queries must start again. The time limit of the client applies to all of it. It is sent again only if
        Consul certainly did nothing. Raises ServerError for a broken archive or an unknown datacenter, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/snapshot#restore-snapshot
        """
        return write_operation("snapshot.restore", "/v1/snapshot", nothing, options, body=archive, defaults=_SCOPE)
