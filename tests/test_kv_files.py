"""Backups of keys in files, in threads and in tasks: any records survive in each format, and memory does not grow with the file."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from unittest import mock

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.kv_backup import Form
from consulate import AsyncConsul, Consul, async_kv_files, kv_files
from consulate.exceptions import BulkError, Forbidden, RequestError
from consulate.testing import ConsulAgent
from transports.memory import MemoryTransport

Scenario = Callable[[AsyncConsul], Coroutine[Any, Any, None]]

_BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_RECORDS = st.dictionaries(_NAMES, st.tuples(st.binary(max_size=30) | st.just(b""), st.integers(0, 2**64 - 1)), max_size=8)


def _in_task(backend: str, agent: ConsulAgent, scenario: Scenario) -> None:
    async def main() -> None:
        async with agent.async_client() as consul:
            await scenario(consul)

    anyio.run(main, backend=backend)


@given(_RECORDS, st.sampled_from(["consulate", "consul"]), st.booleans(), st.booleans(), st.booleans())
def test_any_records_survive_in_each_format(
    records: dict[str, tuple[bytes, int]], form: Form, base64: bool, pretty: bool, is_large: bool
) -> None:
    with (
        ConsulAgent().client() as consul,
        ConsulAgent().client() as other,
        mock.patch.object(kv_files, "_MOST_HELD", 0 if is_large else 1 << 20),
    ):
        consul.kv.put_many((f"f/{name}", value, flags) for name, (value, flags) in records.items())
        file = io.BytesIO()
        assert kv_files.backup(consul, file, "f", form=form, base64=base64, pretty=pretty) == len(records)
        assert len(json.loads(file.getvalue())) == len(records)
        file.seek(0)
        with kv_files.opened_backup(file, "g/h", base64=base64) as backup:
            kv_files.restore(other, backup)
            assert list(kv_files.differences(other, backup)) == []
        restored = {key.removeprefix("g/h/"): (value, flags) for key, flags, value in other.kv.records(raw=True)}
        assert restored == records


@_BACKENDS
def test_tasks_do_the_same(backend: str, tmp_path: Path) -> None:
    agent, file = ConsulAgent(), tmp_path / "backup.json"
    counts: list[int] = []

    async def scenario(consul: AsyncConsul) -> None:
        pairs = {f"app/{number:05}": b"\xff" * (number % 90) for number in range(3000)}
        await consul.kv.put_many(pairs)
        assert await async_kv_files.backup(consul, file, "app", progress=counts.append) == 3000
        await consul.kv.put_many({"app/00000": "changed", "app/new": 1})
        await consul.kv.delete("app/00001")
        async with async_kv_files.opened_backup(file, "app") as backup:
            found = [(each.kind, each.key) async for each in async_kv_files.differences(consul, backup)]
            assert found == [("changed", "app/00000"), ("added", "app/00001"), ("removed", "app/new")]
            results: list[Any] = []
            assert (await async_kv_files.restore(consul, backup, replace=False, progress=results.append)).written == 1
            assert (await async_kv_files.restore(consul, backup, prune=True, progress=results.append)).unchanged == 2999
            assert results[-1].total == 3000
            assert await consul.kv.items(raw=True) == pairs
            await consul.kv.put("app/new", 1)
            assert (await async_kv_files.restore(consul, backup, replace=False, prune=True)).deleted == 1
            await consul.kv.delete("", recurse=True)
            assert (await async_kv_files.restore(consul, backup)).written == 3000
            assert await consul.kv.items(raw=True) == pairs

    _in_task(backend, agent, scenario)
    assert counts == [1000, 2000, 3000]
    assert [path.name for path in tmp_path.iterdir()] == ["backup.json"]


@_BACKENDS
def test_a_task_that_fails_leaves_no_file(backend: str, tmp_path: Path) -> None:
    agent = ConsulAgent(acl_token="5f0c6f3e-0000-4000-8000-000000000000")
    (tmp_path / "broken").write_text("[")

    async def scenario(consul: AsyncConsul) -> None:
        async with async_kv_files.opened_backup(io.BytesIO(b'[["a", 0, "1"]]')) as backup:
            with pytest.raises(BulkError) as raised:
                await async_kv_files.restore(consul.using(token=None), backup)
        assert type(raised.value.__cause__) is Forbidden
        with pytest.raises(ValueError, match=r"broken: the file ends after 0 entries"):
            async with async_kv_files.opened_backup(tmp_path / "broken"):
                pass
        await consul.aclose()
        with pytest.raises(RequestError):
            await async_kv_files.backup(consul, tmp_path / "backup.json")

    _in_task(backend, agent, scenario)
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A backup of 20 MB is checked and read."""
    file = tmp_path / "backup.json"
    with file.open("w") as text:
        text.write("[")
        for number in range(40):
            text.write(f'{"," if number else ""}["k{number:05}", 0, "{"v" * 500_000}"]')
        text.write("]")

    tracemalloc.start()
    try:
        with kv_files.opened_backup(file) as backup:
            assert backup.count == 40
            assert sum(len(value) for _, value, _ in backup.pairs()) == 20_000_000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_wrong_files_are_named(tmp_path: Path) -> None:
    consul = Consul(transport=MemoryTransport(lambda _: pytest.fail("nothing is sent")))
    with pytest.raises(TypeError, match=r"backup\(\): file must be a path or a binary file"):
        kv_files.backup(consul, io.StringIO())  # type: ignore[arg-type] # what is refused
    with pytest.raises(FileNotFoundError), kv_files.opened_backup(tmp_path / "none"):
        pass
