"""The command line: `consulate dev`. It needs the extra `cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from consulate.cli.app import consulate  # click is imported when it is used
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("the command line needs click: install this package with its extra [cli]")
    consulate(prog_name="consulate")
