"""A bar with rate and remaining time on standard error, for long work. It is drawn only on a terminal; then rich is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from consulate.cli.problems import INTERRUPTED, Problem, applied_so_far, exit_code_of

if TYPE_CHECKING:
    from consul_proto.recipes.bulk_result import BulkResult

#: Says how much is done, and how much there is; None if nobody knows.
Advance: TypeAlias = Callable[[int, int | None], None]


def draw_nothing(_done: int, _total: int | None) -> None:
    """Show nothing, where there is no place for a bar."""


@contextmanager
def bar(what: str) -> Iterator[Advance]:
    """Show a bar while the block runs. what: is done, as in "restoring"."""
    if not sys.stderr.isatty():
        yield draw_nothing
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


@contextmanager
def bulk_bar(what: str) -> Iterator[Callable[[BulkResult], None]]:
    """Show a bar for a bulk call, whose `progress` it gives. If Ctrl-C ends the call, the error says what was applied. Raises Problem."""
    last: BulkResult | None = None
    with bar(what) as advance:

        def progress(result: BulkResult) -> None:
            nonlocal last
            last = result
            advance(result.done, result.total)

        try:
            yield progress
        except KeyboardInterrupt:
            if last is None:
                raise
            raise Problem(f"interrupted; {applied_so_far(last)}", exit_code_of(last, INTERRUPTED)) from None
