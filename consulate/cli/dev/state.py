"""The state of a simulated agent in a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from consulate.cli.problems import Problem

if TYPE_CHECKING:
    from consul_proto.simulator import Simulator

#: The format of the file. A file of another format is refused.
_FORM = 1


class StateFile:
    """A file with the state. It is always replaced as a whole, and only its owner can read it, since it contains tokens."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()

    def load_into(self, simulator: Simulator) -> None:
        """Load the saved state, if there is one: the file may be missing or empty. Raises Problem."""
        try:
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            saved = json.loads(text) if text.strip() else None
        except (OSError, ValueError) as error:
            raise Problem(f"the state in {self._path} cannot be read: {getattr(error, 'strerror', None) or 'it is not JSON'}") from None
        try:
            with tempfile.TemporaryFile(dir=self._path.parent):
                pass
        except OSError as error:
            raise Problem(f"the state cannot be saved in {self._path.parent}: {error.strerror}") from None
        if saved is None:
            return
        if not isinstance(saved, dict) or saved.get("form") != _FORM:
            raise Problem(f"{self._path} is not a state file that this version of consulate dev can read")
        try:
            simulator.load(saved["state"], 0.0)
        except ValueError as error:
            raise Problem(f"the state in {self._path} cannot be loaded: {error}") from None
        except (LookupError, TypeError, AttributeError) as error:
            raise Problem(f"the state in {self._path} cannot be loaded: the file is damaged ({type(error).__name__})") from None

    def prepare_save(self, simulator: Simulator) -> Callable[[], None]:
        """Copy the state as it is now; return a function that writes this copy to the file."""
        text = json.dumps({"form": _FORM, "state": simulator.dump()})
        return lambda: self._write(text)

    def _write(self, text: str) -> None:
        descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
