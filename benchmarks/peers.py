"""What Consulate is compared with, and how it gets here: py-consul from PyPI, into an environment of its own, and the official Go client.

Both are made once, in a cache. If one cannot be made, the benchmark says why, and goes on without it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

_HERE = Path(__file__).parent

#: Consulate itself runs here too, with msgspec.
_PACKAGES = ("py-consul", "aiohttp", "msgspec", "anyio>=4.7", "h11>=0.14", "urllib3>=2.2")


class Missing(Exception):
    """Something to compare with is not here. The text says why."""


def _run(what: str, *command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise Missing(f"{what}: {lines[-1]}")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "consulate-benchmarks"


class Peers:
    """The programs of the peers. allowed: whether to compare with them. renew: whether to make them again."""

    def __init__(self, *, allowed: bool = True, renew: bool = False) -> None:
        self._allowed = allowed
        if allowed and renew:
            shutil.rmtree(_cache(), ignore_errors=True)
        self._failed: dict[str, Missing] = {}

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        """Return a folder of the cache. Make it first if it is not there."""
        if not self._allowed:
            raise Missing("left out")
        if name in self._failed:
            raise self._failed[name]
        folder = _cache() / name
        complete = folder / "complete"
        if not complete.exists():
            print(f"preparing {name} ...", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                make(folder)
            except Missing as why:
                self._failed[name] = why
                raise
            complete.touch()
        return folder

    @cached_property
    def python(self) -> str:
        """The Python that has py-consul and msgspec. Raises Missing."""

        def make(folder: Path) -> None:
            _run("no environment for py-consul", sys.executable, "-m", "venv", str(folder))
            _run("py-consul was not installed", str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *_PACKAGES)

        return str(self._made(f"python-{sys.version_info.major}.{sys.version_info.minor}", make) / "bin" / "python")

    @cached_property
    def py_spy(self) -> str:
        """The profiler py-spy. Raises Missing."""

        def make(folder: Path) -> None:
            _run("py-spy was not installed", sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "py-spy")

        return str(self._made("py-spy", make) / "bin" / "py-spy")

    @cached_property
    def go(self) -> str:
        """The worker that calls with the official Go client. Raises Missing."""
        return self.go_program(_HERE / "go")

    def go_program(self, source: Path) -> str:
        """Return a program that uses the official Go client, built from the go.mod and the main.go of a folder. Raises Missing."""
        files = [source / name for name in ("go.mod", "main.go")]

        def make(folder: Path) -> None:
            program = shutil.which("go")
            if program is None:
                raise Missing("there is no Go toolchain (`go`) on PATH")
            for file in files:
                shutil.copy(file, folder)
            _run("the modules of the Go client were not found", program, "mod", "tidy", folder=folder)
            _run("the Go client was not built", program, "build", "-o", "worker", ".", folder=folder)

        # The source is part of the name, so that a change is built.
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        return str(self._made(f"go-{digest[:12]}", make) / "worker")
