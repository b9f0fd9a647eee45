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

#: The form of the file. One of another form is refused, rather than misread.
_FORM = 1


class StateFile:
    """A file that is replaced as a whole, and readable by its owner alone: it holds tokens."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()

    def load_into(self, simulator: Simulator) -> None:
        """Load what is kept. A file that is not there yet, or empty, keeps nothing. Raises Problem."""
        try:
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            kept = json.loads(text) if text.strip() else None
        except (OSError, ValueError) as error:
            raise Problem(f"the state in {self._path} cannot be read: {getattr(error, 'strerror', None) or 'it is not JSON'}") from None
        try:
            with tempfile.TemporaryFile(dir=self._path.parent):
                pass
        except OSError as error:
            raise Problem(f"the state cannot be kept in {self._path.parent}: {error.strerror}") from None
        if kept is None:
            return
        if not isinstance(kept, dict) or kept.get("form") != _FORM:
            raise Problem(f"{self._path} holds no state of consulate dev that this version reads")
        try:
            simulator.load(kept["state"], 0.0)
        except ValueError as error:
            raise Problem(f"the state in {self._path} does not fit: {error}") from None
        except (LookupError, TypeError, AttributeError) as error:
            raise Problem(f"the state in {self._path} does not fit: {type(error).__name__}") from None

    def keep(self, simulator: Simulator) -> Callable[[], None]:
        """Take the state as it is now; what is returned writes it down."""
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
