"""docs/dev.md names each option of `consulate dev`, and its examples work."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click

from consulate.cli.commands.dev import command as dev

_PAGE = (Path(__file__).parents[3] / "docs" / "dev.md").read_text()

_ASK_FOR_THE_LEADER = """
import os, urllib.request
print(urllib.request.urlopen(os.environ["CONSUL_HTTP_ADDR"] + "/v1/status/leader").read().decode(), end="")
"""


def test_the_page_names_each_option_and_no_other() -> None:
    table = re.findall(r"^\| `(--[a-z-]+)", _PAGE, re.MULTILINE)
    assert table == [parameter.opts[0] for parameter in dev.params if isinstance(parameter, click.Option)]


def test_the_examples_of_the_page_work(tmp_path: Path) -> None:
    """The script that waits for the address, and the configuration file."""
    command = f"{sys.executable} -m consulate dev"
    (script,) = re.findall(r"```sh\n(rm -f address\nconsulate dev --http-port 0 .*?)```", _PAGE, re.DOTALL)
    script = script.replace("consulate dev", command).replace("./run-the-tests", f"{sys.executable} -c '{_ASK_FOR_THE_LEADER}'")
    done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30, env=_environment())
    assert done.stdout == '"127.0.0.1:8300"'
    (script,) = re.findall(r"```sh\n(cat > agent.json.*?)```", _PAGE, re.DOTALL)
    script = script.replace("consulate dev", f"exec {command}")
    with subprocess.Popen(
        ["/bin/sh", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "ignored" not in errors


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
