"""Real agents: each binary starts, answers over TCP and its UNIX socket, and stops."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path

import pytest

from tests.agents import Agent, Binary, find_binaries, start_agent


def status(agent: Agent, method: str, path: str, token: str | None) -> int:
    connection = http.client.HTTPConnection(agent.host, agent.port, timeout=10)
    try:
        connection.request(method, path, headers={} if token is None else {"X-Consul-Token": token})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_an_agent_starts_and_stops(binary: Binary) -> None:
    with start_agent(binary, acls=True) as agent:
        assert agent.version == binary.version
        assert agent.management_token is not None
        assert agent.management_token not in repr(agent)
        assert status(agent, "PUT", "/v1/session/create", agent.management_token) == 200
        assert status(agent, "PUT", "/v1/session/create", None) == 403
        with socket.socket(socket.AF_UNIX) as unix:
            unix.connect(agent.unix_path)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((agent.host, agent.port), timeout=5)
    assert not Path(agent.unix_path).parent.exists()


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_an_agent_without_acls_needs_no_token(binary: Binary) -> None:
    with start_agent(binary, acls=False, unix_socket=False) as agent:
        assert (agent.management_token, agent.unix_path) == (None, "")
        assert status(agent, "PUT", "/v1/session/create", None) == 200


def test_the_error_of_an_agent_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = tmp_path / "consul"
    program.write_text("#!/bin/sh\necho no such flag\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="no such flag"), start_agent(Binary("1.8.7", str(program)), acls=False):
        pass


def test_an_agent_whose_port_is_taken_is_started_again_a_few_times(tmp_path: Path) -> None:
    program = tmp_path / "consul"
    program.write_text(f"#!/bin/sh\necho started >> {tmp_path}/starts\necho bind: address already in use\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="ports taken 4 times"), start_agent(Binary("1.22.5", str(program)), acls=True):
        pass
    assert (tmp_path / "starts").read_text() == "started\n" * 4


def test_a_consul_is_found_if_one_is_required() -> None:
    # Not read inside the assert: pytest would print the whole environment, with tokens, if it fails.
    required = os.environ.get("CONSUL_REQUIRED") == "1"
    assert find_binaries() or not required, "CONSUL_REQUIRED=1, and neither CONSUL_BINS nor PATH has a Consul"
