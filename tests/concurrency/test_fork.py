"""A process that forks while its client is in use: both sides go on, on connections of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from tests.concurrency.conftest import Serve
from tests.concurrency.echo_server import Manners
from tests.concurrency.forking import PARKED

ROOT = Path(__file__).resolve().parent.parent.parent

#: Seconds.
_LONGEST_RUN = 90

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_both_sides_keep_working(serve: Serve) -> None:
    server = serve(Manners(slow=0.3, delay=0.002, cut=0.1, chunked=0.1, closing=0.0), seed=8)
    # From Python 3.12 on, forking with threads is a DeprecationWarning; here it is what is tested.
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-m", "tests.concurrency.forking"]
    with subprocess.Popen([*command, server.address], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        # Where a side hangs, its end makes the lines below fail.
        guard = Timer(_LONGEST_RUN, process.kill)
        guard.start()
        try:
            server.wait_until(lambda seen: seen.parked == PARKED)
            _go_on(process)
            assert _line(process) == "child ended with 0"
            # What the child inherited it closed without a word: the parent's queries are still there.
            assert server.parked == PARKED
            _go_on(process)
            server.release()
            assert _line(process) == "parent ended"
            assert process.wait(60) == 0
        finally:
            guard.cancel()
            guard.join()
            process.kill()
    server.wait_until(lambda seen: seen.open == 0)
    assert server.violations == []
