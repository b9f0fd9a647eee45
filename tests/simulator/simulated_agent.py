"""A simulated agent for tests, with short ways to call it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked, Settings, Simulator

#: The management token of agents with ACLs.
MANAGES = "11111111-2222-3333-4444-555555555555"


class SimulatedAgent:
    """A simulator and its time."""

    def __init__(self, jitter: float = 0.0, **settings: Any) -> None:
        self.simulator = Simulator(Settings(**settings), jitter=lambda: jitter)
        self.now = 0.0

    def send(self, method: str, target: str, body: object = None, token: str = "") -> Response | Parked:
        """Send a request. body: bytes, or a value that is sent as JSON."""
        path, _, query = target.partition("?")
        pairs = tuple(
            (name, unquote(value) if equals else None) for name, equals, value in (one.partition("=") for one in query.split("&") if one)
        )
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = Headers([("X-Consul-Token", token)] if token else [])
        return self.simulator.handle(Request(method, path, pairs, headers, data), self.now)

    def answer(self, method: str, target: str, body: object = None, token: str = "") -> Response:
        """Return an answer that comes at once."""
        answer = self.send(method, target, body, token)
        assert isinstance(answer, Response)
        return answer

    def refusal(self, method: str, target: str, body: object = None, token: str = "") -> tuple[int, str]:
        """Return the status and the text of a refusal."""
        answer = self.answer(method, target, body, token)
        assert answer.status >= 400
        return answer.status, answer.body.decode()

    def result(self, method: str, target: str, body: object = None, token: str = "") -> Any:
        """Return the body of an answer that comes at once, None for an empty one."""
        answer = self.answer(method, target, body, token)
        return json.loads(answer.body) if answer.body else None

    def get(self, target: str, token: str = "") -> Any:
        """Return the body of a GET."""
        return self.result("GET", target, token=token)

    def put(self, target: str, body: object = None, token: str = "") -> Any:
        """Return the body of a PUT that succeeds."""
        answer = self.answer("PUT", target, body, token)
        assert answer.status == 200, answer.body
        return json.loads(answer.body) if answer.body else None

    def index(self, target: str) -> int:
        """Return the index of a read."""
        answer = self.send("GET", target)
        assert isinstance(answer, Response)
        return int(answer.headers.get("x-consul-index") or 0)

    def park(self, target: str) -> Parked:
        """Return a query that waits. Its `wake` counts its calls."""
        answer = self.send("GET", target)
        assert isinstance(answer, Parked)
        answer.wake = wakes = Wakes()
        assert answer.wake is wakes
        return answer

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.simulator.advance(self.now)


class Wakes:
    """Counts its calls."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def body(parked: Parked) -> Any:
    """Return the body of a query that was answered."""
    assert parked.response is not None
    return json.loads(parked.response.body) if parked.response.body else None


# Keys and sessions.


def entry(agent: SimulatedAgent, key: str) -> Any:
    """Return the entry of a key, None if it does not exist."""
    found = agent.get(f"/v1/kv/{key}")
    return None if found is None else found[0]


def value(agent: SimulatedAgent, key: str) -> str | None:
    """Return the value of a key, None if it does not exist."""
    answer = agent.answer("GET", f"/v1/kv/{key}?raw")
    return answer.body.decode() if answer.status == 200 else None


def session(agent: SimulatedAgent, **given: Any) -> str:
    """Return the id of a new session."""
    return str(agent.put("/v1/session/create", given)["ID"])


# The catalog and config entries.


def register(agent: SimulatedAgent, node: str, service: str = "", **more: Any) -> None:
    """Register a node, and a service on it."""
    own = {"Service": {"Service": service, **more.pop("Service", {})}} if service else {}
    agent.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", **own, **more})


def nodes(entries: list[dict[str, Any]]) -> list[str]:
    """Return the names of the nodes of instances."""
    return [entry["Node"] if isinstance(entry["Node"], str) else entry["Node"]["Node"] for entry in entries]


def apply_entry(agent: SimulatedAgent, kind: str, name: str = "web", **members: Any) -> int:
    """Write a config entry, and return the status of the answer."""
    return agent.answer("PUT", "/v1/config", {"Kind": kind, "Name": name, **members}).status


def read_entry(agent: SimulatedAgent, kind: str, name: str = "web") -> dict[str, Any]:
    """Return a config entry."""
    found: dict[str, Any] = agent.get(f"/v1/config/{kind}/{name}")
    return found


# Tokens.


def token(agent: SimulatedAgent, rules: str = "", datacenters: list[str] | None = None, **given: object) -> str:
    """Return the secret of a new token. rules: of a policy for it."""
    if rules:
        name = f"policy-{agent.simulator._store.index}"
        agent.put("/v1/acl/policy", {"Name": name, "Rules": rules, "Datacenters": datacenters}, MANAGES)
        given["Policies"] = [{"Name": name}]
    return str(agent.put("/v1/acl/token", given, MANAGES)["SecretID"])


def may_write(agent: SimulatedAgent, key: str, secret: str) -> bool:
    """Return whether a token may write a key."""
    return agent.answer("PUT", f"/v1/kv/{key}", b"1", secret).status == 200


def may_read(agent: SimulatedAgent, key: str, secret: str) -> bool:
    """Return whether a token may read a key."""
    return agent.answer("GET", f"/v1/kv/{key}", token=secret).status != 403
