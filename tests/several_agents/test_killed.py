"""Two agents under load; one is killed again and again. They are real agents of one server, or one simulated agent behind two proxies."""

from __future__ import annotations

import time

import pytest

from consul_proto.agents import AgentOrder
from tests.agents import Binary, find_binaries, require_binary
from tests.faces import wait_until
from tests.recipes.served import Proxy, serve_simulator
from tests.several_agents.load import Load
from tests.several_agents.run import run

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]


@pytest.mark.parametrize("order", ["given", "random"])
def test_an_agent_in_memory_is_killed_twenty_times(order: AgentOrder) -> None:
    """Nothing is lost or applied twice, no read fails, and all locks and sessions are held to the end."""
    with serve_simulator() as (url, _):
        port = int(url.rpartition(":")[2])
        with Proxy("127.0.0.1", port) as first, Proxy("127.0.0.1", port) as second:
            # Renewed at least once meanwhile; and longer than a busy machine keeps a thread waiting.
            load = Load([first.url, second.url], order=order, ttl=4.0)
            load.start()
            try:
                for _ in range(20):
                    reads = load.calls["reads"]
                    wait_until(lambda: load.calls["reads"] > reads + 30 or load.problems)  # noqa: B023 - it is called at once
                    first.kill()
                    reads = load.calls["reads"]
                    wait_until(lambda: load.calls["reads"] > reads + 30 or load.problems)  # noqa: B023 - it is called at once
                    first.restart()
            finally:
                load.finish()
            assert load.judge(url) == []
            assert load.calls["locks held to the end"] == 3


@pytest.mark.real
@pytest.mark.parametrize("found", _BINARIES, ids=lambda found: str(found.version) if found else "no Consul")
def test_a_real_client_agent_is_killed(found: Binary | None) -> None:
    assert run(require_binary(found), kills=2, order="given", seed=int(time.time())) == []
