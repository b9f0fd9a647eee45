"""Run a command while holding a lock."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from consulate.cli.child import CHILD_SETTINGS, Child, child_options
from consulate.cli.durations import SECONDS
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection

#: Seconds of waiting after which the command says that it waits.
_QUIET = 1.0


@click.command(
    context_settings=CHILD_SETTINGS,
    epilog="A DURATION is a Go duration, such as 10s or 1h30m; a number means seconds. COMMAND finds a number that grows with each holder"
    " in CONSULATE_FENCING_TOKEN.",
)
@click.argument("key", shell_complete=suggest_keys)
@click.option("--timeout", type=SECONDS, metavar="DURATION", help="How long to wait for the lock; 0 tries once.  [default: without end]")
@child_options
@click.pass_obj
def command(
    connection: Connection, key: str, words: tuple[str, ...], *, timeout: float | None, ttl: float, delay: float, keep: bool, grace: float
) -> None:
    """Wait for the lock on KEY, run COMMAND, and release the lock. Options come before KEY.

    It is the lock of `consul lock KEY`, whose key is KEY/.lock. The exit code is that of COMMAND, or 128 plus the number of the signal that
    ended it. SIGINT, SIGTERM and SIGHUP are passed on to COMMAND. A COMMAND of one word is a line for the shell.
    """
    with Child(words, keep=keep, grace=grace) as child, connection.client() as consul, ExitStack() as stack:
        lock = consul.lock(_key_of(key), delete=True, timeout=timeout, ttl=ttl, delay=delay, name=f"consulate lock {key}")
        with _told(f"waiting for the lock on {key}"):
            held = stack.enter_context(lock)
        child.run(held)
    raise click.exceptions.Exit(child.exit_code)


def _key_of(key: str) -> str:
    """Return the key that the official `consul lock` locks. Raises UsageError for an empty one."""
    found = posixpath.normpath(f"{key}/.lock").lstrip("/")
    if found == ".lock":
        raise click.UsageError("KEY must not be empty")
    return found


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say what the block does, if it takes long."""
    timer = threading.Timer(_QUIET, lambda: click.echo(what, err=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
