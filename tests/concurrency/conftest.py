"""Echo servers to talk to, and the backends that tasks run on."""

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
    """Starts echo servers over TCP, then over UNIX sockets: `serve(manners, seed)`."""
    with ExitStack() as stack:
        # A folder with a short name: the path of a UNIX socket has 107 bytes at most.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="echo-")))

        def start(behavior: Behavior = PROMPT, seed: int = 0) -> EchoServer:
            path = str(folder / "consul.sock") if request.param == "unix" else None
            return stack.enter_context(EchoServer(path, behavior, seed))

        yield start


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """What `anyio.run` is given as `backend`."""
    name: str = request.param
    pytest.importorskip(name)
    return name
