"""Run a command as a child process while a lock is held: signals are passed on to it, and it is stopped when the lock is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import click

from consulate.cli.durations import SECONDS
from consulate.cli.problems import FAILED, Problem
from consulate.cli.suggestions import suggest_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, TracebackType

    from consulate.recipes.held import Held

#: The signals that are passed on.
_PASSED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: What a shell returns for a command that does not exist, and for one that cannot be executed; added to the number of a signal.
_NOT_FOUND, _NOT_EXECUTABLE, _SIGNALLED = 127, 126, 128

#: Seconds between two looks whether a command that is stopped has ended.
_LOOK = 0.05


def _duration(default: str, text: str) -> dict[str, Any]:
    return {"type": SECONDS, "default": default, "show_default": True, "metavar": "DURATION", "help": text}


def child_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument COMMAND and the options of a command that runs it while it holds a lock."""
    for add in (
        click.option("--keep", is_flag=True, help="Let COMMAND go on when the lock is lost."),
        click.option("--grace", **_duration("5s", "When the lock is lost, COMMAND gets SIGTERM, and SIGKILL after this time.")),
        click.option("--delay", **_duration("15s", "How long nobody gets the lock after it was lost.")),
        click.option("--ttl", **_duration("15s", "The lock is lost when Consul was out of reach for so long; at least 10s.")),
        click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED, shell_complete=suggest_files),
    ):
        function = add(function)
    return function


#: Makes click leave the options of COMMAND alone.
CHILD_SETTINGS = {"allow_interspersed_args": False}


class Child:
    """A command that runs while a lock is held. It is a block around waiting and holding, which handles the signals.

    words: a program and its arguments; a single word is a line for the shell. keep: whether it goes on when the lock is lost.
    grace: seconds between SIGTERM and SIGKILL. A signal before the command was started ends the block. Raises UsageError.
    """

    def __init__(self, words: Sequence[str], *, keep: bool, grace: float) -> None:
        if words[0] == "--":
            words = words[1:]
        if not words or words[0].startswith("-"):
            said = f"{words[0]!r} is no command: options come" if words else "COMMAND is missing: it comes last, and options"
            raise click.UsageError(f"{said} before the key, as in `consulate lock --ttl 30s KEY -- COMMAND`")
        self._command = [*words] if len(words) > 1 else ["/bin/sh", "-c", words[0]]
        self._keep, self._grace = keep, grace
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] | None = None
        self._is_interrupted = self._is_lost = False
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None
        self._handlers: dict[int, Any] = {}
        self._shares_terminal = _is_in_foreground()
        #: What the command returned; None: it was not started, or runs.
        self.status: int | None = None

    def __enter__(self) -> Self:
        for number in _PASSED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, for example
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if self._watcher is not None:
            self._watcher.join()  # the lock is released, or lost
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        from consulate.exceptions import LockLost

        if self.status is None or not isinstance(error, LockLost):
            return False
        if not self._is_lost:
            self._report(str(error))
        return True

    @property
    def exit_code(self) -> int:
        """The exit code of the program: that of the command; not 0 if the command was stopped because the lock was lost."""
        return self.status or (FAILED if self._is_lost and not self._keep else 0)

    def run(self, held: Held) -> None:
        """Run the command, and wait until it has ended. Raises Problem if it cannot be started."""
        self._early = []
        variables = {**os.environ, "CONSUL_LOCK_HELD": "true", "CONSULATE_FENCING_TOKEN": str(held.fencing_token)}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - what the user asks for
                self._command, env=variables, process_group=None if self._shares_terminal else 0
            )
        except OSError as error:
            code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
            raise Problem(f"the command {self._command[0]!r} cannot be run: {error.strerror}", code) from None
        for number in self._early:
            self._send(number)
        watcher = self._watcher = threading.Thread(target=self._watch, args=(held,), daemon=True)
        watcher.start()
        status = _wait(self._process)
        self._ended.set()
        if self._is_lost:
            watcher.join()  # it stops what the command has started
        self.status = _SIGNALLED - status if status < 0 else status

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._early is not None:
            if self._process is None:
                self._early.append(number)
            elif not (self._shares_terminal and number == signal.SIGINT):  # the terminal has sent it to the command too
                self._send(number)
        elif not self._is_interrupted:
            self._is_interrupted = True
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise Problem(f"{signal.Signals(number).name} came before the command was started", _SIGNALLED + number)

    def _watch(self, held: Held) -> None:
        """Stop the command when the lock is lost: first by SIGTERM, then by SIGKILL."""
        if not held.lost.wait() or self._ended.is_set():
            return
        self._is_lost = True
        self._report(f"{held.lost.error}; the command {'goes on' if self._keep else 'is stopped'}")
        if self._keep:
            return
        self._send(signal.SIGTERM)
        end = time.monotonic() + self._grace
        while self._send(0):
            if time.monotonic() >= end:
                self._send(signal.SIGKILL)
                return
            time.sleep(_LOOK)

    def _report(self, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it, or it is closed: the command is stopped all the same
            click.echo(f"Error: {text}", err=True)

    def _send(self, number: int) -> bool:
        """Send a signal to the command, and to what it has started. On a terminal, this has our process group: then to the command alone.

        Return whether there was somebody to get it.
        """
        process = self._process
        assert process is not None
        if self._shares_terminal:
            process.send_signal(number)
            return process.returncode is None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
            return True
        return False


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process has ended, and return its status. Signals are handled meanwhile.

    Both wake this by a pipe: Python would handle a signal that comes just before the system call of `Popen.wait` only after that.
    """
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def wait() -> None:
        process.wait()
        with suppress(BlockingIOError):
            os.write(waking, b"\0")

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    try:
        while process.returncode is None:
            os.read(woken, 64)
    finally:
        signal.set_wakeup_fd(before)
        waiter.join()
        os.close(woken)
        os.close(waking)
    return process.returncode


def _is_in_foreground() -> bool:
    """Return whether a terminal sends Ctrl-C to this process and its children."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
