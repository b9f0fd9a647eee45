"""Rules of the code base: the core is pure, imports point one way, and names, sizes and shapes have limits."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent

#: The modules of the standard library that the core may import: no I/O, no clock, no random numbers. (`importlib`: groups of
#: endpoints are imported when they are first used; `test_parity` checks where they come from.)
_PURE = {
    "__future__", "abc", "ast", "base64", "binascii", "builtins", "collections", "collections.abc", "dataclasses", "datetime",
    "bisect", "decimal", "difflib", "enum", "functools", "hashlib", "heapq", "importlib", "inspect", "ipaddress",
    "itertools", "json", "math", "operator", "posixpath", "re", "struct", "types", "typing", "unicodedata", "urllib.parse", "weakref",
    "zlib",
}  # fmt: skip

#: Files of the core -> what else they may import: a library that only computes, and is used if it is installed.
_PURE_LIBRARIES = {"consul_proto/json_decoder.py": {"msgspec"}}

_PACKAGES = ("consul_proto", "transports", "consulate")

#: Files -> the libraries that they may import; any other file of `transports` imports none.
_LIBRARIES = {
    "transports/clients/sync_urllib3.py": {"urllib3"},
    "transports/clients/async_anyio.py": {"anyio"},
    "transports/clients/anyio_connection.py": {"anyio"},
    "transports/clients/task_wires.py": {"anyio"},
    "transports/clients/asyncio_wire.py": {"asyncio"},
    "transports/clients/trio_wire.py": {"trio"},
    "transports/clients/loops.py": {"anyio"},
    "transports/clocks.py": {"anyio"},
    "transports/worker_threads.py": {"anyio"},
    "transports/http1/any_answer.py": {"h11"},
    "transports/http1/server.py": {"h11"},
    "transports/simulated/tasks.py": {"anyio"},
    "transports/thread_safe_event.py": {"anyio"},
    "transports/identity/tasks.py": {"anyio"},
    "transports/machines/clocks.py": {"anyio"},
    "transports/machines/tasks.py": {"anyio"},
    "transports/hosting/*.py": {"anyio"},
    "transports/hosting/probe_http.py": {"h11"},
}

#: Folders -> packages that their files may not import, so that the simulator cannot repeat a bug of the endpoints.
_FORBIDDEN = {
    "consul_proto/simulator/": ("consul_proto.endpoints", "consul_proto.types", "consul_proto.decode", "consul_proto.options"),
}

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


def violations(path: str, source: str) -> list[str]:
    """Return the imports of a file that its folder does not allow. path: from the root."""
    package = path.partition("/")[0]
    libraries = set().union(*(names for pattern, names in _LIBRARIES.items() if fnmatch(path, pattern)))
    forbidden = [name for folder, names in _FORBIDDEN.items() if path.startswith(folder) for name in names]
    found = []
    for imported in _imports(ast.parse(source)):
        top = imported.partition(".")[0]
        if top in _PACKAGES:
            allowed = _PACKAGES.index(top) <= _PACKAGES.index(package) and not any(
                f"{imported}.".startswith(f"{one}.") for one in forbidden
            )
        elif package == "consul_proto":
            allowed = imported in _PURE or imported in _PURE_LIBRARIES.get(path, ())
        else:
            allowed = top not in ("urllib3", "anyio", "h11", "trio", "asyncio", "requests") or top in libraries
        if not allowed:
            found.append(imported)
    return found


@pytest.mark.parametrize("package", _PACKAGES)
def test_imports_point_one_way(package: str) -> None:
    for path in _modules(package):
        assert violations(path.relative_to(_ROOT).as_posix(), path.read_text()) == [], path


def test_the_rules_name_files_that_exist() -> None:
    for pattern in (*_LIBRARIES, *_PURE_LIBRARIES, *_FORBIDDEN):
        assert list(_ROOT.glob(pattern)), pattern


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("consul_proto/x.py", "import socket"),
        ("consul_proto/x.py", "from time import monotonic"),
        ("consul_proto/x.py", "def f():\n    import random"),
        ("consul_proto/x.py", "import os.path"),
        ("consul_proto/x.py", "import msgspec"),
        ("consul_proto/json_decoder.py", "import orjson"),
        ("consul_proto/x.py", "from transports import drive"),
        ("transports/x.py", "import consulate.client"),
        ("transports/clients/sync_socket.py", "import urllib3"),
        ("transports/clients/client.py", "import h11"),
        ("consulate/client.py", "import anyio"),
        ("consulate/recipes/claims.py", "import anyio"),
        ("transports/machines/threads.py", "import anyio"),
        ("consul_proto/simulator/kv/kv.py", "from consul_proto.endpoints import kv"),
        ("consul_proto/simulator/machine.py", "import consul_proto.types.kv"),
    ],
)
def test_violations_are_found(path: str, source: str) -> None:
    assert len(violations(path, source)) == 1


def test_a_folder_of_the_simulator_may_be_named_types() -> None:
    assert violations("consul_proto/simulator/config/entries.py", "from consul_proto.simulator.config import types") == []


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


def test_the_core_does_no_input_or_output() -> None:
    for path in _modules("consul_proto"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert not names & {"open", "print", "input"}, path


def test_public_dataclasses_of_the_core_are_frozen() -> None:
    count = 0
    for path in _modules("consul_proto"):
        name = ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and value.__module__ == name and dataclasses.is_dataclass(value):
                for field in dataclasses.fields(value):
                    with pytest.raises(dataclasses.FrozenInstanceError):
                        setattr(object.__new__(value), field.name, None)
                    count += 1
    assert count >= 10


def test_names_and_sizes() -> None:
    for package in (*_PACKAGES, "tests", "benchmarks"):
        for path in _modules(package):
            assert not {part.lower() for part in path.with_suffix("").parts} & _NAMELESS, path
            if "golden" not in path.parts:  # recorded data, and as long as that is
                assert len(path.read_text().splitlines()) <= 450, f"{path} is two things"


def test_functions_have_at_most_40_lines() -> None:
    """A function has at most 40 lines of code, without its docstring."""
    for package in _PACKAGES:
        for path in _modules(package):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    body = function.body[1:] if ast.get_docstring(function) else function.body
                    length = body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0
                    assert length <= 40, f"{path}: {function.name} has {length} lines"


def _imported_files(path: Path) -> set[Path]:
    """Return the files of the project that a file imports, anywhere in it, also those only for type checkers."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    files = set()
    for name in names:
        place = _ROOT.joinpath(*name.split("."))
        files |= {file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()}
    return files - {path}


def test_no_files_import_each_other_in_a_circle() -> None:
    """A package's own `__init__` names its files for others, so it counts only where another package imports it."""
    graph = {path: _imported_files(path) for package in _PACKAGES for path in _modules(package) if path.name != "__init__.py"}
    while leaves := {path for path, imported in graph.items() if not imported & graph.keys()}:
        for path in leaves:
            del graph[path]
    assert sorted(str(path.relative_to(_ROOT)) for path in graph) == []
