"""Asking a simulator, with the time in hand."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked, Settings, Simulator


class SimulatedAgent:
    """A simulator, and the time."""

    def __init__(self, jitter: float = 0.0, **settings: Any) -> None:
        self.simulator = Simulator(Settings(**settings), jitter=lambda: jitter)
        self.now = 0.0

    def send(self, method: str, target: str, body: object = None, token: str = "") -> Response | Parked:
        """Ask. body: bytes, or what goes out as JSON."""
        path, _, query = target.partition("?")
        pairs = tuple(
            (name, unquote(value) if equals else None) for name, equals, value in (one.partition("=") for one in query.split("&") if one)
        )
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = Headers([("X-Consul-Token", token)] if token else [])
        return self.simulator.handle(Request(method, path, pairs, headers, data), self.now)

    def answer(self, method: str, target: str, body: object = None, token: str = "") -> Response:
        """An answer that comes at once, whatever it is."""
        answer = self.send(method, target, body, token)
        assert isinstance(answer, Response)
        return answer

    def refusal(self, method: str, target: str, body: object = None, token: str = "") -> tuple[int, str]:
        """The status and the words of a refusal."""
        answer = self.answer(method, target, body, token)
        assert answer.status >= 400
        return answer.status, answer.body.decode()

    def result(self, method: str, target: str, body: object = None, token: str = "") -> Any:
        """The body of an answer that comes at once, None where there is none."""
        answer = self.answer(method, target, body, token)
        return json.loads(answer.body) if answer.body else None

    def get(self, target: str, token: str = "") -> Any:
        """The body of a GET that is answered at once."""
        return self.result("GET", target, token=token)

    def put(self, target: str, body: object = None, token: str = "") -> Any:
        """The body of what a PUT is answered."""
        answer = self.answer("PUT", target, body, token)
        assert answer.status == 200, answer.body
        return json.loads(answer.body) if answer.body else None

    def index(self, target: str) -> int:
        answer = self.send("GET", target)
        assert isinstance(answer, Response)
        return int(answer.headers.get("x-consul-index") or 0)

    def park(self, target: str) -> Parked:
        """A query that waits, and counts how often it is wakes."""
        answer = self.send("GET", target)
        assert isinstance(answer, Parked)
        answer.wake = wakes = Wakes()
        assert answer.wake is wakes
        return answer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.simulator.advance(self.now)


class Wakes:
    """Counts its calls."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def body(parked: Parked) -> Any:
    assert parked.response is not None
    return json.loads(parked.response.body) if parked.response.body else None
