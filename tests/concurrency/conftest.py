"""Fixtures: echo servers, and the backends for tasks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.concurrency.echo_server import PROMPT, Behavior, EchoServer

Serve = Callable[..., EchoServer]


@pytest.fixture(params=["tcp", "unix"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Return a function that starts an echo server, over TCP and over UNIX sockets: `serve(behavior, seed)`."""
    with ExitStack() as stack:
        # A folder with a short name: the path of a UNIX socket has 107 bytes at most.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="echo-")))

        def start(behavior: Behavior = PROMPT, seed: int = 0) -> EchoServer:
            path = str(folder / "consul.sock") if request.param == "unix" else None
            return stack.enter_context(EchoServer(path, behavior, seed))

        yield start


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """The `backend` for `anyio.run`."""
    name: str = request.param
    pytest.importorskip(name)
    return name
