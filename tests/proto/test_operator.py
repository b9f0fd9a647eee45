"""Answers of `operator`, `peering`, `namespace` and `internal` that have a meaning of their own. None of their secrets is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.errors import ClientError, DecodeError, Forbidden, NotFound, RateLimited, ServerError
from consul_proto.message import Headers, Response
from consul_proto.operation import Operation
from consulate import Consul
from transports.memory import MemoryTransport

api = Operations()

_OURS = Headers([("X-Consul-Default-Acl-Policy", "deny")])


class TestAutopilot:
    def test_a_429_without_the_health_is_a_rate_limit(self) -> None:
        with pytest.raises(RateLimited, match="rate limit exceeded, try again later") as raised:
            api.operator.autopilot.health().decode(Response(429, body=b"rate limit exceeded, try again later"))
        assert raised.value.maybe_applied is False
        with pytest.raises(RateLimited, match="too many requests"):
            api.operator.autopilot.health().decode(Response(429))

    def test_a_new_leader_knows_no_servers_yet(self) -> None:
        health = api.operator.autopilot.health().decode(Response(429, body=b'{"Healthy": false, "FailureTolerance": 0, "Servers": null}'))
        assert (health["Healthy"], health["Servers"]) == (False, None)


class TestKeyring:
    @pytest.mark.parametrize("body", [b"Reading keyring denied by ACLs", b"Modifying keyring denied due to ACLs\n"])
    def test_a_token_without_the_rule_on_an_old_agent(self, body: bytes) -> None:
        with pytest.raises(Forbidden, match="give a token that has the rule") as raised:
            api.operator.keyring.list().decode(Response(500, body=body))
        assert raised.value.maybe_applied is False

    def test_any_other_500(self) -> None:
        with pytest.raises(ServerError, match="2 errors occurred"):
            api.operator.keyring.use("k").decode(Response(500, body=b"2 errors occurred:\n\t* WAN error: 1/1 nodes reported failure"))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Valid": true}', b"\xff"])
def test_what_is_no_signed_license(body: bytes) -> None:
    with pytest.raises(DecodeError, match="expected a signed license, got"):
        api.operator.license.signed().decode(Response(200, body=body))


def test_a_license_that_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="a license must be the signed text, which is ASCII") as raised:
        api.operator.license.put("02MV4UÜ43B")
    assert "02MV" not in str(raised.value)


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (api.operator.raft.transfer_leader(), b"{}"),
        (api.operator.raft.transfer_leader(), b"true"),
        (api.operator.utilization(), b"[]"),
        (api.peering.establish("two", "t"), b"true"),
        (api.namespace.delete("team"), b"[]"),
        (api.internal.federation_state.mesh_gateways(), b"[]"),
        (api.internal.federation_state.mesh_gateways(), b'{"dc1": 1}'),
        (api.internal.ui.node("n"), b"[]"),
    ],
    ids=lambda value: value.name if isinstance(value, Operation) else str(value),
)
def test_another_shape(call: Operation[Any], body: bytes) -> None:
    with pytest.raises(DecodeError, match="expected"):
        call.decode(Response(200, body=body))


def test_an_unknown_area() -> None:
    with pytest.raises(NotFound, match="no network area with this ID"):
        api.operator.area.read("a").decode(Response(200, body=b"[]"))


def test_services_of_a_node_in_another_shape_stay() -> None:
    for services in (b"1", b"[1]", b"null"):
        api.internal.ui.node("n").decode(Response(200, body=b'{"Services": %s}' % services))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (api.internal.ui.node("n"), "no such node"),
        (api.internal.federation_state.get("dc9"), "no federation state of this datacenter"),
        (api.namespace.read("n"), "no such namespace"),
        (api.partition.read("p"), "no such partition"),
    ],
    ids=lambda value: value.name if isinstance(value, Operation) else "",
)
def test_an_empty_404(call: Operation[Any], says: str) -> None:
    """Only a header tells the agent from a proxy."""
    with pytest.raises(NotFound, match=says):
        call.decode(Response(404, _OURS))
    with pytest.raises(ClientError, match=f"{says}.* or something other than Consul answered") as raised:
        call.decode(Response(404))
    assert not isinstance(raised.value, NotFound)
    with pytest.raises(ClientError) as raised:
        call.decode(Response(404, _OURS, b"Invalid URL path: not a recognized HTTP API endpoint"))
    assert not isinstance(raised.value, NotFound)


@pytest.mark.parametrize(
    "call",
    [
        api.namespace.list(),
        api.namespace.read("n"),
        api.partition.delete("p"),
        api.operator.area.list(),
        api.operator.audit_hash("a secret"),
    ],
    ids=lambda call: str(call.name),
)
def test_the_community_edition_refuses_what_only_enterprise_has(call: Operation[Any]) -> None:
    with pytest.raises(ClientError, match="Invalid URL path.*: the agent has no such endpoint, since only Consul Enterprise has it"):
        call.decode(Response(404, body=b"Invalid URL path: not a recognized HTTP API endpoint\n"))
    with pytest.raises(Forbidden):
        call.decode(Response(403, body=b"Permission denied"))


class TestMetricsProxy:
    def test_a_query(self) -> None:
        call = api.internal.ui.metrics_proxy("api/v1/query", query={"query": 'up{job="web"}', "limit": "5"})
        assert call.request.target == "/v1/internal/ui/metrics-proxy/api/v1/query?query=up%7Bjob%3D%22web%22%7D&limit=5"

    @pytest.mark.parametrize("path", ["", "/api", "api//v1", "api/"])
    def test_a_path_with_an_empty_part(self, path: str) -> None:
        with pytest.raises(ValueError, match="each part of a path must not be empty"):
            api.internal.ui.metrics_proxy(path)

    @pytest.mark.parametrize(
        ("status", "body", "says"),
        [
            (404, b"Metrics proxy is not enabled", "Metrics proxy is not enabled; configure ui_config.metrics_proxy on the agent"),
            (404, b"UI is not enabled", "UI is not enabled; configure"),
            (403, b"", "the path is not in ui_config.metrics_proxy.path_allowlist"),
            (404, b"404 page not found\n", "404 page not found"),
        ],
    )
    def test_refusals(self, status: int, body: bytes, says: str) -> None:
        with pytest.raises(ClientError) as raised:
            api.internal.ui.metrics_proxy("api").decode(Response(status, body=body))
        assert says in str(raised.value)
        assert type(raised.value) is ClientError


_SECRET = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s="


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.operator.keyring.install(_SECRET),
        lambda api: api.operator.keyring.use(_SECRET),
        lambda api: api.operator.keyring.remove(_SECRET),
        lambda api: api.operator.license.put(_SECRET),
        lambda api: api.operator.audit_hash(_SECRET),
        lambda api: api.peering.establish("two", _SECRET),
    ],
)
def test_a_secret_is_not_shown(call: Callable[[Any], Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    built = call(api)
    client = Consul(transport=MemoryTransport(lambda _: Response(500, body=f"2 errors occurred: wrong {_SECRET}".encode())))
    with pytest.raises(ServerError) as raised:
        call(client)
    for shown in (repr(built), repr(built.request), built.request.target, str(raised.value), repr(raised.value), caplog.text):
        assert _SECRET not in shown
    assert "2 errors occurred: wrong <hidden>" in str(raised.value)
    assert _SECRET.encode() not in raised.value.body
    assert caplog.text


@pytest.mark.parametrize("secret", ["secret-\ud800", 1234567, b"secret"])
def test_an_error_about_a_secret_does_not_show_it(secret: Any) -> None:
    for call in (api.operator.keyring.install, api.operator.license.put, lambda token: api.peering.establish("two", token)):
        try:
            call(secret)
        except (TypeError, ValueError) as error:
            assert repr(secret) not in str(error)
