"""Failed connections: nothing was sent, and the error says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from consulate.exceptions import ClientClosed, ConsulateException, RequestError, RequestTimeout
from tests.faces import ALL, Face, on_every_face, on_every_tcp_face, outcome
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import ClosedPort, FullPort, RawServer
from tests.transports.conftest import Serve

_OVER_UNIX = pytest.mark.parametrize("face", [face for face in ALL if face.unix], ids=str)


async def _assert_nothing_sent(client: Any, says: str, kind: type[ConsulateException] = RequestError) -> None:
    begun = time.monotonic()
    for call in (client.kv.get("k"), client.kv.put("k", "v")):
        error = await outcome(call)
        assert type(error) is kind, repr(error)
        assert error.maybe_applied is False
        assert says in str(error)
    assert time.monotonic() - begun < 4


@on_every_tcp_face
def test_a_refused_connection(face: Face) -> None:
    with ClosedPort() as refused:
        face.run(lambda client: _assert_nothing_sent(client, "refused; is an agent listening there?"), "127.0.0.1", refused.port, timeout=1)


@on_every_tcp_face
def test_an_unknown_host(face: Face) -> None:
    face.run(lambda client: _assert_nothing_sent(client, "cannot be resolved"), "no-such-host.invalid", timeout=2)


@on_every_tcp_face
def test_a_host_that_is_not_a_valid_name(face: Face) -> None:
    face.run(lambda client: _assert_nothing_sent(client, "cannot be resolved"), "x" * 70 + ".invalid", timeout=2)


@_OVER_UNIX
def test_a_missing_socket_file(face: Face, tmp_path: Path) -> None:
    face.run(lambda client: _assert_nothing_sent(client, "socket file does not exist"), f"unix://{tmp_path / 'missing.sock'}", timeout=1)


@_OVER_UNIX
def test_a_socket_file_that_nobody_listens_on(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    with RawServer(HEALTHY, unix_path=path):
        pass
    face.run(lambda client: _assert_nothing_sent(client, "refused"), f"unix://{path}", timeout=1)


@on_every_face
def test_a_full_queue_of_connections_times_out(face: Face, tmp_path: Path) -> None:
    with FullPort(tmp_path / "full.sock" if face.unix else None) as full:
        address = f"unix://{tmp_path / 'full.sock'}" if face.unix else f"http://127.0.0.1:{full.port}"
        face.run(
            lambda client: _assert_nothing_sent(client, "could not connect within the time limit", RequestTimeout), address, timeout=0.3
        )


@on_every_face
def test_the_next_call_works_once_there_is_a_server(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "later.sock"
    with ClosedPort() as refused:
        address = f"unix://{path}" if face.unix else f"http://127.0.0.1:{refused.port}"

        async def scenario(client: Any) -> None:
            assert isinstance(await outcome(client.kv.get("k")), RequestError)
            refused.__exit__(None, None, None)
            with RawServer(HEALTHY, unix_path=path if face.unix else None, port=None if face.unix else refused.port):
                assert await client.kv.get("k") == "v"

        face.run(scenario, address, timeout=1)


@on_every_face
def test_a_closed_client_sends_nothing(face: Face, serve: Serve) -> None:
    server = serve(face, HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        view = client.using(timeout=1)
        await view.close()
        assert await client.kv.get("k") == "v"
        await client.close()
        await client.close()
        for call in (client.kv.get("k"), view.kv.put("k", "v")):
            error = await outcome(call)
            assert type(error) is ClientClosed
            assert error.maybe_applied is False
        assert len(server.requests) == 2

    face.run(scenario, server.url, timeout=1)
