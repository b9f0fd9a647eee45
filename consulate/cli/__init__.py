"""The command line, `consulate`. It needs click and rich, which the extra `cli` brings."""

from __future__ import annotations

import gc
import os
import sys

#: What the command line needs beside the client. rich draws tables and bars, and is imported when one is drawn.
_NEEDS = ("click", "rich")

#: New objects between two garbage collections. In a restore of 10,000 keys they take 1 ms, and 12 ms with the 700 of Python 3.11.
_OBJECTS = 50_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_OBJECTS)
    try:
        from consulate.cli.app import consulate  # click is imported when it is used

        if os.environ.get("_CONSULATE_COMPLETE"):
            from consulate.cli.completion import print_suggestions

            print_suggestions(consulate)
        else:
            consulate(prog_name="consulate")
    except ModuleNotFoundError as error:
        if error.name not in _NEEDS:
            raise
        sys.exit(f"the command line needs {error.name}, which is not installed: run `pip install click rich`")
    finally:
        gc.freeze()  # the memory goes back to the system now: Python need not look for garbage in it once more
