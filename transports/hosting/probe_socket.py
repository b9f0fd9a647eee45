"""Run the TCP and UDP checks of a simulated agent, with anyio. Results have the same text as in Consul."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.abc
from anyio.streams.tls import TLSStream

if TYPE_CHECKING:
    from consul_proto.simulator.agent.probes import Probe


class CheckResult(NamedTuple):
    """The result of a check: status "passing", "warning" or "critical", and Consul's text."""

    status: str
    output: str


class Unreachable(Exception):
    """The address cannot be reached. The message is the one of Go's net package."""


async def connect(host: str, port: int, network: str = "tcp") -> anyio.abc.SocketStream:
    """Connect to the first of a host's addresses that answers. Raises Unreachable."""
    first = ""
    for address in await resolve(host, port, network):
        try:
            return await anyio.connect_tcp(address, port)
        except OSError as error:
            first = first or f"dial {network} {format_address(address, port)}: connect: {_reason(error)}"
    raise Unreachable(first)


async def resolve(host: str, port: int, network: str) -> list[str]:
    """Return the addresses of a host. Raises Unreachable."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"dial {network}: lookup {host}: no such host") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def format_address(host: str, port: int) -> str:
    """Format a host and a port as in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    """Return the system's message in lower case, as Go does. anyio wraps the system's error in its own."""
    cause: BaseException = error
    while not getattr(cause, "errno", None) and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    number = getattr(cause, "errno", None)
    return os.strerror(number).lower() if number else str(error)


def split_address(address: str) -> tuple[str, int]:
    """Return the host and the port of "host:port". Raises Unreachable."""
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise Unreachable(f"dial tcp: address {address}: missing port in address")
    return host.strip("[]") or "localhost", int(port)


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Return the context for a check over TLS, which trusts the authorities of the machine."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _speak_tls(stream: anyio.abc.ByteStream, probe: Probe) -> anyio.abc.ByteStream:
    """Begin TLS on a connection. Raises Unreachable."""
    name = probe.server_name or split_address(probe.tcp)[0]
    try:
        return await TLSStream.wrap(stream, hostname=name, ssl_context=tls_context(verify=probe.verify), standard_compatible=False)
    except ssl.SSLCertVerificationError as error:
        why = f"tls: failed to verify certificate: x509: {_X509.get(error.verify_code, error.verify_message)}"
    except ssl.SSLError:
        why = "tls: first record does not look like a TLS handshake"
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        why = str(error) or "EOF"
    await anyio.aclose_forcefully(stream)
    raise Unreachable(why)


#: Go's words for the codes of OpenSSL: https://docs.openssl.org/master/man1/openssl-verification-options/
_X509: dict[int, str] = dict.fromkeys((18, 19, 20, 21), "certificate signed by unknown authority")


async def probe_tcp(probe: Probe) -> CheckResult:
    """Check whether a TCP port accepts a connection, and speaks TLS if it must."""
    with anyio.move_on_after(probe.timeout):
        try:
            stream: anyio.abc.ByteStream = await connect(*split_address(probe.tcp))
            if probe.tls:
                stream = await _speak_tls(stream, probe)
        except Unreachable as error:
            return CheckResult("critical", str(error))
        with suppress(OSError):
            await stream.aclose()
        return CheckResult("passing", f"TCP{'+TLS' * probe.tls} connect {probe.tcp}: Success")
    return CheckResult("critical", "context deadline exceeded" if probe.tls else f"dial tcp {probe.tcp}: i/o timeout")


async def probe_udp(probe: Probe) -> CheckResult:
    """Check that a UDP port does not refuse. As in Consul, no answer until the time limit is a success."""
    with anyio.move_on_after(probe.timeout):
        try:
            host, port = split_address(probe.udp)
            address = (await resolve(host, port, "udp"))[0]
            # anyio does not report a refusal.
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.setblocking(False)
                udp.connect((address, port))
                udp.send(b"\n")
                await anyio.wait_readable(udp)
                udp.recv(1)
        except Unreachable as error:
            return CheckResult("critical", str(error))
        except OSError as error:
            return CheckResult("critical", f"read udp {probe.udp}: read: {_reason(error)}")
    return CheckResult("passing", f"UDP connect {probe.udp}: Success")
