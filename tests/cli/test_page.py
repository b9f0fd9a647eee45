"""The pages of the command line: what docs/cli.md lists is complete, and the commands of all pages print what is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from consulate import Consul
from consulate.cli.app import consulate
from consulate.cli.connection import Connection
from consulate.cli.problems import DENIED, FAILED, INTERRUPTED, PARTLY, UNREACHABLE, USAGE
from scripts.reference.command_line import commands
from scripts.session import PICTURE, Block, Step, record, text_of, tour
from tests.agents import Binary, start_agent, start_dev
from tests.cli.conftest import SHELL_AGENTS, id_of
from tests.cli.program import PATIENCE, PROGRAM, Shell

_DOCS = Path(__file__).parents[2] / "docs"
_PAGE = (_DOCS / "cli.md").read_text()

#: The pages whose commands are run, and how many blocks they have at least.
_RUN = {"cli.md": 3, "back-up.md": 7, "register.md": 4, "run-once.md": 1, "troubleshooting.md": 2}


@pytest.fixture(scope="module", params=SHELL_AGENTS, ids=id_of)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    """Runs commands with all rights on an agent with ACLs."""
    kind: str | Binary = request.param
    with start_dev(kind, acls=True) if isinstance(kind, str) else start_agent(kind, acls=True) as agent:
        yield Shell(agent, {"CONSUL_HTTP_TOKEN": str(agent.management_token)})


@pytest.fixture
def consul(shell: Shell) -> Iterator[Consul]:
    """A client for the agent of the shell, which has no keys."""
    with Consul(shell.agent.host, shell.agent.port, token=shell.agent.management_token) as client:
        yield client
        client.kv.delete("", recurse=True)


def _section(title: str) -> str:
    return _PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_page_names_each_command() -> None:
    rows = re.findall(r"^\| `([a-z_]+(?: [a-z]+)?)[^`]*` \| .* \|$", _section("Commands"), re.MULTILINE)
    assert sorted(rows) == sorted(name for name, context in commands() if name and not isinstance(context.command, click.Group))


def test_the_page_names_each_global_option() -> None:
    named = re.findall(r"^\| `(--[a-z-]+)`", _section("The agent and the token"), re.MULTILINE)
    options = {each.opts[0] for each in consulate.params if isinstance(each, click.Option)}
    assert {*named} == options - {"--version", "--help"}


def test_the_page_names_each_exit_code() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", _section("Exit codes"), re.MULTILINE)]
    assert codes == [0, FAILED, USAGE, UNREACHABLE, DENIED, PARTLY, INTERRUPTED]


@pytest.mark.parametrize("page", _RUN)
@pytest.mark.usefixtures("consul")
def test_the_commands_of_a_page_print_what_it_shows(shell: Shell, tmp_path: Path, page: str) -> None:
    """In the order of the page: a block may read what an earlier one wrote. A block without output below it prints nothing."""
    blocks = re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", (_DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= _RUN[page]
    program = f'consulate() {{ {" ".join(PROGRAM)} "$@" 2>&1; }}\n'
    environment = {**shell.environment, "PYTHONUTF8": "1", "HOME": str(tmp_path)}
    for script, expected in blocks:
        here = script.replace("/run/consul.sock", shell.agent.unix_path)
        done = subprocess.run(
            ["/bin/sh", "-c", program + here], check=False, capture_output=True, cwd=tmp_path, env=environment, timeout=PATIENCE
        )
        assert (done.stdout.decode(), done.stderr.decode(), done.returncode) == (expected, "", 0), script


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    """What a terminal shows now for each command of the tour."""
    return record(tour())


def test_the_tour_prints_what_readme_shows(steps: list[Step]) -> None:
    blocks = tour()
    assert len(blocks) >= 6
    shown: list[Block] = []
    for block in blocks:
        own, steps = steps[: len(block.commands)], steps[len(block.commands) :]
        shown.append(Block(tuple(step.command for step in own), "".join(f"{line}\n" for step in own for line in step.plain)))
    assert shown == blocks


def test_the_picture_shows_what_a_terminal_shows_now(steps: list[Step]) -> None:
    """If not, run `python -m scripts.session`."""
    shown = [line for line in text_of(PICTURE.read_text()) if line]
    assert shown == [line for step in steps for line in (f"$ {step.command}", *step.plain)]


def test_the_picture_loads_nothing() -> None:
    text = PICTURE.read_text()
    assert set(re.findall(r"https?://[^\"')\s]+", text)) == {"http://www.w3.org/2000/svg"}
    assert re.findall(r"@import|@font-face|href|<script|<image", text) == []


def test_the_command_that_contributors_copy_works(shell: Shell, consul: Consul, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    section = (_DOCS / "contributing.md").read_text().partition("\n## Add a command\n")[2]
    (code,) = re.findall(r"^```python\n(.*?)^```", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    names: dict[str, click.Command] = {}
    exec(code, names)
    consul.kv.put_many({"a/1": 1, "a/2": 2, "b": 3})
    connection = Connection(api_host=shell.agent.host, api_port=shell.agent.port, token=shell.agent.management_token)
    for words in (["a/"], ["--json"]):
        names["command"].main(words, obj=connection, standalone_mode=False)
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"2\n3\n"
