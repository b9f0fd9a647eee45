"""Checks for leaks: threads, file descriptors, and sockets that only the garbage collector closes."""

from __future__ import annotations

import gc
import os
import resource
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.concurrency.echo_server import EchoServer

_DESCRIPTORS = Path("/proc/self/fd")


def open_files() -> dict[str, str]:
    """Return descriptor -> its file; empty if the system has no /proc."""
    found = {}
    if _DESCRIPTORS.exists():
        for entry in list(_DESCRIPTORS.iterdir()):
            with suppress(FileNotFoundError):  # the descriptor of this listing
                found[entry.name] = str(entry.readlink())
    return found


@contextmanager
def exhaust_descriptors() -> Iterator[None]:
    """Use up all file descriptors of this process, so that opening a socket fails with EMFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, open_files())) + 10, hard))
    taken: list[int] = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def check_no_leaks() -> Iterator[None]:
    """Check that no thread, descriptor or unclosed socket of the block is left after it."""
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        yield
        left = open_files()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
    assert set(threading.enumerate()) - threads == set()
    assert {name: what for name, what in left.items() if files.get(name) != what} == {}
    assert files.keys() == left.keys()


@contextmanager
def check_no_server_leaks(server: EchoServer) -> Iterator[None]:
    """Check for leaks, also at a server in this process: its connections are closed, and clients violated no rule."""
    with check_no_leaks():
        yield
        server.wait_until(lambda seen: seen.open == 0)
    assert server.violations == []
