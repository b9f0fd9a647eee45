"""docs/cli.md names each command and option; its commands, and those of docs/run-once.md, print what is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from consulate import Consul
from consulate.cli.app import consulate
from consulate.cli.connection import Connection
from consulate.cli.problems import DENIED, FAILED, INTERRUPTED, PARTLY, UNREACHABLE, USAGE
from tests.cli.program import PATIENCE, PROGRAM, Shell

_DOCS = Path(__file__).parents[2] / "docs"
_PAGE = (_DOCS / "cli.md").read_text()

#: The pages whose commands are run, and how many blocks they have at least.
_RUN = {"cli.md": 4, "run-once.md": 1}


def _section(title: str) -> str:
    return _PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _members(group: click.Group) -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_the_page_names_each_command_and_its_options() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+(?: [a-z]+)?)[^`]*` \| (.*) \|$", _section("Commands"), re.MULTILINE))
    commands: dict[str, click.Command] = {}
    for name, command in _members(consulate).items():
        inner = {f"{name} {each}": one for each, one in _members(command).items()} if isinstance(command, click.Group) else {name: command}
        commands |= inner
    assert rows.keys() == commands.keys()
    del commands["dev"]  # it has a page of its own
    everywhere = {"--json", "--dry-run", "-y"}
    for name, command in commands.items():
        for option in [each for each in command.params if isinstance(each, click.Option)]:
            assert any(f"`{word}" in rows[name] for word in option.opts) or everywhere & {*option.opts}, (name, option.opts)


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
    """In the order of the page: a block may read what an earlier one wrote."""
    blocks = re.findall(r"^```sh\n((?:(?!```).*\n)+)```\n\n```text\n((?:(?!```).*\n)+)```", (_DOCS / page).read_text(), re.MULTILINE)
    assert len(blocks) >= _RUN[page]
    program = f'consulate() {{ {" ".join(PROGRAM)} "$@" 2>&1; }}\n'
    environment = {**shell.environment, "PYTHONUTF8": "1"}
    for script, expected in blocks:
        done = subprocess.run(
            ["/bin/sh", "-c", program + script], check=False, capture_output=True, cwd=tmp_path, env=environment, timeout=PATIENCE
        )
        assert done.stdout.decode() == expected, script


def test_the_command_that_contributors_copy_works(shell: Shell, consul: Consul, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    section = (_DOCS / "contributing.md").read_text().partition("\n## Add a command\n")[2]
    (code,) = re.findall(r"^```python\n(.*?)^```", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    names: dict[str, click.Command] = {}
    exec(code, names)
    consul.kv.put_many({"a/1": 1, "a/2": 2, "b": 3})
    connection = Connection(api_host=shell.agent.host, api_port=shell.agent.port)
    for words in (["a/"], ["--json"]):
        names["command"].main(words, obj=connection, standalone_mode=False)
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"2\n3\n"
