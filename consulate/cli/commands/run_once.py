"""Run a command once in a fleet, and at most once an interval."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from consulate.cli.child import CHILD_SETTINGS, Child, child_options
from consulate.cli.durations import SECONDS
from consulate.cli.output import shown, write_line
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection


@click.command(
    context_settings=CHILD_SETTINGS,
    epilog="A DURATION is a Go duration, such as 10s or 1h30m; a number means seconds.",
)
@click.argument("prefix", shell_complete=suggest_keys)
@click.option(
    "-i", "--interval", type=SECONDS, default="0", metavar="DURATION", help="The time between two starts, at least.  [default: none]"
)
@child_options
@click.pass_obj
def command(
    connection: Connection, prefix: str, words: tuple[str, ...], *, interval: float, ttl: float, delay: float, keep: bool, grace: float
) -> None:
    """Run COMMAND, unless another machine runs it or has just started it. Options come before PREFIX.

    The key PREFIX is locked while COMMAND runs, and PREFIX_last_run has the time of the last start. If it is another's turn, the command
    says so and ends with 0; otherwise, the exit code is that of COMMAND, or 128 plus the number of the signal that ended it. A COMMAND of
    one word is a line for the shell.
    """
    from consulate.run_once import run_once

    with (
        Child(words, keep=keep, grace=grace) as child,
        connection.client() as consul,
        run_once(consul, prefix, interval=interval, ttl=ttl, delay=delay) as turn,
    ):
        if turn.held is not None:
            child.run(turn.held)
        else:
            write_line(
                f"{_REASONS[str(turn.reason)].format(interval=interval, last=_shown(turn.last_start), prefix=shown(prefix))}. Exiting"
            )
    raise click.exceptions.Exit(child.exit_code)


_REASONS = {
    "running": "Another machine holds the lock {prefix!r} and runs the command",
    "started": "Another machine has started the command at the same moment",
    "too soon": "Last run happened fewer than {interval:g} seconds ago, at {last}",
}


def _shown(last_start: Any) -> str:
    """Return a time for people."""
    try:
        return datetime.fromtimestamp(last_start, UTC).isoformat(" ", "seconds")
    except (OverflowError, ValueError, TypeError):
        return str(last_start)
