"""Backups of the ACL system in files: policies, roles, auth methods, binding rules and tokens, with their secrets.

A file that a backup creates can be read only by its owner.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

from consul_proto.acl_backup.changes import Plan, Restored, plan_restore
from consul_proto.acl_backup.document import LEGACY_TOKENS, ACLBackup, parse_backup
from consul_proto.acl_backup.reading import read_acls
from consul_proto.errors import ConsulateException
from consul_proto.operation import Operation
from consulate.whole_files import Target, file_or_device

if TYPE_CHECKING:
    from consul_proto.acl_backup.changes import Change
    from consul_proto.acl_backup.document import ACLForm
    from consul_proto.flow import Flow
    from consul_proto.message import Response
    from consulate.client import Consul

T = TypeVar("T")

Source: TypeAlias = "str | os.PathLike[str] | BinaryIO"

#: Is called with the result so far, after each change.
OnRestored: TypeAlias = Callable[[Restored], object]

#: Is called with the number of answers so far.
OnRead: TypeAlias = Callable[[int], object]


def now() -> datetime:
    """Return the time, to tell which tokens have expired."""
    return datetime.now(UTC)


def write_backup(file: Target, text: str) -> None:
    """Write the text of a backup to a path, whose file is replaced once it is complete, or to an open binary file. Raises OSError."""
    saving = file_or_device(file, "backup")
    try:
        saving.begin()
        saving.write(text.encode())
        saving.finish()
    finally:
        saving.discard()


def legacy_text(tokens: list[Any], *, pretty: bool) -> str:
    """Return the text of a list of legacy tokens."""
    return json.dumps(tokens, indent=2 if pretty else None, sort_keys=True) + "\n"


def backup(consul: Consul, file: Target, *, pretty: bool = False, form: ACLForm = "consulate", progress: OnRead | None = None) -> ACLBackup:
    """Write the ACL system to a file, and return what was written: its `left_out` says what is not in the file, and why.

    file: a path, whose file is replaced once the backup is complete and can then be read only by its owner, or an open binary file.
    pretty: indent it. form: "legacy" writes the list that `acl.list` returns: only tokens, as the documented calls see them.
    progress: is called with the number of answers of Consul so far; policies and auth methods, for example, are read one by one.

    Consul's own policies, the tokens of logins, and tokens that have expired are left out. The file has the secrets of all tokens.
    Raises Forbidden without acl:write, ACLDisabled, RequestError, OSError.
    """
    if form == "legacy":
        tokens = [*consul.acl.list()]
        write_backup(file, legacy_text(tokens, pretty=pretty))
        return ACLBackup({LEGACY_TOKENS.section: tokens})
    found = _by_steps(consul, read_acls(now()), progress)
    write_backup(file, found.text(pretty=pretty))
    return found


def read_backup(source: Source) -> ACLBackup:
    """Read a backup, or a list of legacy tokens, and check it. source: a path or an open binary file. Raises ValueError, OSError."""
    is_path = isinstance(source, str | os.PathLike)
    try:
        data = Path(source).read_bytes() if isinstance(source, str | os.PathLike) else source.read()
        return parse_backup(data.decode("utf-8-sig"))
    except ValueError as error:
        says = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ValueError(f"{source if is_path else 'the backup'}: {says}") from None


def plan(consul: Consul, backup: ACLBackup, *, replace: bool = True, prune: bool = False) -> Plan:
    """Return what `restore` would change; the parameters are the same. Raises Forbidden, ACLDisabled, RequestError."""
    return _by_steps(consul, plan_restore(backup, now(), keep=not replace, prune=prune))


def restore(
    consul: Consul, backup: ACLBackup, *, replace: bool = True, prune: bool = False, progress: OnRestored | None = None
) -> Restored:
    """Write the objects of a backup that Consul does not have, and those that differ. Return what was done; it can be run again.

    The order is policies, roles, auth methods, binding rules, tokens, legacy tokens. Tokens keep their AccessorID and their SecretID.
    replace: False leaves what exists as it is. progress: is called with the result so far.

    prune: afterwards, delete the objects that the backup does not have; a kind of object for which it has no list is left alone.
    This keeps Consul's own objects, tokens of logins, and the token that makes the calls, with its policies, roles and auth method.
    (A token with the same secret as another token of the backup is deleted first. With an auth method, Consul deletes the tokens of its
    logins.)

    Raises ConsulateException if a call fails: its text says at which object, and what was done before. Raises Forbidden, ACLDisabled.
    """
    steps = plan(consul, backup, replace=replace, prune=prune)
    result = begun(steps)
    for change in steps.changes:
        if progress is not None:
            progress(result)
        try:
            consul.perform(change.call)
        except ConsulateException as error:
            raise explained(error, change, result) from None
        result = result.after(change)
    if progress is not None:
        progress(result)
    return result


def begun(steps: Plan) -> Restored:
    """Return the result of a restore that has changed nothing yet."""
    return Restored(len(steps.changes), unchanged=steps.unchanged, left_out=steps.left_out)


def explained(error: ConsulateException, change: Change, result: Restored) -> ConsulateException:
    """Add to an error which change failed, and what was done before. Remove secrets from it."""
    error.conceal(change.secrets)
    unknown = "; this change may have been applied" if error.maybe_applied else ""
    before = f"before it, {result.done} of {result.total} changes were applied"
    error.add(f"this was to {change.action} the {change.kind} {change.name}{unknown}; {before}")
    return error


def whole_answer(operation: Operation[Any]) -> Operation[Response]:
    """Return an operation whose value is the answer itself, as a flow expects it."""
    return replace(operation, read=lambda response: response)


def _by_steps(consul: Consul, flow: Flow[T], progress: OnRead | None = None) -> T:
    """Run a flow of reads. Each of its requests has the time limit of a call, since there may be thousands."""
    count = 0
    try:
        step = next(flow)
        while True:
            assert isinstance(step, Operation)  # it never sleeps
            try:
                answer = consul.perform(whole_answer(step))
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
