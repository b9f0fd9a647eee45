"""The real agents themselves: each one found starts, answers over TCP and its UNIX socket, and is gone afterwards."""

from __future__ import annotations

import os
import socket

import pytest

from tests.agents import Binary, find_binaries, running_agent


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_an_agent_starts_and_stops(binary: Binary) -> None:
    with running_agent(binary, acls=True) as agent:
        assert agent.version == binary.version
        assert agent.management_token is not None
        assert agent.management_token not in repr(agent)
        with socket.create_connection((agent.host, agent.port), timeout=5):
            pass
        with socket.socket(socket.AF_UNIX) as unix:
            unix.connect(agent.unix_path)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((agent.host, agent.port), timeout=5)


def test_a_consul_is_there_where_one_is_required() -> None:
    assert find_binaries() or os.environ.get("CONSUL_REQUIRED") != "1", "CONSUL_REQUIRED=1, and neither CONSUL_BINS nor PATH has a Consul"
