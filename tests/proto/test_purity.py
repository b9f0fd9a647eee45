"""What the folders promise: the core is pure, imports point one way, and nothing is called what has no name."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent.parent

#: All that the core may import of the standard library: nothing that opens, waits, draws or looks around.
_PURE = {
    "__future__", "base64", "binascii", "builtins", "collections", "collections.abc", "dataclasses", "datetime",
    "bisect", "decimal", "enum", "functools", "hashlib", "heapq", "inspect", "ipaddress",
    "itertools", "json", "math", "posixpath", "re", "struct", "types", "typing", "urllib.parse", "zlib",
}  # fmt: skip

_PACKAGES = ("consul_proto", "transports", "consulate")

#: Module -> the library that it is named after; any other module of `transports` has none.
_LIBRARIES = {
    "sync_urllib3": {"urllib3"}, "async_anyio": {"anyio"}, "async_simulated": {"anyio"}, "http1": {"h11"}, "http1_server": {"h11"},
    "serve_anyio": {"anyio"}, "hosted": {"anyio"}, "hosting": {"anyio"}, "probing": {"anyio"}, "probe_socket": {"anyio"},
    "probe_script": {"anyio"}, "probe_http": {"anyio", "h11"},
}  # fmt: skip

_NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def _modules(package: str) -> list[Path]:
    return sorted((_ROOT / package).rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


def violations(package: str, name: str, source: str) -> list[str]:
    """The imports of a module that its package does not allow."""
    found = []
    for imported in _imports(ast.parse(source)):
        top = imported.partition(".")[0]
        if top in _PACKAGES:
            allowed = _PACKAGES.index(top) <= _PACKAGES.index(package)
            if "simulator" in name and top == "consul_proto":
                allowed = not any(part in imported for part in (".endpoints", ".types", ".decode", ".options"))
        elif package == "consul_proto":
            allowed = imported in _PURE
        elif top in ("urllib3", "anyio", "h11", "trio", "asyncio", "requests"):
            allowed = package == "transports" and top in _LIBRARIES.get(name, set())
        else:
            allowed = True
        if not allowed:
            found.append(imported)
    return found


@pytest.mark.parametrize("package", _PACKAGES)
def test_imports_point_one_way(package: str) -> None:
    for path in _modules(package):
        assert violations(package, path.stem, path.read_text()) == [], path


@pytest.mark.parametrize(
    ("package", "name", "source"),
    [
        ("consul_proto", "x", "import socket"),
        ("consul_proto", "x", "from time import monotonic"),
        ("consul_proto", "x", "def f():\n    import random"),
        ("consul_proto", "x", "import os.path"),
        ("consul_proto", "x", "from transports import drive"),
        ("transports", "x", "import consulate.client"),
        ("transports", "unix_socket", "import urllib3"),
        ("consulate", "client", "import anyio"),
        ("consul_proto", "simulator", "from consul_proto.endpoints import kv"),
    ],
)
def test_the_rule_sees_a_violation(package: str, name: str, source: str) -> None:
    assert len(violations(package, name, source)) == 1


def test_only_two_functions_yield() -> None:
    """Everything else in the core that is a flow is written with `yield from`."""
    found = set()
    for path in _modules("consul_proto"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                returns = ast.unparse(function.returns) if function.returns else ""
                bare = any(isinstance(node, ast.Yield) for node in ast.walk(function))
                if bare and not returns.startswith("Iterator"):
                    found.add(f"{path.stem}.{function.name}")
    assert found == {"flow.call", "flow.sleep"}


def test_the_core_looks_at_nothing_around_it() -> None:
    for path in _modules("consul_proto"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert not names & {"open", "print", "input"}, path


def test_public_dataclasses_of_the_core_are_frozen() -> None:
    count = 0
    for path in _modules("consul_proto"):
        name = ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and value.__module__ == name and dataclasses.is_dataclass(value):
                assert value.__dataclass_params__.frozen, value  # type: ignore[attr-defined] # not in typeshed
                count += 1
    assert count >= 10


def test_names_and_sizes() -> None:
    for package in (*_PACKAGES, "tests", "benchmarks"):
        for path in _modules(package):
            assert not {part.lower() for part in path.with_suffix("").parts} & _NAMELESS, path
            if path.name != "answers.py":  # recorded data, and as long as that is
                assert len(path.read_text().splitlines()) <= 450, f"{path} is two things"


def test_functions_fit_on_a_screen() -> None:
    """40 lines of code, not counting the documentation."""
    for package in _PACKAGES:
        for path in _modules(package):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    body = function.body[1:] if ast.get_docstring(function) else function.body
                    length = body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0
                    assert length <= 40, f"{path}: {function.name} has {length} lines"
