"""Fixtures: scripted servers for any kind of client, and certificates for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faces import Face
from tests.fakes.certificates import Certificates, make
from tests.fakes.raw_server import RawServer, Script

Serve = Callable[..., RawServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a server with these scripts, on TCP or a UNIX socket, as the client needs. All end with the test."""
    with ExitStack() as stack:
        count = 0

        def start(face: Face, *scripts: Script, **options: object) -> RawServer:
            nonlocal count
            count += 1
            unix_path = tmp_path / f"{count}.sock" if face.unix else None
            return stack.enter_context(RawServer(*scripts, unix_path=unix_path, **options))  # type: ignore[arg-type] # tls, where it is given

        yield start


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """One set of certificates for the run, because making keys is slow."""
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the CONSUL_* variables of the environment."""
    for name in [name for name in os.environ if name.startswith("CONSUL_")]:
        monkeypatch.delenv(name)
