"""The causes of errors, and no log lines of other libraries."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import h11
import pytest

from consulate.exceptions import ConsulateException, RequestError
from tests.faces import ALL, URLLIB3, Face, on_every_face, on_every_tcp_face, outcome
from tests.fakes.faults import FAULTS, GOOD, HEALTHY
from tests.fakes.raw_server import Close, ClosedPort, ReadRequest, Send, answer
from tests.transports.conftest import Serve


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes. Raises AssertionError for a circle."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None:
        assert not any(cause is other for other in seen), f"{cause!r} is its own cause"
        seen.append(cause)
        yield cause
        cause = cause.__cause__


@on_every_tcp_face
def test_the_cause_of_a_refused_connection_is_the_systems_error(face: Face) -> None:
    with ClosedPort() as refused:

        async def scenario(client: Any) -> None:
            error = await outcome(client.kv.get("k"))
            assert any(isinstance(cause, ConnectionRefusedError) for cause in _chain(error))

        face.run(scenario, "127.0.0.1", refused.port, timeout=1)


@pytest.mark.parametrize("face", [face for face in ALL if face is not URLLIB3], ids=str)
def test_the_cause_of_an_answer_that_is_not_http_is_h11s_error(face: Face, serve: Serve) -> None:
    server = serve(face, FAULTS["garbage instead of HTTP"], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert any(isinstance(cause, h11.RemoteProtocolError) for cause in _chain(error))

    face.run(scenario, server.url, timeout=2)


@pytest.mark.parametrize("adapter", ["Request", "SocketRequest"])
def test_an_error_where_no_file_can_be_opened_imports_nothing(adapter: str, serve: Serve) -> None:
    """A module that was not imported before could not be imported then. Neither does a retry."""
    server = serve(URLLIB3, [ReadRequest(), Send(GOOD), ReadRequest(), Send(answer(500, b"No cluster leader")), *HEALTHY])
    code = f"""
import os, resource
from consulate import Consul, adapters, exceptions
with Consul({server.url!r}, adapter=adapters.{adapter}, timeout=5) as client, Consul(port=1, adapter=adapters.{adapter}) as another:
    assert client.kv.get("k") == "v"
    resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    assert client.kv.get("k") == "v"
    try:
        another.kv.get("k")
    except exceptions.RequestError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Too many open files" in done.stdout


@on_every_face
@pytest.mark.parametrize("fault", ["truncated body", "reset before the answer", "gzip, cut off", "an HTML 502"])
def test_no_error_is_its_own_cause(face: Face, fault: str, serve: Serve) -> None:
    """A program that follows the causes must end."""
    server = serve(face, FAULTS[fault], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert isinstance(error, ConsulateException)
        causes = list(_chain(error))
        assert causes[0] is error
        restored = pickle.loads(pickle.dumps(error))
        assert (type(restored), str(restored), restored.maybe_applied) == (type(error), str(error), error.maybe_applied)
        assert (restored.method, restored.path, restored.address) == ("GET", "/v1/kv/k", server.url)

    face.run(scenario, server.url, timeout=2)


@on_every_face
@pytest.mark.parametrize("broken", ["a line that is no header", "a name in UTF-8", "cut off in the middle of the head"])
def test_no_library_logs_what_the_error_hides(face: Face, broken: str, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The server echoes the token in a malformed head. urllib3 would log the whole head, and the URL."""
    token, acl_id = str(uuid.uuid4()), str(uuid.uuid4())
    line = {"a line that is no header": "nonsense", "a name in UTF-8": "X-Zürich: x", "cut off in the middle of the head": "X-Name"}[broken]
    head = f"HTTP/1.1 200 OK\r\n{line}\r\nX-Consul-Token: {token}\r\n".encode()
    end = Close() if broken.startswith("cut off") else Send(b"Content-Length: 0\r\n\r\n")
    server = serve(face, [ReadRequest(), Send(head), end], HEALTHY)
    caplog.set_level(logging.DEBUG)

    async def scenario(client: Any) -> None:
        error = await outcome(client.acl.info(acl_id))
        assert isinstance(error, RequestError)
        for secret in (token, acl_id):
            assert secret not in str(error)
            assert secret not in caplog.text

    face.run(scenario, server.url, token=token, timeout=2)


@on_every_face
def test_good_calls_and_refusals_log_no_warnings(face: Face, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), Send(answer(403, b"Permission denied")), *HEALTHY])
    caplog.set_level(logging.INFO)

    async def scenario(client: Any) -> None:
        await client.kv.get("k")
        await outcome(client.kv.get("k"))
        assert [record for record in caplog.records if record.name.partition(".")[0] not in ("asyncio", "trio")] == []

    face.run(scenario, server.url, timeout=2)
