"""Backups of the ACL system in files, for tasks. The format, and what is compared, are those of `consulate.acl_files`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from consul_proto.acl_backup.changes import Plan, Restored, plan_restore
from consul_proto.acl_backup.document import LEGACY_TOKENS, ACLBackup
from consul_proto.acl_backup.reading import read_acls
from consul_proto.errors import ConsulateException
from consul_proto.operation import Operation
from consulate import acl_files
from consulate.acl_files import begun, explained, legacy_text, now, whole_answer, write_backup
from transports.worker_threads import in_thread

if TYPE_CHECKING:
    from consul_proto.acl_backup.document import ACLForm
    from consul_proto.flow import Flow
    from consulate.acl_files import OnRead, OnRestored, Source
    from consulate.client import AsyncConsul
    from consulate.whole_files import Target

T = TypeVar("T")


async def backup(
    consul: AsyncConsul, file: Target, *, pretty: bool = False, form: ACLForm = "consulate", progress: OnRead | None = None
) -> ACLBackup:
    """Write the ACL system to a file; see `consulate.acl_files.backup`."""
    if form == "legacy":
        tokens = [*await consul.acl.list()]
        await in_thread(write_backup, file, legacy_text(tokens, pretty=pretty))
        return ACLBackup({LEGACY_TOKENS.section: tokens})
    found = await _by_steps(consul, read_acls(now()), progress)
    await in_thread(write_backup, file, found.text(pretty=pretty))
    return found


async def read_backup(source: Source) -> ACLBackup:
    """Read a backup and check it; see `consulate.acl_files.read_backup`."""
    return await in_thread(acl_files.read_backup, source)


async def plan(consul: AsyncConsul, backup: ACLBackup, *, replace: bool = True, prune: bool = False) -> Plan:
    """Return what `restore` would change; see `consulate.acl_files.plan`."""
    return await _by_steps(consul, plan_restore(backup, now(), keep=not replace, prune=prune))


async def restore(
    consul: AsyncConsul, backup: ACLBackup, *, replace: bool = True, prune: bool = False, progress: OnRestored | None = None
) -> Restored:
    """Write the objects of a backup that Consul does not have, and those that differ; see `consulate.acl_files.restore`."""
    steps = await plan(consul, backup, replace=replace, prune=prune)
    result = begun(steps)
    for change in steps.changes:
        if progress is not None:
            progress(result)
        try:
            await consul.perform(change.call)
        except ConsulateException as error:
            raise explained(error, change, result) from None
        result = result.after(change)
    if progress is not None:
        progress(result)
    return result


async def _by_steps(consul: AsyncConsul, flow: Flow[T], progress: OnRead | None = None) -> T:
    """Run a flow of reads. Each of its requests has the time limit of a call, since there may be thousands."""
    count = 0
    try:
        step = next(flow)
        while True:
            assert isinstance(step, Operation)  # it never sleeps
            try:
                answer = await consul.perform(whole_answer(step))
            except ConsulateException as error:
                step = flow.throw(error)
            else:
                step = flow.send(answer)
            count += 1
            if progress is not None:
                progress(count)
    except StopIteration as end:
        value: T = end.value
        return value
