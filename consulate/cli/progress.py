"""A bar with rate and remaining time on standard error, for long work. It is drawn only on a terminal; then rich is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

#: Says how much is done, and how much there is; None if nobody knows.
Advance: TypeAlias = Callable[[int, int | None], None]


def _draw_nothing(_done: int, _total: int | None) -> None:
    pass


@contextmanager
def bar(what: str) -> Iterator[Advance]:
    """Show a bar while the block runs. what: is done, as in "restoring"."""
    if not sys.stderr.isatty():
        yield _draw_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Shows keys a second."""

        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{task.speed:,.0f}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
