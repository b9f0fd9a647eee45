"""Send the same requests to the simulator and to a real agent, and compare the answers.

The requests are raw: the library's own requests and readers are not used. Ids and indexes of both sides have different values: they must
correspond one to one, for as long as both agents live.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked, Settings, Simulator
from consul_proto.simulator.agent.members import SERVER_PORT
from consul_proto.simulator.engine.versions import Version
from tests.agents import Agent
from tests.simulator.differential.calls import Call
from tests.simulator.differential.goroutines import GOROUTINES, Goroutine, Sync, read_goroutines
from tests.simulator.differential.orders import ignore_status, sort_instances, sort_items, sorted_tags, without_indexes
from tests.simulator.differential.relation import Indexes, Relation

#: Headers that matter to a client.
_TELLING = (
    "content-type",
    "x-consul-knownleader",
    "x-consul-default-acl-policy",
    "x-consul-query-backend",
    "x-content-type-options",
    "content-security-policy",
    "allow",
    "location",
    "x-consul-effective-consistency",
    "x-consul-reason",
    "x-cache",
    "x-consul-results-filtered-by-acls",
)

#: Answers that describe the machine, or are packed: only their status and headers are compared.
_OPAQUE = frozenset(
    f"/v1/{path}"
    for path in (
        *("agent/self", "agent/members", "snapshot", "operator/raft/configuration", "operator/autopilot/health", "coordinate/nodes"),
        *("operator/autopilot/state", "status/leader", "status/peers"),
    )
)

#: Members with ids: the values differ, but must correspond.
_IDS = frozenset(
    {"ID", "LegacyID", "Session", "ContentHash", "AccessorID", "SecretID", "ActiveRootID", "TrustDomain", "ExternalTrustDomain"},
)

#: Members that both sides must have, with any value.
_MOMENTS = frozenset(
    {"Hash", "CreateTime", "ExpirationTime", "NotBefore", "NotAfter", "SerialNumber", "SigningKeyID", "RootCert", "CreatedAt", "UpdatedAt"}
    | {"LegacyCreateTime", "LegacyUpdateTime"},
)

#: Members with raft indexes.
_INDEXES = frozenset({"CreateIndex", "ModifyIndex", "Index"})

#: What an example may create: its list, the member with its name, and the call that deletes it.
_MADE = (
    ("/v1/session/list", "ID", "PUT", "/v1/session/destroy/{}"),
    ("/v1/query", "ID", "DELETE", "/v1/query/{}"),
    ("/v1/acl/tokens", "AccessorID", "DELETE", "/v1/acl/token/{}"),
    ("/v1/acl/roles", "ID", "DELETE", "/v1/acl/role/{}"),
    ("/v1/acl/policies", "ID", "DELETE", "/v1/acl/policy/{}"),
)

#: The kinds of config entries, in the order in which they can be deleted.
_KINDS = (
    *("service-intentions", "ingress-gateway", "terminating-gateway", "exported-services", "service-router", "service-splitter"),
    *("service-resolver", "service-defaults", "proxy-defaults", "mesh"),
)

_ANONYMOUS = "00000000-0000-0000-0000-000000000002"

#: Seconds until the catalogs must be equal: a new agent begins to write up to three seconds later.
_SETTLED = 5.0

#: Seconds until an agent must have done anything else, however busy its machine is.
_PATIENCE = 60.0

#: What a new agent does last: the paths, and whether it has been done. The simulator begins with that.
_START: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("/v1/connect/ca/roots", lambda roots: roots["ActiveRootID"]),
    ("/v1/operator/autopilot/health", lambda health: health["Healthy"]),
    ("/v1/coordinate/nodes", bool),
)

#: Indexes within texts.
_INDEX = re.compile(r"(current modify index |[ &]cas=)\d\d+")


#: The error for an unknown member of a config entry.
_UNKNOWN_MEMBER = "invalid config key"


class Sides:
    """A real agent and a simulator with the same calls since their start. indexes: whether indexes are compared."""

    def __init__(self, agent: Agent, *, indexes: bool = True) -> None:
        self.node = agent.node_name
        self.address = agent.host, agent.port
        self._connection = http.client.HTTPConnection(agent.host, agent.port, timeout=30)
        self._management = agent.management_token or ""
        self.names: tuple[dict[str, str], dict[str, str]] = ({"m": self._management}, {"m": self._management})
        itself = json.loads(self._answer(0, Call("GET", "/v1/agent/self")).body)
        self._server_port = int(itself["Member"]["Tags"]["port"])
        version = Version.parse(agent.version)
        node_id = itself["Config"]["NodeID"]
        named = Settings(version=version, node=agent.node_name, node_id=node_id, script_checks=True)
        self.simulator = Simulator(
            replace(named, acls=bool(self._management), management_token=self._management, agent_token=self._management)
        )
        self.now = 0.0
        self._sync = Sync()
        self._own_tokens = [
            json.loads(self._answer(side, Call("GET", "/v1/acl/token/self")).body)["AccessorID"] for side in (0, 1) if self._management
        ]
        self._await_start()
        self._examples = 0
        self._with_indexes = indexes
        #: Instances that only the agent's stream had.
        self.phantoms = 0
        self._forget()

    def _await_start(self) -> None:
        """Wait until the real agent has done everything that it does at its start, and note the index of both sides."""
        deadline = time.monotonic() + _PATIENCE
        for path, is_done in _START:
            while (answer := self._answer(0, Call("GET", path))).status != 200 or not is_done(_read(answer)):
                assert time.monotonic() < deadline, f"GET {path}: {answer}"
                time.sleep(0.05)
        self.answers(Call("PUT", "/v1/kv/started"))
        real, simulated = (json.loads(answer.body)[0]["ModifyIndex"] for answer in self.answers(Call("GET", "/v1/kv/started")))
        self._began = (real, simulated)

    def _forget(self) -> None:
        """Forget which values correspond, since that is not known after a difference."""
        self._ids, self._indexes = Relation(), Indexes(self._began)
        self._differed = False

    def close(self) -> None:
        """Close the connection to the agent."""
        self._connection.close()

    def clear(self) -> list[str]:
        """Begin an example: delete what the last one created on both sides, and forget its names. Return the differences after that."""
        # A real agent closes a connection that was idle for a long time.
        self._connection.close()
        self._examples += 1
        for names in self.names:
            names.clear()
            names["p"] = f"example-{self._examples}/"
            names |= {
                f"{kind}{number}": str(UUID(int=self._examples << 64 | ord(kind) << 8 | number)) for kind in "tx" for number in range(2)
            }
            if self._management:
                names["m"] = self._management
        for path, member, method, one in _MADE if self._management else _MADE[:2]:
            self._clear_each(path, member, method, one, keep=[self.node, *self._own_tokens])
        if self._management:
            self.answers(Call("PUT", f"/v1/acl/token/{_ANONYMOUS}", body=b"{}"))
        self._clear_each("/v1/connect/intentions", "ID", "DELETE", "/v1/connect/intentions/{}")
        self._clear_entries()
        self.answers(Call("DELETE", "/v1/kv/", (("recurse", None),)))
        for kind in ("service", "check"):
            self._clear_each(f"/v1/agent/{kind}s", "", "PUT", f"/v1/agent/{kind}/deregister/{{}}")
        found: list[str] = []
        self._settle(found)
        self._clear_each("/v1/catalog/nodes", "Node", "PUT", "/v1/catalog/deregister", keep=[self.node])
        if self._differed:
            self._forget()
        return found

    def replay(self, calls: Iterable[Call]) -> list[str]:
        """Begin an example, make the calls, and return the first differences."""
        self.clear()
        return next((found for call in calls if (found := self.differences(call))), [])

    def _clear_each(self, path: str, member: str, method: str, one: str, keep: Collection[str] = ()) -> None:
        """Delete everything in a list, by a member, or by its key."""
        for side, listed in enumerate(self.answers(Call("GET", path))):
            for item in _read(listed) or ():
                name = item.get(member) if member else item
                if name and name not in keep:
                    body = None if "{}" in one else json.dumps({"Node": name}).encode()
                    self._answer(side, Call(method, one.format(quote(name)), body=body))

    def _clear_entries(self) -> None:
        """Delete the config entries. It takes several rounds, since splitters refer to each other."""
        before: list[Any] = []
        while any(entries := [_read(listed) or [] for listed in self.answers(Call("GET", "/v1/config/"))]):
            assert entries != before, "none of them lets itself be deleted"
            before = entries
            for side, listed in enumerate(entries):
                for entry in sorted(listed, key=lambda entry: _KINDS.index(entry["Kind"])):
                    self._answer(side, Call("DELETE", f"/v1/config/{entry['Kind']}/{quote(entry.get('Name', 'mesh'))}"))

    def answers(self, call: Call) -> tuple[Response, Response]:
        """Return the answers of both sides."""
        return self._answer(0, call), self._answer(1, call)

    def _answer(self, side: int, call: Call) -> Response:
        return (self._real, self._simulated)[side](call.with_names(self.names[side]))

    def _real(self, request: Request) -> Response:
        self._connection.request(request.method, request.target, request.body, dict(request.headers.items))
        answer = self._connection.getresponse()
        return Response(answer.status, Headers(answer.getheaders()), answer.read())

    def _simulated(self, request: Request) -> Response:
        answer = self.simulator.handle(request, self.now)
        if isinstance(answer, Parked):
            self.now = answer.deadline
            self.simulator.advance(self.now)
            answer = answer.response or Response(599)
        return answer

    def differences(self, call: Call) -> list[str]:
        """Call both sides, and return the differences."""
        real, simulated = self.answers(call)
        if real.headers.get("x-consul-query-backend") == "streaming":
            real = self._caught_up(call, real)
        return self.compare(call, real, simulated)

    def _caught_up(self, call: Call, streamed: Response) -> Response:
        """Return a streamed answer, asked for again until the stream has what the agent's own query has; without other instances.

        The stream adds an instance under the node's current name, and removes it under the name of its registration. If these differ in
        case, the agent keeps the instance until nobody has asked for the service for 20 minutes (see test_streams.py). The simulator does
        not do this.
        """
        plain = replace(call, query=tuple(pair for pair in call.query if pair[0] not in ("index", "wait", "cached")))
        known = {_instance(entry): entry for entry in _read(self._answer(0, plain))}
        deadline = time.monotonic() + _PATIENCE
        while True:
            kept = [entry for entry in _read(streamed) if known.get(_instance(entry)) == entry]
            if len(kept) == len(known) or time.monotonic() > deadline:
                break
            time.sleep(0.002)
            streamed = self._answer(0, call)
        self.phantoms += len(_read(streamed)) - len(kept)
        return Response(streamed.status, streamed.headers, json.dumps(kept).encode())

    def compare(self, call: Call, real: Response, simulated: Response) -> list[str]:
        """Return the differences between two answers."""
        found = [f"status {real.status} {real.body!r}, simulated {simulated.status} {simulated.body!r}"] * (real.status != simulated.status)
        for name in _TELLING:
            ill = {"critical", "maintenance"}
            if name == "x-consul-reason" and {real.headers.get(name), simulated.headers.get(name)} <= ill:
                continue  # among equally unhealthy instances the agent names any
            if real.headers.get(name) != simulated.headers.get(name):
                found.append(f"{name}: {real.headers.get(name)!r}, simulated {simulated.headers.get(name)!r}")
        index, own = (answer.headers.get("x-consul-index") for answer in (real, simulated))
        if (index is None) != (own is None) or (index and own and not self._same_index(index, own, call)):
            found.append(f"x-consul-index: {index}, simulated {own}; before {self._indexes.before(index)}")
        if not found:
            bodies: tuple[Any, Any] = _read(real), _read(simulated)
            if call.path.startswith("/v1/query/") and call.path.endswith("/execute") and "Nodes" in (bodies[0] or ()):
                limit = dict(call.query).get("limit")
                bodies = sort_instances(bodies[0], limit), sort_instances(bodies[1], limit)
            if call.path in _OPAQUE and real.status == 200:
                bodies = None, None
            if call.path == "/v1/catalog/services" and call.method == "GET" and real.status == 200:
                # Go maps have no order, so tags are sorted.
                bodies = sorted_tags(bodies[0]), sorted_tags(bodies[1])
            if real.headers.get("x-consul-reason") != simulated.headers.get("x-consul-reason"):
                bodies = ignore_status(bodies[0]), ignore_status(bodies[1])
            self._compare(*bodies, "body", found)
        if call.path.startswith("/v1/agent/") and call.method == "PUT":
            self._settle(found)
        if call.path.startswith("/v1/event/fire/") and call.method == "PUT" and real.status == simulated.status == 200:
            self._hear(_read(real)["ID"], _read(simulated)["ID"])
        if call.names and not found:
            self._name(call.names, real, simulated)
        self._differed |= bool(found)
        return [f"{call}: {difference}" for difference in found]

    def _settle(self, found: list[str]) -> None:
        """Wait until the real agent has written to the catalog; the simulator does so at once.

        The real agent may have repaired the catalog in between, as it does once a minute.
        """
        self._await_sync()
        deadline, is_mended = time.monotonic() + _SETTLED, False
        while True:
            for path in (f"/v1/health/node/{self.node}", f"/v1/catalog/node-services/{self.node}"):
                real, simulated = (without_indexes(_read(answer)) for answer in self.answers(Call("GET", path)))
                if real != simulated:
                    break
            else:
                return
            if time.monotonic() > deadline and not is_mended:
                self.simulator._local.sync()  # repair the catalog, as it happens once a minute
                is_mended = True
            elif time.monotonic() > deadline:
                found.append(f"the catalog: {real}, simulated {simulated}")
                return
            time.sleep(0.002)

    def _await_sync(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._sync.is_done(self.goroutines()):
            assert time.monotonic() < deadline, "the agent does not write to the catalog"
            time.sleep(0.002)

    def goroutines(self) -> list[Goroutine]:
        """Return what the real agent is doing."""
        return read_goroutines(self._answer(0, Call("GET", GOROUTINES, (("debug", "2"),))).body.decode())

    def _hear(self, event: str, simulated: str) -> None:
        """Wait until the real agent has received its own event; the simulator receives it at once."""
        deadline = time.monotonic() + _PATIENCE
        if simulated not in self._heard(1):
            return  # the event is not for this agent
        while event not in self._heard(0):
            assert time.monotonic() < deadline, f"no word of event {event}"
            time.sleep(0.002)

    def _heard(self, side: int) -> list[str]:
        return [heard["ID"] for heard in _read(self._answer(side, Call("GET", "/v1/event/list")))]

    def _same_index(self, real: str, simulated: str, call: Call) -> bool:
        if call.path.startswith("/v1/coordinate/") or call.path == "/v1/snapshot":
            return True  # coordinates are written some seconds later, and a snapshot has the index of any write
        if call.path == "/v1/event/list":
            return self._ids.holds(real, simulated)
        if call.path.startswith("/v1/health/") and ("index" in dict(call.query) or "cached" in dict(call.query)):
            return True  # the index of a stream depends on its age
        return not self._with_indexes or self._indexes.hold(int(real), int(simulated))

    def _name(self, name: str, *answers: Response) -> None:
        for names, answer in zip(self.names, answers, strict=True):
            body = _read(answer)
            if isinstance(body, dict) and "ID" in body:
                names[name] = body["ID"]
            elif answer.headers.get("x-consul-index"):
                names[name] = str(answer.headers.get("x-consul-index"))

    def _compare(self, real: Any, simulated: Any, where: str, found: list[str]) -> None:
        """Compare decoded values, member by member."""
        if isinstance(real, dict) and isinstance(simulated, dict) and list(real) == list(simulated):
            for name, value in real.items():
                other = simulated[name]
                if name == "consul-virtual":
                    # Only the agent knows which address of its pool a service gets.
                    value, other = {**value, "Address": ""}, {**other, "Address": ""}
                if name in ("Port", "ServicePort") and value == self._server_port:
                    value = SERVER_PORT
                if name in _MOMENTS and value and other:
                    continue
                if name in _INDEXES and isinstance(value, int) and isinstance(other, int) and value and other:
                    if self._with_indexes and not self._indexes.hold(value, other):
                        found.append(f"{where}.{name}: {value}, simulated {other}")
                elif name in _IDS and value and other:
                    if not self._ids.holds(str(value), str(other)):
                        found.append(f"{where}.{name}: {value}, simulated {other}")
                else:
                    self._compare(value, other, f"{where}.{name}", found)
        elif isinstance(real, list) and isinstance(simulated, list) and len(real) == len(simulated):
            for place, (value, other) in enumerate(zip(sort_items(real), sort_items(simulated), strict=True)):
                self._compare(value, other, f"{where}[{place}]", found)
        elif isinstance(real, str) and isinstance(simulated, str):
            if self._neutral(real, 0) != self._neutral(simulated, 1):
                found.append(f"{where}: {real!r}, simulated {simulated!r}")
        elif real != simulated or type(real) is not type(simulated):
            found.append(f"{where}: {real!r}, simulated {simulated!r}")

    def _neutral(self, text: str, side: int) -> str:
        for name, value in self.names[side].items():
            if len(value) > 8:
                text = text.replace(value, name)
        if _UNKNOWN_MEMBER in text:  # real agents list several in any order
            text = "\n".join(sorted(text.splitlines()))
        return _INDEX.sub(r"\1", text)


def _instance(entry: Any) -> tuple[str, str]:
    return entry["Node"]["Node"], entry["Service"]["ID"]


def _read(answer: Response) -> Any:
    if (answer.headers.get("content-type") or "").startswith("application/json") and answer.body:
        with suppress(ValueError):  # Consul calls some texts JSON
            return json.loads(answer.body)
    return answer.body.decode("latin-1").strip()
