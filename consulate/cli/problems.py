"""What a command reports to its user: a line that says what is wrong and what to do, and the exit code of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consul_proto.recipes.bulk_result import BulkResult
    from consulate.exceptions import BulkError

#: The exit codes. FAILED: not found, false, or any other failure. PARTLY: some of it was applied.
FAILED, USAGE, UNREACHABLE, DENIED, PARTLY = 1, 2, 3, 4, 5

#: The exit code of a program that Ctrl-C ended.
INTERRUPTED = 130


class Problem(Exception):
    """A command cannot do what it was asked to do. The message is for the user, and contains no token."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def problem_of(error: BaseException) -> Problem:
    """Return what to tell the user about an exception."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, KeyboardInterrupt):
        notes = getattr(error, "__notes__", [])
        return Problem("; ".join(["interrupted", *notes]), INTERRUPTED)
    if isinstance(error, OSError):
        return Problem(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
    if isinstance(error, ValueError) and not isinstance(error, KeyError):
        return Problem(str(error), USAGE)
    from consulate.exceptions import ConsulateException

    if isinstance(error, ConsulateException):
        return _failed_call(error)
    return Problem(f"a bug in consulate: {type(error).__name__}: {error}; please report it with the command that you ran")


def _failed_call(error: BaseException) -> Problem:
    from consulate.exceptions import ACLDisabled, BulkError, Forbidden, KeyNotFound, NoLeader, RequestError

    if isinstance(error, BulkError):
        return _failed_bulk(error)
    if isinstance(error, KeyNotFound):
        return Problem(f"{error.message}; `consulate kv ls` lists the keys")
    if isinstance(error, RequestError):
        return Problem(f"Consul cannot be reached: {error}; check that the agent runs, and --api-host or CONSUL_HTTP_ADDR", UNREACHABLE)
    if isinstance(error, NoLeader):
        return Problem(f"{error}; wait until the cluster has a leader, and try again", UNREACHABLE)
    return Problem(str(error), DENIED if isinstance(error, Forbidden | ACLDisabled) else FAILED)


def _failed_bulk(error: BulkError) -> Problem:
    """Return what to tell about a bulk call that stopped. If something was applied, or may have been, this counts."""
    cause = problem_of(error.__cause__) if error.__cause__ else Problem(str(error))
    refused = next((each for failure in error.result.failures for each in failure.refusals), None)
    says = f"key {refused.key!r}: {refused.reason}" if refused else str(cause)
    return Problem(f"{says}; {applied_so_far(error.result)}", exit_code_of(error.result, cause.exit_code))


def exit_code_of(result: BulkResult, otherwise: int) -> int:
    """Return the exit code of a bulk call that did not end. otherwise: the code if certainly nothing was applied."""
    return PARTLY if result.done or result.unknown or result.deleted else otherwise


def applied_so_far(result: BulkResult) -> str:
    """Return what a bulk call that did not end has applied."""
    unknown = sum(map(len, result.unknown))
    total = "" if result.total is None else f" of {result.total}"
    parts = [f"{result.done}{total} keys were applied", *([f"{result.deleted} deleted"] if result.deleted else [])]
    if unknown:
        parts.append(f"of {unknown} this is unknown, because the answer was lost")
    return f"{', '.join(parts)}; run the command again to complete it"
