"""Terms of an election that are lost while they are handed to the thread that waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consulate.recipes.election import Followed


class _Reader:
    """Passes on every event. past: the events that are over."""

    def __init__(self) -> None:
        self.past: set[str] = set()

    def read(self, event: str) -> list[str]:
        return [event]

    def is_past(self, told: str) -> bool:
        return told in self.past


class _Run:
    """A machine's run: something happens each time that a wait is about to end."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self._happens = list(happens)

    def wait(self, is_ready: Callable[[], object]) -> bool:
        is_known = bool(is_ready())
        if self._happens:
            self._happens.pop(0)()
        return is_known


def _followed(*happens: Callable[[Any, _Reader], object]) -> Any:
    reader = _Reader()
    followed: Any = Followed(None, None, lambda _followed: reader)
    followed.run = _Run(*(lambda each=each: each(followed, reader) for each in happens))
    followed._tell("first")
    return followed


def test_a_term_that_is_lost_meanwhile_does_not_end_the_iteration() -> None:
    def lose(followed: Any, reader: _Reader) -> None:
        reader.past.add("first")
        assert not followed._is_known()  # the shell's thread asks too
        followed._tell("second")

    assert list(_followed(lose)) == ["second"]


def test_asking_whether_there_is_a_term_takes_none() -> None:
    followed = _followed()
    assert followed._is_known()
    assert followed._is_known()
    assert next(followed) == "first"
    with pytest.raises(StopIteration):
        next(followed)
