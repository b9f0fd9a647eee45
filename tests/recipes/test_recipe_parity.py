"""The recipes have the same blocks for threads and for tasks. What differs is named here."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pytest

from consulate.recipes import claims, election, held, lock, session
from tests.test_parity import RECIPES, Faces, for_tasks, public, shape
from tests.test_parity import faces as faces

#: Class for threads -> class for tasks.
PAIRS = {
    lock.Lock: lock.AsyncLock,
    lock.Semaphore: lock.AsyncSemaphore,
    election.Election: election.AsyncElection,
    election.Followed: election.AsyncFollowed,
    session.SessionKeeper: session.AsyncSessionKeeper,
    claims.Try: claims.AsyncTry,
    held.Held: held.AsyncHeld,
    held.LiveSession: held.AsyncLiveSession,
    held.Loss: held.AsyncLoss,
}

#: What a task cannot have: something held without a block, in which its machine runs.
ONLY_THREADS = {"acquire"}

#: Of a block, or of an iterator, for threads and for tasks.
_BLOCK_METHODS = {"enter", "exit", "iter", "next", "aenter", "aexit", "aiter", "anext"}


def _in_general(doc: str | None) -> str:
    """Return a docstring of a recipe without what differs between threads and tasks."""
    words = for_tasks(doc).replace("thread", "task").replace("async ", "").replace("Async", "")
    return re.sub(r" *(?:on_loss|cancel_on_loss): .*\n", "", words)


def _without_loss(call: Callable[..., Any]) -> list[tuple[str, Any, Any, Any]]:
    return [parameter for parameter in shape(call, "client") if parameter[0] not in ("on_loss", "cancel_on_loss")]


class TestRecipes:
    @pytest.mark.parametrize("name", [*sorted(RECIPES), "session.keep"])
    def test_method(self, name: str, faces: Faces) -> None:
        sync, tasks = attrgetter(name)(faces.sync), attrgetter(name)(faces.tasks)
        assert _in_general(sync.__doc__) == _in_general(tasks.__doc__)
        assert "https://developer.hashicorp.com/consul/" in sync.__doc__
        assert _without_loss(sync) == _without_loss(tasks)
        assert [each for each in (sync, tasks) if "on_loss" in inspect.signature(each).parameters] == [sync]
        assert [each for each in (sync, tasks) if "cancel_on_loss" in inspect.signature(each).parameters] == [tasks]
        assert inspect.signature(tasks).return_annotation == f"Async{inspect.signature(sync).return_annotation}"

    @pytest.mark.parametrize("sync", PAIRS, ids=lambda sync: str(sync.__name__))
    def test_class(self, sync: type[Any]) -> None:
        tasks = PAIRS[sync]
        assert tasks.__name__ == f"Async{sync.__name__}"
        assert public(sync) - public(tasks) <= ONLY_THREADS
        assert public(tasks) - public(sync) == set()
        for name in public(tasks):
            one, other = getattr(sync, name), getattr(tasks, name)
            assert _in_general(one.__doc__) == _in_general(other.__doc__)
            if inspect.isfunction(one):
                assert shape(one) == shape(other)
        magic = [{name for name in dir(each) if name.strip("_") in _BLOCK_METHODS} for each in (sync, tasks)]
        assert {name.replace("__", "__a", 1) for name in magic[0]} == magic[1]
