"""The official command line, on a real agent and on `consulate dev`: what it prints, and how it ends, is the same."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.agents import Agent, Binary, await_catalog, find_binaries, require_binary, start_agent, start_dev
from tests.cli.dev.commands import OPEN, WEB, WITH_ACLS, Command

pytestmark = pytest.mark.real

_PATIENCE = 30.0

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]

#: What differs by nature: ids, ports, indexes, times, and the width of columns.
_NEUTRAL = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:<port>"),
    (re.compile(r"(\bid: |Index\W+|index = |LTime\W+|hash = )\w+"), r"\1<index>"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d{4} \w+|Z|[+-]\d\d:\d\d)( m=\S+)?"), "<time>"),
    (re.compile(r"[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d [A-Z]+"), "<time>"),
    (re.compile(r"\d+\.\d+ ms"), "<time>"),
    (re.compile(r"(leader +true +3 +|snapshot to index |reset index: )\d+"), r"\1<index>"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "<id>"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"-{2,}"), "--"),
)

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@dataclass
class Side:
    """An agent, and the command line that talks to it."""

    binary: Binary
    agent: Agent
    folder: Path
    #: Each id that was printed, by its turn.
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command: the agent's address and token, and no other CONSUL_ variable."""
        given = {name: value for name, value in os.environ.items() if not name.startswith("CONSUL_")}
        given["CONSUL_HTTP_ADDR"] = f"{self.agent.host}:{self.agent.port}"
        return given | ({"CONSUL_HTTP_TOKEN": self.agent.management_token} if self.agent.management_token else {})

    @contextmanager
    def begin(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command, and kill it at the end of the block if it still runs."""
        pipe, merged = subprocess.PIPE, subprocess.STDOUT
        command = [self.binary.path, *words]
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=merged, text=True, env=self.environment) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, command: Command) -> tuple[int, str]:
        """Run a command; return its exit code and its output without ids, ports, indexes and times."""
        words = [word.replace("{folder}", str(self.folder)) for word in command.words]
        with self.begin(*words) as process:
            said, _ = process.communicate(command.given, timeout=_PATIENCE)
        said = self._neutral(said)
        # Tokens come in the order of their secrets, which are drawn.
        return process.returncode, "\n\n".join(sorted(said.split("\n\n"))) if command.line == "acl token list" else said

    def _neutral(self, said: str) -> str:
        said = _ID.sub(lambda found: self.ids.setdefault(found[0], f"<id {len(self.ids)}>"), said.replace(str(self.folder), "{folder}"))
        for pattern, neutral in _NEUTRAL:
            said = pattern.sub(neutral, said)
        return said


@pytest.fixture(scope="module", params=_BINARIES, ids=lambda binary: "no Consul" if binary is None else str(binary.version))
def binary(request: pytest.FixtureRequest) -> Binary:
    """A Consul binary."""
    return require_binary(request.param)


@pytest.fixture(scope="module")
def simulated(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """A `consulate dev` without ACLs, and the command line on it."""
    with start_dev(binary.version) as agent:
        yield Side(binary, agent, tmp_path_factory.mktemp("simulated"))


def _differences(binary: Binary, commands: list[Command], folder: Path, *, acls: bool) -> list[str]:
    """Run the same commands on a real and a simulated agent; return what differs."""
    version = tuple(int(part) for part in binary.version.split("."))
    with ExitStack() as stack:
        agents = (
            stack.enter_context(start_agent(binary, acls=acls, unix_socket=False)),
            stack.enter_context(start_dev(binary.version, acls=acls, unix_socket=False)),
        )
        sides = [Side(binary, agent, folder / name) for name, agent in zip(("real", "simulated"), agents, strict=True)]
        for side in sides:
            side.folder.mkdir()
            (side.folder / "web.json").write_text(json.dumps(WEB))
        found = []
        for command in commands:
            if command.since <= version < command.until:
                real, simulated = (side.run(command) for side in sides)
                await_catalog(sides[0].agent)
                if real != simulated:
                    found.append(
                        f"consul {command.line}\n--- real, ended with {real[0]}\n{real[1]}--- simulated, {simulated[0]}\n{simulated[1]}"
                    )
    return found


@pytest.mark.parametrize("acls", [False, True], ids=["open", "with ACLs"])
def test_it_prints_the_same_as_with_a_real_agent(binary: Binary, tmp_path: Path, acls: bool) -> None:
    found = _differences(binary, WITH_ACLS if acls else OPEN, tmp_path, acls=acls)
    assert not found, "\n".join(found)


def test_a_watch_runs_its_handler_at_each_change(simulated: Side) -> None:
    with simulated.begin("watch", "-type=key", "-key=w/k", "cat; echo") as process:
        assert process.stdout is not None
        for value in ("one", "two"):
            assert simulated.run(Command(f"kv put w/k {value}"))[0] == 0
            # It may look for the first time after the first value, or before.
            while (line := process.stdout.readline().strip()) in ("", "null"):
                pass
            assert json.loads(line)["Key"] == "w/k"
        process.terminate()


def test_only_one_command_holds_a_lock(simulated: Side) -> None:
    """The second command gets the lock once the first, which is told to end, has released it."""
    with simulated.begin("lock", "-shell=false", "l/one", "sleep", "60") as first:
        while simulated.run(Command("kv get l/one/.lock"))[0]:
            assert first.poll() is None
        code, said = simulated.run(Command("lock -timeout=100ms l/one true"))
        assert code == 1
        assert "timeout during lock acquisition" in said
        with simulated.begin("lock", "l/one", "echo mine") as second:
            first.send_signal(signal.SIGINT)
            assert second.communicate(timeout=_PATIENCE)[0] == "mine\n"
            assert second.returncode == 0
