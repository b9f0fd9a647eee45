"""A process that forks while its client is in use: both sides continue, each on its own connections."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import pytest

from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import Behavior
from tests.concurrency.fork_program import PARKED

ROOT = Path(__file__).resolve().parent.parent.parent

#: Seconds.
_LONGEST_RUN = 90

BEHAVIOR = Behavior(slow=0.5, delay=0.002, cut=0.1, chunked=0.1, closing=0.0)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@contextmanager
def fork_process(kind: str, address: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program that forks."""
    # Since Python 3.12, forking with threads is a DeprecationWarning. This test does it on purpose.
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-m", "tests.concurrency.fork_program"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, kind, address], cwd=ROOT, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:
        # If a side hangs, kill both, so that the reads below fail: a running child would keep the pipes open.
        guard = Timer(_LONGEST_RUN, os.killpg, (process.pid, signal.SIGKILL))
        guard.start()
        try:
            yield process
        finally:
            guard.cancel()
            guard.join()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_threads(serve: Serve) -> None:
    server = serve(BEHAVIOR, seed=8)
    with fork_process("threads", server.address) as process:
        server.wait_until(lambda seen: seen.parked == PARKED)
        _go_on(process)
        assert _line(process) == "child ended with 0"
        # The child closed the inherited sockets without sending anything: the parent's queries still wait.
        assert server.parked == PARKED
        _go_on(process)
        server.release()
        assert _line(process) == "parent ended"
        assert process.wait(60) == 0
    server.wait_until(lambda seen: seen.open == 0)
    assert server.violations == []


def test_tasks(serve: Serve) -> None:
    server = serve(BEHAVIOR, seed=9)
    with fork_process("tasks", server.address) as process:
        assert _line(process) == "child ended with 0"
        assert server.accepted == 2
        _go_on(process)
        assert _line(process) == "child ended with 0"
        assert _line(process) == "parent ended"
        assert process.wait(60) == 0
    server.wait_until(lambda seen: seen.open == 0)
    assert server.violations == []
    assert server.accepted == 3
