"""`client.snapshot`: it saves snapshots to files and restores them from files, for threads and for tasks.

`client.ops.snapshot` has the calls below: a stream of bytes, and an operation that takes bytes.
"""

# Its calls take files, which the operations do not.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consul_proto.endpoints import snapshot as endpoints
from consul_proto.errors import DecodeError
from consul_proto.namespace import Async, Pure, Sync, unchanged
from consul_proto.stream import AsyncEvents, Events, Pieces, Stream
from consulate.snapshot_files import body_of, check_archive, target_of
from transports.worker_threads import in_thread

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.operation import Operation
    from consul_proto.types.options import DatacenterOption
    from consul_proto.types.snapshot import SnapshotMeta, SnapshotOptions
    from consulate.snapshot_files import Archive, Source
    from consulate.whole_files import Target

_OPERATIONS: endpoints.Snapshot[Pure] = endpoints.Snapshot._over(unchanged, place="snapshot")  # noqa: SLF001 - as a group is made


def _stream(options: SnapshotOptions) -> Stream[bytes]:
    """Return the stream of an archive, which is checked where it is written."""
    return replace(_OPERATIONS.save(**options), decoder=Pieces)


def _with_body(operation: Operation[bool], archive: Source) -> Operation[bool]:
    return replace(operation, request=replace(operation.request, body=body_of(archive)))


class Snapshot(endpoints.Snapshot[Sync]):
    """Snapshots of the servers' state, in files."""

    def save(self, file: Target, **options: Unpack[SnapshotOptions]) -> SnapshotMeta:  # type: ignore[override] # it takes a file
        """Save a snapshot of the servers' state to a file. Return what the snapshot says about itself.

        client.snapshot.save("backup.snap")["Index"]

        file: a path, or a binary file that is open for writing.

        A snapshot contains everything, also secrets. The memory that this takes does not depend on its size.
        At a path, the file appears, or replaces an older one, only once the snapshot is complete and its checksums are right; nothing is
        left behind if the call fails or is cancelled. Only the user can read the file.
        To an open file, the bytes are written as they come and checked as they pass: use them only if the call succeeds.
        The time limit of the client applies to the start of the answer, and then to each wait for more of it.

        datacenter: whose servers are saved. consistency: "stale" lets any server save what it has.
        Raises DecodeError for a broken snapshot, OSError for the file, Forbidden, ServerError for an unknown datacenter.
        https://developer.hashicorp.com/consul/api-docs/snapshot#generate-snapshot
        """
        stream, archive = _stream(options), target_of(file)
        events: Events[bytes] = self._run(stream)
        try:
            archive.begin()
            with events as pieces:
                for piece in pieces:
                    archive.write(piece)
            return archive.finish()
        except DecodeError as error:
            error.about(stream.request)
            raise
        finally:
            archive.discard()

    def restore(self, archive: Source, **options: Unpack[DatacenterOption]) -> bool:
        """Replace the servers' state by a snapshot from a file. Return True.

        client.using(timeout=300).snapshot.restore("backup.snap")

        archive: a path, a binary file that is open for reading and seekable, or bytes.

        The memory that this takes does not depend on the size of a file. Indexes go back, so blocking queries must start again.
        The time limit of the client applies to all of it: a large snapshot needs more. It is sent again only if Consul certainly did
        nothing.

        datacenter: whose servers are restored.
        Raises ServerError for a broken snapshot or an unknown datacenter, UnreadableBody, OSError for the file, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/snapshot#restore-snapshot
        """
        operation = _OPERATIONS.restore(b"", **options)
        restored: bool = self._run(_with_body(operation, archive))
        return restored


class AsyncSnapshot(endpoints.Snapshot[Async]):
    """Snapshots of the servers' state, in files. Files are read and written in worker threads."""

    _awaits = True

    def save(  # type: ignore[override] # it takes a file
        self, file: Target, **options: Unpack[SnapshotOptions]
    ) -> Coroutine[Any, Any, SnapshotMeta]:
        """Save a snapshot."""
        stream, archive = _stream(options), target_of(file)
        return self._save(stream, archive)

    async def _save(self, stream: Stream[bytes], archive: Archive) -> SnapshotMeta:
        events: AsyncEvents[bytes] = self._run(stream)
        try:
            await in_thread(archive.begin)
            async with events as pieces:
                async for piece in pieces:
                    await in_thread(archive.write, piece)
            return await in_thread(archive.finish)
        except DecodeError as error:
            error.about(stream.request)
            raise
        finally:
            archive.discard()

    def restore(self, archive: Source, **options: Unpack[DatacenterOption]) -> Coroutine[Any, Any, bool]:
        """Restore a snapshot."""
        operation = _OPERATIONS.restore(b"", **options)
        check_archive(archive)
        return self._restore(operation, archive)

    async def _restore(self, operation: Operation[bool], archive: Source) -> bool:
        restored: bool = await self._run(await in_thread(_with_body, operation, archive))
        return restored

    save.__doc__, restore.__doc__ = Snapshot.save.__doc__, Snapshot.restore.__doc__
