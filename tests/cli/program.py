"""Run the program `consulate` as a process, without a terminal, or with one."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.agents import Agent

PROGRAM = (sys.executable, "-W", "error", "-m", "consulate")

_ROOT = Path(__file__).parents[2]

PATIENCE = 60.0


@dataclass(frozen=True)
class Ended:
    """How a process ended. On a terminal, `out` also has its standard error, and what was typed."""

    code: int
    out: bytes
    err: str = ""

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Shell:
    """Runs commands on an agent."""

    agent: Agent
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # Each command is a process: what it imports is compiled once, also where the environment says otherwise.
        unwanted = ("CONSUL_", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
        given = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        given |= {"PYTHONPATH": str(_ROOT), "TERM": "xterm-256color", "COLUMNS": "120"}
        return given | {"CONSUL_HTTP_ADDR": f"{self.agent.host}:{self.agent.port}"} | self.variables

    def begin(self, *words: str | bytes, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a command whose standard input is empty."""
        pipe = subprocess.PIPE
        return subprocess.Popen([*PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=self.environment, cwd=cwd)

    def run(self, *words: str | bytes, given: bytes = b"", code: int = 0, cwd: Path | None = None) -> Ended:
        """Run a command, which must end with this exit code. No command may end with a traceback, or show the agent's token."""
        done = subprocess.run(
            [*PROGRAM, *words], check=False, input=given, capture_output=True, env=self.environment, cwd=cwd, timeout=PATIENCE
        )
        ended = Ended(done.returncode, done.stdout, done.stderr.decode())
        self._check(ended, code)
        return ended

    def type(self, *words: str, typed: str = "", code: int = 0) -> Ended:
        """Run a command on a terminal. typed: what somebody types once the command asks something."""
        ended = on_terminal([*PROGRAM, *words], self.environment, typed=typed)
        self._check(ended, code)
        return ended

    def _check(self, ended: Ended, code: int) -> None:
        said = ended.out.decode(errors="replace") + ended.err
        assert ended.code == code, said
        assert "Traceback" not in said
        token = self.agent.management_token
        assert not token or token not in said


def on_terminal(command: Sequence[str], environment: dict[str, str], *, typed: str = "", cwd: Path | None = None) -> Ended:
    """Run a program on a terminal. typed: what somebody types once it asks something."""
    control, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, cwd=cwd) as process:
        os.close(terminal)
        try:
            out = read_terminal(control, typed)
            return Ended(process.wait(PATIENCE), out)
        finally:
            process.kill()
            os.close(control)


def read_terminal(control: int, typed: str, after: bytes = b"[y/N]") -> bytes:
    """Return what is shown on a terminal until the process has ended. typed: what somebody types once the terminal shows `after`."""
    parts: list[bytes] = []
    end = time.monotonic() + PATIENCE
    with suppress(OSError):  # Linux's word for the end of a terminal
        while time.monotonic() < end:
            ready, _, _ = select.select([control], [], [], 1)
            if not ready:
                continue
            part = os.read(control, 1 << 16)
            if not part:
                break
            parts.append(part)
            if typed and after in b"".join(parts):
                os.write(control, typed.encode())
                typed = ""
    return b"".join(parts)
