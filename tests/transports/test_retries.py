"""Which requests are retried, and which never are."""

from __future__ import annotations

import time
from typing import Any

import pytest

from consulate.exceptions import NoLeader, RateLimited, ServerError
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import DONE, FAULTS, GOOD, TEMPORARY_REFUSALS, refuse_then_answer
from tests.fakes.raw_server import ReadRequest, Repeat, Send, SendBy, answer
from tests.transports.conftest import Serve


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses have a random length: here they are always short."""
    monkeypatch.setattr("random.random", lambda: 0.05)


@on_every_face
@pytest.mark.parametrize("refusal", TEMPORARY_REFUSALS)
@pytest.mark.usefixtures("short_pauses")
def test_a_read_is_retried_until_the_refusals_end(face: Face, refusal: str, serve: Serve) -> None:
    server = serve(face, refuse_then_answer(TEMPORARY_REFUSALS[refusal], 3))

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert len(server.requests) == 4

    face.run(scenario, server.url, timeout=10)


@on_every_face
@pytest.mark.parametrize("refusal", TEMPORARY_REFUSALS)
@pytest.mark.usefixtures("short_pauses")
def test_a_write_that_had_no_effect_is_retried(face: Face, refusal: str, serve: Serve) -> None:
    server = serve(face, refuse_then_answer(TEMPORARY_REFUSALS[refusal], 2, DONE))

    async def scenario(client: Any) -> None:
        assert await client.kv.put("k", "w") is True
        assert [(request.method, request.body) for request in server.requests] == [("PUT", b"w")] * 3

    face.run(scenario, server.url, timeout=10)


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_cluster_that_has_a_leader_after_300_ms(face: Face, method: str, serve: Serve) -> None:
    refusal = TEMPORARY_REFUSALS["a 500 without a leader"]
    server = serve(face, [Repeat((ReadRequest(), SendBy(0.3, refusal, GOOD if method == "get" else DONE)))])

    async def scenario(client: Any) -> None:
        assert await (client.kv.get("k") if method == "get" else client.kv.put("k", "w")) in ("v", True)
        assert len(server.requests) >= 2

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_a_cluster_that_never_gets_a_leader(face: Face, serve: Serve) -> None:
    server = serve(face, refuse_then_answer(TEMPORARY_REFUSALS["a 500 without a leader"], 1000))

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.put("k", "w"))
        assert time.monotonic() - begun < 6
        assert type(error) is NoLeader
        assert error.maybe_applied is False
        assert "500 No cluster leader" in str(error)

    face.run(scenario, server.url, timeout=1.5)


@on_every_face
def test_a_rate_limit_that_never_ends(face: Face, serve: Serve) -> None:
    server = serve(face, refuse_then_answer(TEMPORARY_REFUSALS["a 429"], 1000))

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.put("k", "w"))
        assert time.monotonic() - begun < 6
        assert type(error) is RateLimited
        assert error.maybe_applied is False
        assert len(server.requests) >= 2

    face.run(scenario, server.url, timeout=1.5)


@on_every_face
@pytest.mark.parametrize("method", ["get", "put"])
def test_any_other_500_is_sent_once(face: Face, method: str, serve: Serve) -> None:
    server = serve(face, FAULTS["a 500"])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k") if method == "get" else client.kv.put("k", "w"))
        assert type(error) is ServerError
        assert len(server.requests) == 1

    face.run(scenario, server.url, timeout=2)


@on_every_face
def test_another_error_that_mentions_a_leader_is_not_retried(face: Face, serve: Serve) -> None:
    server = serve(face, [Repeat((ReadRequest(), Send(answer(500, b"failed to apply: No cluster leader, or lost it while committing"))))])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "w"))
        assert type(error) is ServerError
        assert error.maybe_applied is True
        assert len(server.requests) == 1

    face.run(scenario, server.url, timeout=2)


@on_every_face
def test_the_statuses_of_local_health_are_not_retried(face: Face, serve: Serve) -> None:
    info = b'{"AggregatedStatus": "warning", "Service": {}, "Checks": []}'
    server = serve(face, [ReadRequest(), Send(answer(429, info)), ReadRequest(), Send(answer(503, info))])

    async def scenario(client: Any) -> None:
        for _ in range(2):
            assert (await client.agent.service.health_by_id("web"))["AggregatedStatus"] == "warning"
        assert len(server.requests) == 2

    face.run(scenario, server.url, timeout=2)
