"""Asks the HTTP checks of a simulated agent, with anyio and h11. What they find is worded as Consul words it.

A connection serves one request. Of a body the last bytes are kept, so that an endless one costs nothing but its time.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import anyio
import anyio.abc
import h11
from anyio.streams.tls import TLSStream

from transports.hosting.probe_script import Tail
from transports.hosting.probe_socket import Finding, Unreachable, connected

if TYPE_CHECKING:
    from consul_proto.simulator.agent.probes import Probe

#: What Consul sends where the check does not say otherwise (observed).
_HEADERS = {"user-agent": "Consul Health Check", "accept": "text/plain, text/*, */*"}

#: https://pkg.go.dev/net/http#Client: how many redirects are followed; which keep method and body; what is not sent to another host.
_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_FOR_ONE_HOST = frozenset({"authorization", "cookie", "www-authenticate"})

_PORTS = {"http": 80, "https": 443}

_CHUNK = 1 << 16

#: What a URL may have beside letters and digits; all else is percent-encoded.
_URL_SAFE = "/:?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request of the several that redirects can make of a check."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer: its status, with the words behind it, where it points to, and the end of its body."""

    status: int
    line: str
    location: str
    body: str


async def ask_http(probe: Probe) -> Finding:
    """Ask a URL: 200 to 299 is passing, 429 a warning, anything else critical."""
    method = probe.method or "GET"
    with anyio.move_on_after(probe.timeout):
        try:
            said = await _follow(probe, _first(probe, method))
        except (Unreachable, OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            return Finding("critical", f'{method.capitalize()} "{probe.http}": {str(error) or "EOF"}')
        except (h11.ProtocolError, ValueError):
            return Finding("critical", f'{method.capitalize()} "{probe.http}": net/http: HTTP/1.x transport connection broken')
        status = "passing" if 200 <= said.status < 300 else "warning" if said.status == 429 else "critical"
        return Finding(status, f"HTTP {method} {probe.http}: {said.line} Output: {said.body}")
    says = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return Finding("critical", f'{method.capitalize()} "{probe.http}": {says}')


def _first(probe: Probe, method: str) -> _Asked:
    headers = [(name, value) for name, values in probe.headers.items() for value in values]
    given = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in _HEADERS.items() if name not in given]
    return _Asked(method, probe.http, tuple(headers), probe.body.encode())


async def _follow(probe: Probe, asked: _Asked) -> _Said:
    for _ in range(_REDIRECTS):
        said = await _ask(asked, verify=probe.verify, limit=probe.limit)
        if said.status not in _MOVED or not said.location or not probe.follow:
            return said
        asked = _redirected(asked, said)
    raise Unreachable(f"stopped after {_REDIRECTS} redirects")


def _redirected(asked: _Asked, said: _Said) -> _Asked:
    url = urljoin(asked.url, said.location)
    keeps = said.status in _KEEPS_METHOD
    elsewhere = urlsplit(url).netloc != urlsplit(asked.url).netloc
    dropped = {"host", "referer", *(_FOR_ONE_HOST if elsewhere else ())}
    headers = [(name, value) for name, value in asked.headers if name.lower() not in dropped]
    method = asked.method if keeps or asked.method == "HEAD" else "GET"
    return _Asked(method, url, (*headers, ("referer", asked.url)), asked.body if keeps else b"")


async def _ask(asked: _Asked, *, verify: bool, limit: int) -> _Said:
    parts = urlsplit(quote(asked.url, safe=_URL_SAFE))
    if parts.scheme not in _PORTS:
        raise Unreachable(f'unsupported protocol scheme "{parts.scheme}"')
    if not parts.hostname:
        raise Unreachable("http: no Host in request URL")
    stream: anyio.abc.ByteStream = await connected(parts.hostname, parts.port or _PORTS[parts.scheme])
    try:
        if parts.scheme == "https":
            stream = await TLSStream.wrap(stream, hostname=parts.hostname, ssl_context=_context(verify=verify), standard_compatible=False)
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_CHUNK)
        await stream.send(_written(connection, asked, parts))
        return await _read(connection, stream, limit)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(stream)


def _context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _written(connection: h11.Connection, asked: _Asked, parts: SplitResult) -> bytes:
    """The bytes of a request. Raises h11.LocalProtocolError for what is no method, header or target."""
    headers = [*asked.headers, ("connection", "close")]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("host", parts.netloc.rpartition("@")[2]))
    if asked.body or asked.method in ("POST", "PUT", "PATCH"):
        headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "transfer-encoding")]
        headers.append(("content-length", str(len(asked.body))))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    data = connection.send(h11.Request(method=asked.method, target=target, headers=headers)) or b""
    if asked.body:
        data += connection.send(h11.Data(asked.body)) or b""
    return data + (connection.send(h11.EndOfMessage()) or b"")


async def _read(connection: h11.Connection, stream: anyio.abc.ByteStream, limit: int) -> _Said:
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
    return _Said(head.status_code, f"{head.status_code} {head.reason.decode('latin-1')}", location, tail.text)
