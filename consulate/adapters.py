"""Adapters: each makes the transport that carries a client's calls. Transports are imported when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from consul_proto.config import Config
    from transports.protocol import AsyncTransport, Transport


class Adapter(Protocol):
    """Makes transports. `Consul(adapter=...)` takes a class with these methods, or an instance of it."""

    def transport(self, config: Config) -> Transport:
        """Return the transport of a `Consul`."""
        ...

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return the transport of an `AsyncConsul`."""
        ...


class Request:
    """Carries calls over TCP, with or without TLS: over urllib3 for threads, over anyio for tasks."""

    def transport(self, config: Config) -> Transport:
        """Return the transport of a `Consul`. Raises ValueError for a certificate or proxy that cannot be used."""
        if config.address.scheme == "unix":
            raise ValueError("adapters.Request cannot reach a UNIX socket; give adapters.UnixSocketRequest, or leave out adapter=")
        from transports.clients.sync_urllib3 import Urllib3Transport

        return Urllib3Transport(config)

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return the transport of an `AsyncConsul`. Raises ValueError for a certificate or proxy that cannot be used."""
        from transports.clients.async_anyio import AnyioTransport

        return AnyioTransport(config)


class UnixSocketRequest:
    """Carries calls over a UNIX socket: over h11 for threads, over anyio for tasks."""

    def transport(self, config: Config) -> Transport:
        """Return the transport of a `Consul`. Raises ValueError for an address that is not a UNIX socket, and for a proxy."""
        _check_unix(config)
        from transports.clients.sync_socket import UnixTransport

        return UnixTransport(config)

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return the transport of an `AsyncConsul`. Raises ValueError for an address that is not a UNIX socket, and for a proxy."""
        _check_unix(config)
        from transports.clients.async_anyio import AnyioTransport

        return AnyioTransport(config)


def _check_unix(config: Config) -> None:
    if config.address.scheme != "unix":
        raise ValueError(f"adapters.UnixSocketRequest needs scheme='http+unix' and the path of a socket, not {config.address}")
    if config.proxy is not None:
        raise ValueError("a UNIX socket cannot be reached through a proxy; leave out proxy=")


def adapter_for(config: Config, given: Adapter | type[Adapter] | None) -> Adapter:
    """Return the given adapter, or the one for the address."""
    if given is None:
        return UnixSocketRequest() if config.address.scheme == "unix" else Request()
    return given() if isinstance(given, type) else given
