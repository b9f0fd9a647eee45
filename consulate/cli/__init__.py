"""The command line: `consulate dev`. It needs click, which the extra `cli` brings."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from consulate.cli.app import consulate  # click is imported when it is used
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("the command line needs click, which is not installed: run `pip install click`")
    consulate(prog_name="consulate")
