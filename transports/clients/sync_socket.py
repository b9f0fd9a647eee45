"""HTTP for threads over sockets: TCP, TLS or UNIX sockets, without urllib3."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from consul_proto.message import StreamedBody
from transports.clients.exchange import Exchange
from transports.clients.pooled import PooledTransport, deadline_after
from transports.clients.socket_connection import SocketConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.config import Config
    from consul_proto.message import Request


class SocketTransport(PooledTransport):
    """A `Transport` over TCP, TLS or a UNIX socket. Raises ValueError for a certificate that cannot be read, and for a proxy."""

    def __init__(self, config: Config) -> None:
        if config.proxy is not None:
            raise ValueError("adapters.SocketRequest does not support proxies; leave out adapter= to use urllib3, or leave out proxy=")
        make: Callable[[], SocketConnection] = partial(SocketConnection, config)
        if config.address.is_encrypted:
            from transports.clients.tls_socket import tls_connections  # ssl takes long to import, and plain HTTP does not need it

            make = tls_connections(config)
        self._is_encrypted = config.address.is_encrypted
        super().__init__(make, config.limits, is_plain=config.address.scheme == "http", agents=len(config.addresses))

    def start_exchange(self, request: Request, timeout: float | None) -> Exchange | None:
        """Send a request, without waiting for its answer, which may take `timeout` seconds (None: no limit).

        Return None, with nothing sent, if the request must wait for something else (a place, the address of a host, TLS, pieces of its
        body, something new at Consul), or if connecting fails at once. `send` then does it, or says why it fails.
        """
        if self._is_encrypted or request.wait > 0 or isinstance(request.body, StreamedBody):
            return None
        with self._lock:
            connection = None if self._closed else self._pool.reserve_idle(monotonic())
            is_reused = connection is not None
            if connection is None:
                if self._closed or not self._pool.reserve(blocking=False):
                    return None
                connection = self._connection()
            self._busy.add(connection)
        assert isinstance(connection, SocketConnection)
        if not is_reused and not connection.start_connecting():
            self._check_in(False, connection, keep=False)
            return None
        return Exchange(
            connection,
            request,
            deadline_after(timeout),
            explain=lambda error: self._failure(error, connection, is_reused, None),
            done=lambda keep: self._check_in(False, connection, keep),
        )
