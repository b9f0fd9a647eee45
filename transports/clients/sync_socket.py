"""HTTP for threads over sockets: TCP, TLS or UNIX sockets, without urllib3."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from transports.clients.pooled import PooledTransport
from transports.clients.socket_connection import SocketConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.config import Config


class SocketTransport(PooledTransport):
    """A `Transport` over TCP, TLS or a UNIX socket. Raises ValueError for a certificate that cannot be read, and for a proxy."""

    def __init__(self, config: Config) -> None:
        if config.proxy is not None:
            raise ValueError("adapters.SocketRequest does not support proxies; leave out adapter= to use urllib3, or leave out proxy=")
        make: Callable[[], SocketConnection] = partial(SocketConnection, config)
        if config.address.is_encrypted:
            from transports.clients.tls_socket import tls_connections  # ssl takes long to import, and plain HTTP does not need it

            make = tls_connections(config)
        super().__init__(make, config.limits, is_plain=config.address.scheme == "http", agents=len(config.addresses))
