"""README and the pages in docs: every Python block compiles and runs, and prints what the page shows below it.

A block that talks to Consul runs on `consulate dev` and on each real agent.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from consulate import exceptions
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, start_agent, start_dev

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


@pytest.mark.parametrize("version", find_dev_versions())
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
