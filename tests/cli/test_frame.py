"""What all commands share: how they are found, global options, exit codes, and what is imported."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import consulate
from consulate.cli.app import Commands
from consulate.cli.app import consulate as program
from tests.agents import Agent, start_dev
from tests.cli.program import PROGRAM, Shell


@pytest.fixture(scope="module")
def dev() -> Iterator[Agent]:
    """An agent: which one it is does not matter here."""
    with start_dev("1.22.5") as agent:
        yield agent


@pytest.fixture
def shell(dev: Agent) -> Shell:
    """Runs commands on that agent."""
    return Shell(dev)


def _commands(group: click.Group, names: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += _commands(command, (*names, name)) if isinstance(command, click.Group) else [((*names, name), command)]
    return found


_ALL = _commands(program)


@pytest.mark.parametrize(("names", "command"), _ALL, ids=[" ".join(names) for names, _ in _ALL])
def test_a_command_says_what_it_does(names: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line of the list, and in its help."""
    file = Path(consulate.__file__).parent.joinpath("cli", "commands", *names).with_suffix(".py")
    assert re.fullmatch(r'"""[A-Z][^"]{5,76}[.)]{1,2}"""', file.read_text().splitlines()[0])
    with pytest.raises(SystemExit) as ended:
        program([*names, "-h"], prog_name="consulate")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"Usage: consulate {' '.join(names)}")
    assert command.help
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter


def test_each_global_option_says_what_it_is() -> None:
    assert [each.name for each in program.params if isinstance(each, click.Option) and not each.help] == []


def test_a_group_lists_its_commands(shell: Shell) -> None:
    listed = shell.run("--help").text
    for name in ("dev", "kv"):
        assert re.search(rf"^  {name} +[A-Z]", listed, re.MULTILINE)
    assert re.search(r"^  get +Print the value", shell.run("kv", "--help").text, re.MULTILINE)
    assert "did you mean 'kv'?" in shell.run("kvv", code=2).err
    assert "did you mean 'get'?" in shell.run("kv", "gett", code=2).err
    assert shell.run("--version").text.split()[-1] == consulate.__version__


def test_other_files_of_the_folder_are_no_commands() -> None:
    group = Commands("consulate.cli.commands")
    for name in ("__init__", "__pycache__", "nothing", "kv.py", "../app", "kv/get"):
        assert group.get_command(click.Context(group), name) is None


@pytest.mark.parametrize(
    "words",
    [["--api-host", "{host}", "--api-port", "{port}"], ["--api-host", "http://{host}:{port}"], ["--api-host", "{host}:{port}"],
     ["--api-scheme", "http+unix", "--api-host", "{unix}"]],
)  # fmt: skip
def test_the_address_is_given_as_options(shell: Shell, words: list[str]) -> None:
    agent = shell.agent
    words = [word.format(host=agent.host, port=agent.port, unix=agent.unix_path) for word in words]
    elsewhere = Shell(agent, {"CONSUL_HTTP_ADDR": "127.0.0.1:1"})
    elsewhere.run(*words, "kv", "set", "k", "v")
    assert elsewhere.run(*words, "--datacenter", agent.datacenter, "kv", "get", "k").out == b"v\n"


def test_the_older_variable_counts_if_the_official_one_is_not_set(shell: Shell) -> None:
    address = f"{shell.agent.host}:{shell.agent.port}"
    Shell(shell.agent, {"CONSUL_HTTP_ADDR": "", "CONSUL_RPC_ADDR": address}).run("kv", "set", "k", "v")
    assert Shell(shell.agent, {"CONSUL_RPC_ADDR": "127.0.0.1:1"}).run("kv", "get", "k").out == b"v\n"
    Shell(shell.agent, {"CONSUL_HTTP_ADDR": "", "CONSUL_RPC_ADDR": "127.0.0.1:1"}).run("kv", "get", "k", code=3)


def test_an_unknown_datacenter_is_a_failure(shell: Shell) -> None:
    assert "No path to datacenter" in shell.run("--datacenter", "nowhere", "kv", "get", "k", code=1).err


def test_an_agent_that_cannot_be_reached_is_exit_code_3(shell: Shell) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for words in (["get", "k"], ["set", "k", "v"], ["ls"], ["ls", "-l"], ["rm", "-r", "k"], ["tree"]):
            ended = shell.run("--api-host", "127.0.0.1", "--api-port", str(port), "kv", *words, code=3)
            assert "CONSUL_HTTP_ADDR" in ended.err
            assert len(ended.err.splitlines()) == 1


def test_wrong_options_are_exit_code_2(shell: Shell) -> None:
    for words in (
        ["--api-host", "http:x"],
        ["--api-port", "0"],
        ["--api-scheme", "ftp"],
        ["--token-file", "/no/such/file"],
        ["--token-file", "-"],
    ):
        assert shell.run(*words, "kv", "ls", code=2).err
    assert "CONSUL_HTTP_SSL" in Shell(shell.agent, {"CONSUL_HTTP_SSL": "maybe"}).run("kv", "ls", code=2).err


def test_a_token_comes_from_everywhere_and_its_lack_is_exit_code_4(tmp_path: Path) -> None:
    with start_dev("1.22.5", acls=True) as agent:
        token = str(agent.management_token)
        (tmp_path / "token").write_text(f"{token}\n")
        shell = Shell(agent)
        denied = shell.run("kv", "set", "k", "v", code=4)
        assert "token" in denied.err
        shell.run("--token", token, "kv", "set", "k", "v")
        for words, given in ((["--token-file", str(tmp_path / "token")], b""), (["--token-file", "-"], f"{token}\n".encode())):
            assert shell.run(*words, "kv", "get", "k", given=given).out == b"v\n"
        shell.run("--token-file", "-", "kv", "restore", given=f'{token}\n[["k", 0, "both"]]'.encode())
        shell.run("--token-file", "-", "kv", "set", "f", "--file", "-", given=f"{token}\nfile".encode())
        assert shell.run("--token", token, "kv", "get", "-r", "").lines == ["f\tfile", "k\tboth"]
        shell.run("--token", token, "kv", "set", "k", "v")
        for variables in ({"CONSUL_HTTP_TOKEN": token}, {"CONSUL_HTTP_TOKEN_FILE": str(tmp_path / "token")}):
            assert Shell(agent, variables).run("kv", "get", "k").out == b"v\n"
        shell.run("--token", "another", "kv", "set", "k", "v", code=4)


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    for number in range(3):
        shell.run("kv", "set", f"k{number}", "v" * 100_000)
    with shell.begin("kv", "get", "-r", "k") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""


#: What takes long to import, and no call of one key over plain HTTP needs.
_SLOW = (
    "rich",
    "ssl",
    "http.client",
    "email",
    "h11",
    "urllib3",
    "anyio",
    "asyncio",
    "random",
    "pathlib",
    "gzip",
    "encodings.idna",
    "logging",
)


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], (*_SLOW, "consulate.client", "consul_proto", "transports", "json", "consulate.cli.commands.dev")),
        (
            ["kv", "get", "k"],
            (*_SLOW, "consulate.cli.commands.dev", "consul_proto.recipes", "consul_proto.simulator", "consulate.kv_files"),
        ),
        (["kv", "set", "k", "v"], _SLOW),
    ],
    ids=" ".join,
)
def test_what_a_command_does_not_import(shell: Shell, words: list[str], unwanted: tuple[str, ...]) -> None:
    """So that `--help` takes hardly longer than click, and a call of one key little more than twice as long."""
    shell.run("kv", "set", "k", "v")
    code = "import sys\nfrom consulate.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True, env=shell.environment)
    loaded = set(done.stdout.split())
    assert "click" in loaded
    assert loaded & set(unwanted) == set()


def test_a_command_without_a_terminal_needs_no_rich(shell: Shell) -> None:
    code = "import sys; sys.modules['rich'] = None\nfrom consulate.cli import main\nmain()"
    for words in (["kv", "set", "k", "v"], ["kv", "ls", "-l"], ["kv", "get", "-r", "k"]):
        subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, env=shell.environment)


@pytest.mark.parametrize("name", ["click", "rich"])
def test_a_missing_library_is_named(shell: Shell, name: str) -> None:
    code = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.stdout.isatty = lambda: True
from consulate.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "kv", "ls", "-l"], check=False, capture_output=True, text=True, env=shell.environment
    )
    assert done.returncode == 1
    assert done.stderr == f"the command line needs {name}, which is not installed: run `pip install click rich`\n"


def test_ctrl_c_is_one_line() -> None:
    """While it waits for an answer that does not come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment = {**os.environ, "CONSUL_HTTP_ADDR": f"127.0.0.1:{port}"}
        with subprocess.Popen([*PROGRAM, "kv", "get", "k"], stderr=subprocess.PIPE, text=True, env=environment) as process:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                process.send_signal(2)
                _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "Error: interrupted\n")
