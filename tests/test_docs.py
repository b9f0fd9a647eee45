"""README and the pages in docs: every Python block compiles and runs, and prints what the page shows below it.

A block that talks to Consul runs on `consulate dev` and on each real agent. Each block is a process, so older versions of
`consulate dev` are tried only where real Consuls are tried too.
"""

from __future__ import annotations

import ast
import inspect
import re
import socket
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from consul_proto.message import Request, Response
from consulate import AsyncConsul, Consul, exceptions
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, start_agent, start_dev
from transports.memory import MemoryTransport

_ROOT = Path(__file__).parent.parent
_SOURCES = ("consul_proto", "transports", "consulate", "examples", "benchmarks", "scripts")
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A Python block of a page, and the output that the page shows directly below it; None if it shows none."""

    name: str
    code: str
    output: str | None

    @property
    def needs_consul(self) -> bool:
        """Whether the code makes a client that connects to an agent."""
        return bool(re.search(r"Consul\((?!transport=|\"http://127.0.0.1:1\")", self.code))


def _blocks() -> list[Block]:
    found = []
    for page in _PAGES:
        text = page.read_text()
        for match in re.finditer(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", text, re.MULTILINE | re.DOTALL):
            line = text[: match.start()].count("\n") + 1
            found.append(Block(f"{page.name}:{line}", match[1], match[2]))
    return found


def _run(code: str, variables: dict[str, str]) -> str:
    """Run code in a process of its own, and return what it prints."""
    # With CI set, Hypothesis has no deadlines and no health check for speed: a slow machine fails no example.
    environment = {"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin", "CI": "true", **variables}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _at(agent: Agent) -> dict[str, str]:
    return {"CONSUL_HTTP_ADDR": f"{agent.host}:{agent.port}"}


@pytest.mark.parametrize("block", _blocks(), ids=lambda block: str(block.name))
def test_a_block_compiles(block: Block) -> None:
    compile(block.code, block.name, "exec")


@pytest.mark.parametrize("block", [block for block in _blocks() if not block.needs_consul], ids=lambda block: str(block.name))
def test_a_block_runs(block: Block) -> None:
    printed = _run(block.code, {})
    assert block.output in (None, printed)


@pytest.mark.parametrize("version", find_dev_versions() if find_binaries() else find_dev_versions()[-1:])
def test_blocks_that_need_an_agent_run_on_a_simulated_one(version: str) -> None:
    """In the order of the page: a block may read what an earlier one wrote."""
    with start_dev(version) as agent:
        for block in _blocks():
            if block.needs_consul:
                printed = _run(block.code, _at(agent))
                assert block.output in (None, printed), block.name


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_the_blocks_and_the_example_run_on_a_real_consul(binary: Binary) -> None:
    with start_agent(binary, acls=False) as agent:
        for block in _blocks():
            if block.needs_consul:
                _run(block.code, _at(agent))
        _run((_ROOT / "examples" / "quickstart.py").read_text(), _at(agent))


def _example(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(_ROOT / "examples" / "quickstart.py")],
        env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_example_needs_no_consul() -> None:
    done = _example()
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first == "on an agent in memory"
    said = [line.partition(": ")[::2] for line in lines]
    assert [who.strip() for who, _ in said] == ["script"] * 5 + ["asyncio"] * 5 + ["trio"] * 5
    assert [what for _, what in said[:5]] == [what for _, what in said[5:10]] == [what for _, what in said[10:]]
    assert "the key became {'version': 4}" in done.stdout


def test_the_example_says_what_to_do_where_no_agent_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = _example(CONSUL_HTTP_ADDR="127.0.0.1:" + str(unused.getsockname()[1]))
    assert done.returncode == 1
    assert "consul agent -dev" in done.stderr
    assert "CONSUL_HTTP_ADDR=127.0.0.1:8500" in done.stderr


def test_readme_explains_each_extra() -> None:
    extras = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    readme = (_ROOT / "README.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE) == [*extras]
    assert set(re.findall(r"'\.\[(\w+)\]'", readme)) <= {*extras}


def test_nothing_advises_to_install_the_other_client() -> None:
    """The package called consulate on PyPI is an older, different client."""
    for path in (*_PAGES, *(file for folder in _SOURCES for file in (_ROOT / folder).rglob("*.py"))):
        assert not re.search(r"pip install (-\S+ )*['\"]?consulate\b", path.read_text()), path


def test_the_table_of_exceptions_is_complete() -> None:
    """docs/errors.md names each exception, and what each one is derived from."""
    rows = re.findall(r"^\| `(\w+)` \| (`.*`) \|", (_ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    found = {name: [*re.findall(r"\w+", bases)] for name, bases in rows}
    kinds = {name: getattr(exceptions, name) for name in exceptions.__all__ if name != "ConsulateException"}
    assert found == {name: [base.__name__ for base in kind.__bases__] for name, kind in kinds.items()}


#: Argument -> a value for the argument, and the text of the variable that means the same.
_SAME = {
    "host": ("http://agent:1234", "agent:1234"),
    "token": ("secret", "secret"),
    "scheme": ("https", "true"),
    "token_file": ("token", "token"),
    "basic_auth": (("user", "password"), "user:password"),
    "namespace": ("team", "team"),
    "partition": ("part", "part"),
    "verify": (False, "false"),
    "ca_file": ("ca.pem", "ca.pem"),
    "ca_path": ("ca", "ca"),
    "client_cert": ("cert.pem", "cert.pem"),
    "client_key": ("key.pem", "key.pem"),
    "server_name": ("consul.example.com", "consul.example.com"),
}


def _arguments_in_the_docs() -> dict[str, str]:
    """Return argument -> its variable, from the table in docs/configuration.md."""
    text = (_ROOT / "docs" / "configuration.md").read_text()
    table = text.partition("## All arguments")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? ?\|", table, re.MULTILINE))


def test_the_table_of_arguments_is_complete() -> None:
    documented = _arguments_in_the_docs()
    assert [*documented] == [*inspect.signature(Consul).parameters] == [*inspect.signature(AsyncConsul).parameters]
    read = {name for path in ("consulate/configuration.py", "consul_proto/config.py") for name in _strings(_ROOT / path)}
    assert {variable for variable in documented.values() if variable} == {name for name in read if re.fullmatch(r"CONSUL_[A-Z_]+", name)}


def _strings(path: Path) -> set[str]:
    return {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


class _Recording:
    """An adapter whose transport records what a client is configured to do. It connects to nothing."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def transport(self, config: object) -> MemoryTransport:
        def answer(request: Request) -> Response:
            self.seen.append(request)
            return Response(200, body=b"[]")

        self.seen.append(config)
        return MemoryTransport(answer)

    def async_transport(self, _config: object) -> NoReturn:
        raise NotImplementedError


def _configured(**options: Any) -> list[object]:
    """Return what a client is configured to do, and what it sends."""
    adapter = _Recording()
    Consul(adapter=adapter, **options).catalog.nodes()
    Consul(adapter=adapter, **options).health.service("web")
    return adapter.seen


@pytest.mark.parametrize(("argument", "variable"), [pair for pair in _arguments_in_the_docs().items() if pair[1]])
def test_a_variable_means_the_same_as_its_argument(argument: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("secret")
    for name in _arguments_in_the_docs().values():
        monkeypatch.delenv(name, raising=False) if name else None
    value, text = _SAME[argument]
    usual, with_argument = _configured(), _configured(**{argument: value})
    monkeypatch.setenv(variable, text)
    assert _configured() == with_argument != usual
