"""Adapters. An adapter creates the transport that sends a client's requests. Transports are imported when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from consul_proto.config import Config
    from transports.protocol import AsyncTransport, Transport


class Adapter(Protocol):
    """An object that creates transports. `Consul(adapter=...)` takes a class with these methods, or an instance of it."""

    def transport(self, config: Config) -> Transport:
        """Return a transport for a `Consul`."""
        ...

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return a transport for an `AsyncConsul`."""
        ...


class Request:
    """The adapter for TCP, with or without TLS. It uses urllib3 for `Consul`, and anyio for `AsyncConsul`."""

    def transport(self, config: Config) -> Transport:
        """Return a transport for a `Consul`. Raises ValueError for a certificate or proxy that cannot be used."""
        if config.address.is_unix:
            raise ValueError("adapters.Request cannot connect to a UNIX socket; use adapters.UnixSocketRequest, or leave out adapter=")
        from transports.clients.sync_urllib3 import Urllib3Transport

        return Urllib3Transport(config)

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return a transport for an `AsyncConsul`. Raises ValueError for a certificate or proxy that cannot be used."""
        from transports.clients.async_anyio import AnyioTransport

        return AnyioTransport(config)


class UnixSocketRequest:
    """The adapter for a UNIX socket, with or without TLS. It uses h11 for `Consul`, and anyio for `AsyncConsul`."""

    def transport(self, config: Config) -> Transport:
        """Return a transport for a `Consul`. Raises ValueError for an address that is not a UNIX socket, and for a proxy."""
        _check_unix(config)
        from transports.clients.sync_socket import SocketTransport

        return SocketTransport(config)

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return a transport for an `AsyncConsul`. Raises ValueError for an address that is not a UNIX socket, and for a proxy."""
        _check_unix(config)
        from transports.clients.async_anyio import AnyioTransport

        return AnyioTransport(config)


class SocketRequest:
    """The adapter for sockets without urllib3: TCP, TLS and UNIX. It takes less CPU than `Request`, and supports no proxies.

    It is for systems with poll: not for Windows. `AsyncConsul` uses anyio, as with the other adapters.
    """

    def transport(self, config: Config) -> Transport:
        """Return a transport for a `Consul`. Raises ValueError for a certificate that cannot be used, and for a proxy."""
        from transports.clients.sync_socket import SocketTransport

        return SocketTransport(config)

    def async_transport(self, config: Config) -> AsyncTransport:
        """Return a transport for an `AsyncConsul`. Raises ValueError for a certificate or proxy that cannot be used."""
        from transports.clients.async_anyio import AnyioTransport

        return AnyioTransport(config)


def _check_unix(config: Config) -> None:
    if not config.address.is_unix:
        raise ValueError(
            f"adapters.UnixSocketRequest needs scheme='http+unix' or 'https+unix' and the path of a socket, not {config.address}"
        )
    if config.proxy is not None:
        raise ValueError("a UNIX socket cannot be reached through a proxy; leave out proxy=")


def adapter_for(config: Config, given: Adapter | type[Adapter] | None) -> Adapter:
    """Return the given adapter; without one, return the adapter for the scheme of the address."""
    if given is None:
        return UnixSocketRequest() if config.address.is_unix else Request()
    return given() if isinstance(given, type) else given
