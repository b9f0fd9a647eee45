"""Agents, requests and outcomes for the tests of `consul_proto.agents`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from consul_proto.agents import AgentOrder, Agents, Draw, RoutedCall
from consul_proto.errors import RequestError, StaleConnection
from consul_proto.message import Request, Response

#: What is known of each endpoint.
ENDPOINTS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "spec" / "endpoints.json").read_text())

A, B, C = "http://a:8500", "http://b:8500", "http://c:8500"

READ, WRITE = Request("GET", "/v1/kv/k"), Request("PUT", "/v1/kv/k", body=b"v")
RENEWAL = Request("PUT", "/v1/session/renew/s")
OWN_READ, OWN_WRITE = Request("GET", "/v1/agent/self"), Request("PUT", "/v1/agent/service/register")

OK = Response(200, body=b"[]")
NO_LEADER, LIMITED = Response(500, body=b"rpc error making call: No cluster leader"), Response(429, body=b"slow down")
NO_SERVERS = Response(500, body=b"No known Consul servers")
BAD_GATEWAY, LOST_SERVER = Response(502), Response(500, body=b"rpc error making call: rpc error getting client: failed to get conn: EOF")


def refused() -> RequestError:
    """Return the error of a connection that was not made."""
    return RequestError("the connection was refused", maybe_applied=False)


def reset() -> RequestError:
    """Return the error of a connection that was lost."""
    return RequestError("the connection was reset")


def stale(*, sent: bool) -> StaleConnection:
    """Return the error of an idle connection that was closed."""
    return StaleConnection("the connection was closed", maybe_applied=sent)


def make_agents(*addresses: str, order: AgentOrder = "given", draw: Draw = lambda: 1.0) -> Agents:
    """Return the agents of a client."""
    return Agents(addresses or (A, B), order, draw)


def route(agents: Agents, request: Request = READ, timeout: float | None = 10.0, now: float = 0.0) -> RoutedCall:
    """Begin a call. timeout: as the driver gives it, with the wait of a blocking query added."""
    return agents.route(request, None if timeout is None else timeout + request.wait, now)


def succeeds(agents: Agents, request: Request = READ, now: float = 0.0, response: Response = OK) -> str:
    """Send a request, whose first attempt succeeds, and return where it went."""
    call = route(agents, request, now=now)
    result = call.report(response, now)
    assert isinstance(result, Response)
    assert result.address == call.address
    return call.address


def fails(agents: Agents, address: str, now: float = 0.0) -> None:
    """Let the next read fail at this agent, and succeed at the next one."""
    call = route(agents, now=now)
    assert call.address == address
    assert call.report(reset(), now) is None
    assert isinstance(call.report(OK, now), Response)


def query_on(index: str, path: str = "/v1/kv/k", *more: tuple[str, str | None], name: str = "index") -> Request:
    """Return a blocking query on an index."""
    return Request("GET", path, (*more, (name, index), ("wait", "60s")), wait=63.75)
