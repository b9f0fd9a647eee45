"""The type checkers accept all of `typing/accepted*.py`, and reject exactly the marked lines of `typing/rejected.py`.

Both checkers run as for a user, without this project's settings. Neither needs the network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = tuple(ROOT / "tests" / "typing" / name for name in ("accepted.py", "accepted_filters.py", "accepted_recipes.py"))
REJECTED = ROOT / "tests" / "typing" / "rejected.py"

#: Seconds; a cold run takes about five.
_LONGEST_RUN = 240

#: How many files are checked.
_FILES = 4

_MYPY_ERROR = re.compile(r"(?P<file>.+?):(?P<line>[0-9]+): error: (?P<says>.*)")

#: File -> line -> the checker's message.
Errors = dict[Path, dict[int, str]]
Check = Callable[[Path], Errors]


def _skip_or_fail(reason: str) -> NoReturn:
    """Skip if a checker cannot run; fail with CONSUL_REQUIRED=1, when nothing may be skipped."""
    if os.environ.get("CONSUL_REQUIRED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _run(module: str, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    if find_spec(module) is None:
        _skip_or_fail(f"{module} is not installed; run `pip install -e '.[dev]'`")
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "MYPY_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        timeout=_LONGEST_RUN,
        check=False,
    )


def _mypy(scratch: Path) -> Errors:
    flags = ["--strict", f"--config-file={os.devnull}", f"--cache-dir={scratch}", "--hide-error-context", "--no-pretty"]
    ended = _run("mypy", *flags, *ACCEPTED, REJECTED)
    assert f"checked {_FILES} source files" in ended.stdout, ended.stdout + ended.stderr
    errors: Errors = {}
    for match in filter(None, map(_MYPY_ERROR.fullmatch, ended.stdout.splitlines())):
        errors.setdefault((ROOT / match["file"]).resolve(), {})[int(match["line"])] = match["says"]
    return errors


def _pyright(scratch: Path) -> Errors:
    # A separate folder with its own settings, so that pyright does not find the project's.
    (scratch / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}))
    ended = _run("pyright", "--pythonpath", sys.executable, "--outputjson", *ACCEPTED, REJECTED, cwd=scratch)
    try:
        output = json.loads(ended.stdout)
    except ValueError:
        _skip_or_fail(f"pyright cannot run here, as without node and without the network: {(ended.stderr or ended.stdout).strip()[-300:]}")
    assert output["summary"]["filesAnalyzed"] == _FILES, output["summary"]
    errors: Errors = {}
    for diagnostic in output["generalDiagnostics"]:
        if diagnostic["severity"] == "error":
            line = diagnostic["range"]["start"]["line"] + 1
            errors.setdefault(Path(diagnostic["file"]).resolve(), {})[line] = diagnostic["message"]
    return errors


@pytest.fixture(scope="module", params=[_mypy, _pyright], ids=["mypy", "pyright"])
def errors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Errors:
    check: Check = request.param
    return check(tmp_path_factory.mktemp("checker"))


def _marked_lines() -> dict[int, str]:
    lines = REJECTED.read_text().splitlines()
    return {number: line.strip() for number, line in enumerate(lines, 1) if line.endswith("  # error")}


def test_what_users_write_is_accepted(errors: Errors) -> None:
    assert {file.name: errors[file] for file in ACCEPTED if file in errors} == {}


def test_every_marked_line_is_refused(errors: Errors) -> None:
    refused = errors.get(REJECTED, {})
    assert {number: line for number, line in _marked_lines().items() if number not in refused} == {}


def test_no_other_line_is_refused(errors: Errors) -> None:
    marked = _marked_lines()
    assert {number: says for number, says in errors.get(REJECTED, {}).items() if number not in marked} == {}


def test_checkers_report_no_error_inside_the_library(errors: Errors) -> None:
    assert {file: says for file, says in errors.items() if file not in (*ACCEPTED, REJECTED)} == {}


def test_there_are_lines_to_refuse() -> None:
    marked = _marked_lines()
    assert len(marked) > 60
    assert len(set(marked.values())) == len(marked)
    # A mark with other spaces around it would be missed.
    assert REJECTED.read_text().count("# error") == len(marked) + 1
