"""Send requests to a real agent with http.client, without Consulate, and write request and answer as a sample."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.agents import Agent

Query = Sequence[tuple[str, str | None]]

#: Operation id -> its row of the manifest.
Manifest = Mapping[str, Mapping[str, object]]

#: The kinds of tokens: the management token, none, an unknown token, and one without rights.
MANAGEMENT, ANONYMOUS, UNKNOWN, POWERLESS = "management", "anonymous", "unknown", "powerless"

#: An unknown datacenter.
ELSEWHERE = "elsewhere"

_PEERING_TOKEN = re.compile(r'"PeeringToken": ?"([^"]+)"')

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

#: The ids that are the same on every Consul: the anonymous token's accessor, and the policy with all rights.
_WELL_KNOWN = re.compile(r"0{8}-0{4}-0{4}-0{4}-0{11}[0-9a-f]")


#: A pair in a list, which json.dumps writes on four lines.
_STRING = r'"(?:[^"\\]|\\.)*"'
_PAIR = re.compile(rf"\[\n\s+({_STRING}),\n\s+({_STRING}|null)\n\s+\]")


@dataclass(frozen=True)
class Answer:
    """The answer of an agent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> object:
        """Read the body as JSON."""
        parsed: object = json.loads(self.body)
        return parsed

    def index(self) -> str:
        """Return the X-Consul-Index."""
        return next(value for name, value in self.headers if name.lower() == "x-consul-index")


@dataclass
class Recorder:
    """Sends requests to one agent, and writes the samples of its version."""

    agent: Agent
    folder: Path
    manifest: Manifest
    #: Secret -> placeholder of the same length, so that Content-Length stays right.
    _placeholders: dict[str, str] = field(default_factory=dict, repr=False)
    _tokens: dict[str, str | None] = field(default_factory=dict, repr=False)
    surprises: list[str] = field(default_factory=list)
    written: int = 0

    def __post_init__(self) -> None:
        self._tokens = {MANAGEMENT: self.agent.management_token, ANONYMOUS: None, UNKNOWN: str(uuid.uuid4())}
        for token in self._tokens.values():
            if token is not None:
                self.hide(token)

    @property
    def old(self) -> bool:
        """Whether this is a Consul before 1.11, with legacy ACLs and the older texts of errors."""
        return tuple(int(part) for part in self.agent.version.split(".")[:2]) < (1, 11)

    def hide(self, secret: str) -> None:
        """Write a placeholder instead of this secret from now on."""
        number = len(self._placeholders) + 1
        text = f"00000000-0000-0000-0000-{f'acl{number}':0>12}" if _UUID.fullmatch(secret) else f"hidden{number}".ljust(len(secret), "x")
        self._placeholders.setdefault(secret, text)

    def has(self, operation: str) -> bool:
        """Return whether the agent has an endpoint, as the manifest says."""
        since, until = (self.manifest[operation][bound] or self.agent.version for bound in ("since", "until"))
        return _version(since) <= _version(self.agent.version) <= _version(until)

    def use_as(self, name: str, token: str) -> None:
        """Add a token under a name that cases can use."""
        self.hide(token)
        self._tokens[name] = token

    def token(self, name: str) -> str | None:
        """Return the token of a name, for a body."""
        return self._tokens[name]

    def ask(self, method: str, path: str, query: Query = (), body: str | bytes | None = None, token: str = MANAGEMENT) -> Answer:
        """Send one request on a new connection. Redirects are not followed."""
        target = path + ("?" + "&".join(_parameter(name, value) for name, value in query) if query else "")
        sent = body.encode() if isinstance(body, str) else body
        secret = self._tokens[token]
        connection = http.client.HTTPConnection(self.agent.host, self.agent.port, timeout=30)
        try:
            connection.request(method, target, sent, {} if secret is None else {"X-Consul-Token": secret})
            answer = connection.getresponse()
            return Answer(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def prepare(self, method: str, path: str, body: object = None, query: Query = ()) -> Answer:
        """Send a request without recording it. Raises RuntimeError unless the answer is a 200."""
        answer = self.ask(method, path, query, body if isinstance(body, (str, bytes)) else None if body is None else json.dumps(body))
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body!r}")
        return answer

    def until(self, path: str, holds: Callable[[Answer], bool], limit: float = 30.0) -> None:
        """Poll a path until a condition holds. limit: in seconds."""
        deadline = time.monotonic() + limit
        while not holds(self.ask("GET", path)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the condition for {path} did not become true in {limit:.0f} s")
            time.sleep(0.05)

    def case(
        self,
        operation: str,
        case: str,
        path: str,
        query: Query = (),
        body: object = None,
        *,
        status: int | None = 200,
        token: str = MANAGEMENT,
        method: str | None = None,
    ) -> Answer:
        """Send a request and write the sample `<operation>/<case>.<version>.json`.

        body: sent as JSON if it is not text. status: the expected status; None: any. An agent without the endpoint may answer 404 instead.
        """
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        method = method or str(self.manifest[operation]["method"])
        answer = self.ask(method, path, query, text, token)
        if status is not None and answer.status not in ({status} if self.has(operation) else {status, 404}):
            self.surprises.append(f"{self.agent.version} {operation}/{case}: {answer.status} instead of {status}: {answer.body[:200]!r}")
        self._write(operation, case, {"method": method, "path": path, "query": [list(item) for item in query], "body": text}, answer)
        return answer

    def denials(self, operation: str, path: str, query: Query = (), body: object = None, unknown_dc: int = 500) -> None:
        """Record the answers to wrong tokens and to an unknown datacenter, if the row of the operation has them.

        unknown_dc: the status for an unknown datacenter.
        """
        row = self.manifest[operation]
        if row["acl"] != "none" and self.agent.management_token is not None:
            self.case(operation, "no-token", path, query, body, status=None, token=ANONYMOUS)
            self.case(operation, "unknown-token", path, query, body, status=None, token=UNKNOWN)
        parameters = row["query"]
        if isinstance(parameters, list) and any(parameter["name"] == "dc" for parameter in parameters):
            self.case(operation, "unknown-dc", path, [*query, ("dc", ELSEWHERE)], body, status=unknown_dc)

    def _write(self, operation: str, case: str, request: dict[str, object], answer: Answer) -> None:
        body = _trim_self(answer.body) if operation == "agent.self" and answer.status == 200 else _without_keys(answer.body)
        kept: dict[str, object] = {
            "consul": self.agent.version,
            "operation": operation,
            "case": case,
            "request": request,
            "status": answer.status,
            "headers": [[name, _length(name, value, body)] for name, value in answer.headers if name.lower() != "date"],
        }
        try:
            kept["body"] = body.decode()
        except UnicodeDecodeError:
            kept["body_base64"] = base64.b64encode(body).decode("ascii")
        for token in _PEERING_TOKEN.findall(answer.body.decode("utf-8", "replace")):
            self.hide(token)
        if operation.startswith("acl."):
            for found in _UUID.findall(json.dumps(kept)):
                if not _WELL_KNOWN.fullmatch(found):
                    self.hide(found)
        text = _PAIR.sub(r"[\1, \2]", json.dumps(kept, indent=1, ensure_ascii=False)) + "\n"
        for secret, placeholder in self._placeholders.items():
            text = text.replace(secret, placeholder)
        file = self.folder / operation / f"{case}.{self.agent.version}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.written += 1


def _version(text: object) -> tuple[int, ...]:
    return tuple(int(part) for part in str(text).split("."))


def _parameter(name: str, value: str | None) -> str:
    return quote(name, safe="") + ("" if value is None else "=" + quote(value, safe=""))


def _length(name: str, value: str, body: bytes) -> str:
    return str(len(body)) if name.lower() == "content-length" else value


def _without_keys(body: bytes) -> bytes:
    """Remove the private key from a certificate."""
    return re.sub(rb'("PrivateKeyPEM": ?")[^"]*', rb"\1<hidden>", body)


def _trim_self(body: bytes) -> bytes:
    """Remove DebugConfig, which describes the machine that recorded."""
    answer = json.loads(body)
    answer["DebugConfig"] = {}
    return json.dumps(answer, indent=4).encode()
