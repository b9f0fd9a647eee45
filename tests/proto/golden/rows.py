"""All golden rows: those of each file in this folder. A file for a new group is found by itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.proto.golden.row import AnswerRow, RequestRow

#: The files that have rows.
FILES = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem not in ("row", "rows"))

REQUESTS: list[RequestRow] = []
ANSWERS: list[AnswerRow] = []
for _path in FILES:
    _group = import_module(f"tests.proto.golden.{_path.stem}")
    REQUESTS += _group.REQUESTS
    ANSWERS += _group.ANSWERS
