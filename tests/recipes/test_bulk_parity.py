"""The bulk calls are the same for threads and for tasks, and send the transactions of the flows of `ops`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from consulate.api.kv import KV, AsyncKV
from tests.test_parity import BULK, Faces, shape
from tests.test_parity import faces as faces


@pytest.mark.parametrize("name", sorted(BULK))
def test_the_calls_are_the_same(name: str) -> None:
    sync, tasks = getattr(KV, name), getattr(AsyncKV, name)
    assert sync.__doc__ == tasks.__doc__
    assert "https://developer.hashicorp.com/consul/" in sync.__doc__
    parameters = [(*rest, str(annotation).replace("Async", "")) for *rest, annotation in shape(tasks)]
    assert [(*rest, str(annotation)) for *rest, annotation in shape(sync)] == parameters
    assert inspect.signature(tasks).return_annotation == f"Coroutine[Any, Any, {inspect.signature(sync).return_annotation}]"


def test_the_same_transactions(faces: Faces) -> None:
    def calls(face: Any) -> list[Callable[[], Any]]:
        return [
            lambda: face.kv.put_many({"a": 1, "b": None}, flags={"a": 7}, datacenter="dc2", namespace="n"),
            lambda: face.kv.delete_many(["a", "\u00e4"]),
            lambda: face.kv.get_many(["a", "b"], consistency="stale"),
        ]

    for pure, sync, tasks in zip(calls(faces.pure), calls(faces.sync), calls(faces.tasks), strict=True):
        faces.sync.perform(pure())
        assert sync() == asyncio.run(tasks())
        sent = faces.take()
        assert sent == sent[:1] * 3
