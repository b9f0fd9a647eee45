"""The log lines under "consulate": one for each request, a warning for each retry, and no secret."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Delay, Leaderless, Reset
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import Close, ReadRequest
from tests.transports.conftest import Serve


def _lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "consulate" and record.levelno == level]


@on_every_face
def test_each_request_is_logged(face: Face, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(face, HEALTHY)
    caplog.set_level(logging.DEBUG, "consulate")

    async def scenario(client: Any) -> None:
        await client.kv.get("app/key")
        [line] = _lines(caplog, logging.DEBUG)
        assert re.fullmatch(r"GET /v1/kv/app/key: 200 in \d+\.\d ms \(attempt 1\)", line)
        assert _lines(caplog, logging.WARNING) == []

    face.run(scenario, server.url, timeout=5)


@on_every_face
def test_a_failed_request_is_logged_too(face: Face, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(face, [ReadRequest(), Close()], HEALTHY)
    caplog.set_level(logging.DEBUG, "consulate")

    async def scenario(client: Any) -> None:
        await outcome(client.kv.put("k", "v"))
        [line] = _lines(caplog, logging.DEBUG)
        assert re.fullmatch(r"PUT /v1/kv/k: RequestError in \d+\.\d ms \(attempt 1\)", line)

    face.run(scenario, server.url, timeout=5)


def test_each_retry_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    consul = ConsulAgent().client(faults=FaultPlan([Leaderless(), Reset(idle=True)]))
    assert consul.kv.contains("k") is False
    first, second = _lines(caplog, logging.WARNING)
    assert re.fullmatch(r"GET /v1/kv/k: 500, nothing was done; attempt 2 in \d\.\d{3} s", first)
    assert second == "GET /v1/kv/k: an idle connection was closed; attempt 3 on another"


def test_log_lines_use_the_transports_clock(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "consulate")
    ConsulAgent().client(faults=FaultPlan([Delay(0.25)])).kv.contains("k")
    assert _lines(caplog, logging.DEBUG) == ["GET /v1/kv/k: 404 in 250.0 ms (attempt 1)"]


def test_no_token_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "f6a7b5a0-5e57-4c1d-9d1c-0123456789ab"
    consul = ConsulAgent(acl_token=token).client()
    consul.kv.put("k", "the value")
    assert consul.kv["k"] == "the value"
    assert "PUT /v1/kv/k" in caplog.text
    assert token not in caplog.text
    assert "the value" not in caplog.text


def test_a_secret_in_a_path_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "f6a7b5a0-5e57-4c1d-9d1c-0123456789ab"
    agent = ConsulAgent(version="1.8.7", acl_token=token)
    assert agent.client().acl.info(token)["ID"] == token
    assert "GET /v1/acl/info/{acl_id}: 200" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("first", ["", "import logging\n"])
def test_a_program_that_configures_no_logging_prints_nothing(first: str) -> None:
    code = first + (
        "from consulate.testing import ConsulAgent, FaultPlan\n"
        "from consulate.testing.faults import Leaderless\n"
        "ConsulAgent().client(faults=FaultPlan([Leaderless()])).kv.put('k', 'v')\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_may_configure_logging_after_its_first_call() -> None:
    code = (
        "from consulate.testing import ConsulAgent\n"
        "consul = ConsulAgent().client()\n"
        "consul.kv.put('k', 'v')\n"
        "import logging, sys\n"
        "logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format='%(name)s %(module)s: %(message)s')\n"
        "consul.kv.contains('k')\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert re.fullmatch(r"consulate drive: GET /v1/kv/k: 200 in \d+\.\d ms \(attempt 1\)\n", done.stdout)
