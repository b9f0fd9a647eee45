"""A simulated agent that accepts every login, whose tokens expire as soon as a test wants, and that records which token each call sends."""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consul_proto.message import Headers, Request, Response
from consulate.testing import ConsulAgent
from transports.simulated.agent import SimulatedAgent

if TYPE_CHECKING:
    from consul_proto.simulator import Parked

MANAGES = "aaaaaaaa-1111-2222-3333-444444444444"

#: The method of all logins, and its answer if the bearer token is wrong.
METHOD, _DENIED = "tests", Response(403, body=b"Permission denied")


@dataclass
class Sent:
    """The tokens that one caller sent, and those that were refused."""

    tokens: list[str | None] = field(default_factory=list)
    refused: list[str | None] = field(default_factory=list)


#: Where the requests of this thread or task are recorded.
SENT: ContextVar[Sent | None] = ContextVar("SENT", default=None)


class _Agent(SimulatedAgent):
    """Handles logins, which the simulator refuses, by making tokens with its management token."""

    def __init__(self, agent: SimulatedAgent, logins: Logins) -> None:
        super().__init__(agent._simulator, is_real=agent.is_real)  # the same simulator, with other answers to logins
        self._logins = logins
        self._monitor = threading.RLock()

    def begin(self, request: Request) -> Response | Parked:
        """Answer a request, and record its token."""
        with self._monitor:
            token = request.headers.get("x-consul-token")
            answer = self._answer(request, token)
            sent = SENT.get()
            if sent is not None and not request.path.startswith("/v1/acl/login"):
                sent.tokens.append(token)
                if isinstance(answer, Response) and answer.body == b"ACL not found":
                    sent.refused.append(token)
            return answer

    def _answer(self, request: Request, token: str | None) -> Response | Parked:
        logins = self._logins
        for secret, (accessor, _, expires) in list(logins.tokens.items()):
            if expires is not None and self.now >= expires:
                self.delete(str(secret), accessor)
        if request.path == "/v1/acl/login":
            return self._log_in(json.loads(request.read_body() or b""))
        if request.path == "/v1/acl/logout" and token in logins.tokens:
            logins.logouts += 1
            self.delete(str(token), logins.tokens[token][0])
            return Response(200, body=b"true")
        if token in logins.tokens and self.now < logins.tokens[token][1]:
            return Response(403, body=b"ACL not found")
        return super().begin(request)

    def _log_in(self, given: dict[str, Any]) -> Response:
        logins = self._logins
        logins.attempts += 1
        if given["AuthMethod"] != METHOD:
            return Response(403, body=f'ACL not found: auth method "{given["AuthMethod"]}" not found'.encode())
        if given["BearerToken"] != logins.bearer:
            return _DENIED
        made = self.make_token()
        began = self.now
        expires = None if logins.lifetime is None else began + logins.lifetime
        logins.tokens[made["SecretID"]] = made["AccessorID"], began + logins.lag, expires
        logins.logins += 1
        if expires is not None:
            made |= {"CreateTime": _date(began), "ExpirationTime": _date(expires)}
        return Response(200, Headers([("Content-Type", "application/json")]), json.dumps(made).encode())

    def make_token(self) -> dict[str, Any]:
        """Return a new token that may do everything."""
        answer = self._managed("PUT", "/v1/acl/token", json.dumps({"Policies": [{"Name": "global-management"}]}).encode())
        made: dict[str, Any] = json.loads(answer.body)
        return made

    def delete(self, secret: str, accessor: str) -> None:
        """Delete a token, as an operator does."""
        self._logins.tokens.pop(secret, None)
        self._managed("DELETE", f"/v1/acl/token/{accessor}", None)

    def _managed(self, method: str, path: str, body: bytes | None) -> Response:
        answer = super().begin(Request(method, path, headers=Headers([("X-Consul-Token", MANAGES)]), body=body))
        assert isinstance(answer, Response)
        assert answer.status == 200, answer
        return answer


class Logins(ConsulAgent):
    """An agent in memory that accepts logins with the bearer token `bearer` through the method "tests".

    lifetime: seconds until a token expires; None: never. lag: seconds until the agent knows a new token, as a follower that is behind.
    """

    def __init__(self, *, lifetime: float | None = None, lag: float = 0.0, real: bool = False) -> None:
        super().__init__(acl_token=MANAGES, clock="real" if real else "virtual")
        self.lifetime, self.lag = lifetime, lag
        self.bearer = "header.payload.signature-of-the-bearer"
        self.tokens: dict[str | None, tuple[str, float, float | None]] = {}
        self.attempts = self.logins = self.logouts = 0
        self.agent = _Agent(self._agent, self)
        self._agent = self.agent


def _date(seconds: float) -> str:
    return f"2026-11-28T{int(seconds // 3600) % 24:02}:{int(seconds // 60) % 60:02}:{seconds % 60:09.6f}Z"
