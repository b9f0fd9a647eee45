"""Trials of snapshot.*."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import pytest

from consulate.exceptions import Forbidden, NoLeader, ServerError
from tests.conformance.endpoints.streamed import opened
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


def _names(folder: str) -> list[str]:
    return [path.name for path in Path(folder).iterdir()]


@succeeds("snapshot.save")
async def save(client: Any, world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.snap")
        meta = await client.snapshot.save(path)
        assert meta["Index"] > 0
        assert _names(folder) == ["state.snap"]
        # The same as a stream of bytes, which does not know the index.
        stream = client.ops.snapshot.save(consistency="stale")
        async with opened(client, world, lambda api: api.open(stream)) as pieces:
            archive = b"".join([piece async for piece in pieces])
    assert archive.startswith(b"\x1f\x8b")


@fails("snapshot.save")
async def save_without_a_token(client: Any, world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(Forbidden):
            await client.using(token=None).snapshot.save(Path(folder, "state.snap"))
        assert _names(folder) == []


@succeeds("snapshot.restore")
async def restore(client: Any, world: World) -> None:
    name, archive = world.name(), io.BytesIO()
    await client.kv.put(name, "old")
    await client.snapshot.save(archive)
    await client.kv.put(name, "new")
    archive.seek(0)
    assert await client.snapshot.restore(archive) is True

    async def has_a_leader() -> bool:
        try:
            return bool(await client.kv.put(f"{name}/after", "v"))
        except NoLeader:
            return False

    await world.wait_until(has_a_leader)
    assert await client.kv.get(name) == "old"


@fails("snapshot.restore")
async def restore_what_is_no_snapshot(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="failed to decompress snapshot: gzip: invalid header"):
        await client.snapshot.restore(b"this is no snapshot")
