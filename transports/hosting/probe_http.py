"""Run the HTTP checks of a simulated agent, with anyio and h11. Results have the same text as in Consul.

Each request has its own connection. Only the last bytes of a body are stored, so an endless body takes no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import anyio
import anyio.abc
import h11
from anyio.streams.tls import TLSStream

from transports.hosting.probe_script import Tail
from transports.hosting.probe_socket import CheckResult, Unreachable, connect, tls_context

if TYPE_CHECKING:
    from consul_proto.simulator.agent.probes import Probe

#: The headers that Consul sends unless the check sets them (observed).
_HEADERS = {"user-agent": "Consul Health Check", "accept": "text/plain, text/*, */*"}

#: https://pkg.go.dev/net/http#Client: the most redirects; their statuses; those that keep method and body; headers for the first host only.
_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_FOR_ONE_HOST = frozenset({"authorization", "cookie", "www-authenticate"})

_PORTS = {"http": 80, "https": 443}

_CHUNK = 1 << 16

#: The characters of a URL besides letters and digits; all others are percent-encoded.
_URL_SAFE = "/:?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class _ProbeRequest:
    """One request of a check. Redirects can cause several."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class _ProbeAnswer:
    """An answer. line: status and reason. location: where it redirects to. body: the last part of its body."""

    status: int
    line: str
    location: str
    body: str


async def probe_http(probe: Probe) -> CheckResult:
    """Request a URL: 200 to 299 is passing, 429 is a warning, anything else is critical."""
    method = probe.method or "GET"
    with anyio.move_on_after(probe.timeout):
        try:
            answer = await _follow(probe, _first_request(probe, method))
        except (Unreachable, OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            return CheckResult("critical", f'{method.capitalize()} "{probe.http}": {str(error) or "EOF"}')
        except (h11.ProtocolError, ValueError):
            return CheckResult("critical", f'{method.capitalize()} "{probe.http}": net/http: HTTP/1.x transport connection broken')
        status = "passing" if 200 <= answer.status < 300 else "warning" if answer.status == 429 else "critical"
        return CheckResult(status, f"HTTP {method} {probe.http}: {answer.line} Output: {answer.body}")
    says = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return CheckResult("critical", f'{method.capitalize()} "{probe.http}": {says}')


def _first_request(probe: Probe, method: str) -> _ProbeRequest:
    headers = [(name, value) for name, values in probe.headers.items() for value in values]
    given = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in _HEADERS.items() if name not in given]
    return _ProbeRequest(method, probe.http, tuple(headers), probe.body.encode())


async def _follow(probe: Probe, request: _ProbeRequest) -> _ProbeAnswer:
    for _ in range(_REDIRECTS):
        answer = await _send(request, verify=probe.verify, limit=probe.limit)
        if answer.status not in _MOVED or not answer.location or not probe.follow:
            return answer
        request = _redirect(request, answer)
    raise Unreachable(f"stopped after {_REDIRECTS} redirects")


def _redirect(request: _ProbeRequest, answer: _ProbeAnswer) -> _ProbeRequest:
    url = urljoin(request.url, answer.location)
    keeps = answer.status in _KEEPS_METHOD
    elsewhere = urlsplit(url).netloc != urlsplit(request.url).netloc
    dropped = {"host", "referer", *(_FOR_ONE_HOST if elsewhere else ())}
    headers = [(name, value) for name, value in request.headers if name.lower() not in dropped]
    method = request.method if keeps or request.method == "HEAD" else "GET"
    return _ProbeRequest(method, url, (*headers, ("referer", request.url)), request.body if keeps else b"")


async def _send(request: _ProbeRequest, *, verify: bool, limit: int) -> _ProbeAnswer:
    parts = urlsplit(quote(request.url, safe=_URL_SAFE))
    if parts.scheme not in _PORTS:
        raise Unreachable(f'unsupported protocol scheme "{parts.scheme}"')
    if not parts.hostname:
        raise Unreachable("http: no Host in request URL")
    stream: anyio.abc.ByteStream = await connect(parts.hostname, parts.port or _PORTS[parts.scheme])
    try:
        if parts.scheme == "https":
            stream = await TLSStream.wrap(
                stream, hostname=parts.hostname, ssl_context=tls_context(verify=verify), standard_compatible=False
            )
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_CHUNK)
        await stream.send(_encode(connection, request, parts))
        return await _read(connection, stream, limit)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(stream)


def _encode(connection: h11.Connection, request: _ProbeRequest, parts: SplitResult) -> bytes:
    """Return the bytes of a request. Raises h11.LocalProtocolError for an invalid method, header or target."""
    headers = [*request.headers, ("connection", "close")]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("host", parts.netloc.rpartition("@")[2]))
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "transfer-encoding")]
        headers.append(("content-length", str(len(request.body))))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    data = connection.send(h11.Request(method=request.method, target=target, headers=headers)) or b""
    if request.body:
        data += connection.send(h11.Data(request.body)) or b""
    return data + (connection.send(h11.EndOfMessage()) or b"")


async def _read(connection: h11.Connection, stream: anyio.abc.ByteStream, limit: int) -> _ProbeAnswer:
    head, tail = None, Tail(limit)
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            tail.add(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            break
        elif event is h11.NEED_DATA:
            try:
                connection.receive_data(await stream.receive(_CHUNK))
            except anyio.EndOfStream:
                connection.receive_data(b"")
        elif not isinstance(event, h11.InformationalResponse):
            raise Unreachable("EOF")
    location = next((value.decode("latin-1") for name, value in head.headers if name == b"location"), "")
    return _ProbeAnswer(head.status_code, f"{head.status_code} {head.reason.decode('latin-1')}", location, tail.text)
