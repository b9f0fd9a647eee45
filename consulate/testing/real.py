"""A real agent for tests. Its clients record what they write, so that it can be undone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote

from consul_proto.errors import ConsulateException
from consulate.client import AsyncConsul, Consul
from transports.cancel import Cancel, send_cancellable
from transports.clocks import async_clock_of, clock_of
from transports.faults.transport import AsyncFaultyTransport, FaultyTransport
from transports.streams import open_answer, open_answer_async

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.message import Request, Response
    from consulate.testing.agent import Options
    from transports.faults.plans import FaultPlan, Injection
    from transports.protocol import AsyncOpenAnswer, AsyncTransport, OpenAnswer, Transport

#: Undoes a write.
Undo = Callable[[Consul], object]

#: Called with each request, and its answer if there was one.
Note = Callable[["Request", "Response | None"], None]

#: The statuses of a proxy that got no answer from the agent.
_PROXY_STATUSES = (502, 503, 504)

#: The operations of a transaction that write a key.
_WRITE_VERBS = frozenset(("set", "cas", "lock", "unlock"))

_KV, _SERVICE, _CHECK = "/v1/kv/", "/v1/agent/service/register", "/v1/agent/check/register"


def _member(data: object, *names: str) -> str | None:
    """Return the first of these members that an object has, as text."""
    found = [data[name] for name in names if data.get(name)] if isinstance(data, dict) else []
    return str(found[0]) if found else None


def _json(body: object) -> object:
    try:
        value: object = json.loads(body if isinstance(body, bytes) and body else b"null")
    except ValueError:
        return None
    return value


def undo_actions(request: Request, response: Response | None, since: Mapping[str, int]) -> list[Undo]:
    """Return the actions that undo what a request may have written: none if Consul refused the request.

    response: None if there was none; then the request may have been carried out. since: the index of the nodes before the test, by
    datacenter; "" is the agent's own datacenter.
    """
    if request.method == "GET" or (response is not None and response.status not in (200, *_PROXY_STATUSES)):
        return []
    path, sent = request.path, _json(request.body) if not request.path.startswith(_KV) else None
    if path.startswith(_KV) and request.method == "PUT":
        is_refused = response is not None and response.body.strip() == b"false"
        return [] if is_refused else [_delete_key(unquote(path.removeprefix(_KV)))]
    if path == "/v1/catalog/register" and isinstance(sent, dict) and _member(sent, "Node"):
        return [lambda consul: _deregister(consul, sent, since)]
    if path == "/v1/txn" and isinstance(sent, list):
        steps = [step.get("KV") for step in sent if isinstance(step, dict)]
        written = [_member(step, "Key") for step in steps if _member(step, "Verb") in _WRITE_VERBS]
        return [_delete_key(key) for key in written if key is not None]
    if path == "/v1/session/create":
        session = None if response is None else _member(_json(response.body), "ID")
        return [] if session is None else [lambda consul: consul.session.destroy(session)]
    if path == _SERVICE and (service := _member(sent, "ID", "Name")):
        return [lambda consul: consul.agent.service.deregister(service)]
    if path == _CHECK and (check := _member(sent, "ID", "CheckID", "Name")):
        return [lambda consul: consul.agent.check.deregister(check)]
    return []


def _delete_key(key: str) -> Undo:
    return lambda consul: consul.kv.delete(key)


def _deregister(consul: Consul, sent: dict[str, object], since: Mapping[str, int]) -> None:
    """Deregister a node that the test created. Of a node that may have existed before, deregister only the service and the checks."""
    node, datacenter = str(sent["Node"]), _member(sent, "Datacenter")
    catalog, before = consul.using(datacenter=datacenter).catalog, since.get(datacenter or "")
    if before is not None and catalog.node(node)["Node"]["CreateIndex"] > before:
        catalog.deregister(node)
        return
    if service := _member(sent.get("Service"), "ID", "Service"):
        catalog.deregister(node, service_id=service)
    several = sent.get("Checks")
    for given in (sent.get("Check"), *(several if isinstance(several, list) else ())):
        if check := _member(given, "CheckID", "Name"):
            catalog.deregister(node, check_id=check)


class _RecordingTransport:
    """A transport that records the requests and answers of another one."""

    def __init__(self, transport: Transport, note: Note) -> None:
        self._transport, self._note = transport, note
        self.clock = clock_of(transport)

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        try:
            response = send_cancellable(self._transport, request, timeout, cancel)
        except BaseException:
            self._note(request, None)
            raise
        self._note(request, response)
        return response

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        self._note(request, None)
        return open_answer(self._transport, request, timeout, cancel)

    def close(self) -> None:
        self._transport.close()


class _AsyncRecordingTransport:
    """A `_RecordingTransport` for tasks."""

    def __init__(self, transport: AsyncTransport, note: Note) -> None:
        self._transport, self._note = transport, note
        self.clock = async_clock_of(transport)

    async def send(self, request: Request, timeout: float | None) -> Response:
        try:
            response = await self._transport.send(request, timeout)
        except BaseException:
            self._note(request, None)
            raise
        self._note(request, response)
        return response

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        self._note(request, None)
        return await open_answer_async(self._transport, request, timeout)

    async def aclose(self) -> None:
        await self._transport.aclose()


class RealAgent:
    """A real agent, with the methods of `ConsulAgent`. Use it only for tests: what clients write is undone.

    url: of its HTTP API. The token and TLS come from the CONSUL_* variables, or from the options of each client.
    skip: called with a reason when a test needs something that only an agent in memory can do.
    """

    def __init__(self, url: str, *, skip: Callable[[str], NoReturn]) -> None:
        self._url = url
        self._skip = skip
        self._began = time.monotonic()
        self._undo: list[tuple[Undo, Options]] = []
        self._faulty: list[FaultyTransport | AsyncFaultyTransport] = []
        #: By datacenter: nodes with a later index were created by the test. Without an entry, no node counts as created by the test.
        self._since: dict[str, int] = {}
        with Consul(url) as consul, suppress(ConsulateException):
            reply = consul.perform_with_meta(consul.ops.catalog.nodes())
            if reply.meta.index is not None:
                self._since = dict.fromkeys(("", *(node["Datacenter"] for node in reply.value)), reply.meta.index)

    @property
    def now(self) -> float:
        """The seconds since the test began."""
        return time.monotonic() - self._began

    @property
    def token(self) -> None:
        """None: clients use the token of the CONSUL_* variables, unless they are given another."""
        return

    @property
    def simulated(self) -> NoReturn:
        """Skip the test: there is no simulator."""
        self._skip("a real agent (--consul) has no simulator")

    @property
    def waiting(self) -> int:
        """Skip the test: a real agent does not report how many queries wait."""
        self._skip("a real agent (--consul) does not report how many blocking queries wait")

    @property
    def injections(self) -> Sequence[Injection]:
        """The faults that were injected so far, client by client."""
        return [injection for transport in self._faulty for injection in transport.injections]

    def advance(self, _seconds: float) -> None:
        """Skip the test: a real agent's time cannot be advanced."""
        self._skip("the time of a real agent (--consul) cannot be advanced")

    def client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> Consul:
        """Return a client for threads; see `ConsulAgent.client`."""
        plain = Consul(self._url, **options)
        transport: Transport = _RecordingTransport(plain._transport, self._recorder(options))  # noqa: SLF001 - as made from the options
        return Consul(self._url, transport=transport if faults is None else self.faulty(transport, faults), **options)

    def async_client(self, *, faults: FaultPlan | None = None, **options: Unpack[Options]) -> AsyncConsul:
        """Return a client for tasks; see `ConsulAgent.async_client`."""
        plain = AsyncConsul(self._url, **options)
        transport: AsyncTransport = _AsyncRecordingTransport(plain._transport, self._recorder(options))  # noqa: SLF001 - as made from the options
        return AsyncConsul(self._url, transport=transport if faults is None else self.async_faulty(transport, faults), **options)

    def faulty(self, transport: Transport, faults: FaultPlan) -> FaultyTransport:
        """Return a transport that injects a fault plan around any other transport."""
        faulty = FaultyTransport(transport, faults)
        self._faulty.append(faulty)
        return faulty

    def async_faulty(self, transport: AsyncTransport, faults: FaultPlan) -> AsyncFaultyTransport:
        """Return a transport that injects a fault plan, for tasks; see `faulty`."""
        faulty = AsyncFaultyTransport(transport, faults)
        self._faulty.append(faulty)
        return faulty

    def _recorder(self, options: Options) -> Note:
        return lambda request, response: self._undo.extend((undo, options) for undo in undo_actions(request, response, self._since))

    def clean_up(self) -> None:
        """Undo what clients wrote, the last write first, with the options of the client that wrote. Errors of Consul are ignored."""
        while self._undo:
            undo, options = self._undo.pop()
            with Consul(self._url, **options) as consul, suppress(ConsulateException):
                undo(consul)
