"""The connections of `socket_connection` with TLS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from transports.clients.socket_connection import SocketConnection
from transports.clients.tls import ClientContexts
from transports.clients.tls_wire import TLSWire
from transports.clients.wires import time_left
from transports.errors import suggest_http
from transports.tls_errors import tls_error

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from consul_proto.config import Config
    from consul_proto.errors import RequestError


class TLSConnection(SocketConnection):
    """One connection with TLS. context: for its handshake."""

    def __init__(self, config: Config, context: ssl.SSLContext) -> None:
        super().__init__(config)
        self._context = context
        self._server_name = config.tls.server_name or config.address.host

    def _wire_over(self, sock: socket.socket, deadline: float) -> TLSWire:
        """Do the handshake, and return the wire."""
        try:
            return self._shake_hands(sock, deadline)
        except OSError as error:
            raise suggest_http(self._failure(error, sent=False)) from error

    def _shake_hands(self, sock: socket.socket, deadline: float) -> TLSWire:
        # A stream without a proper end was cut off, which is an error: no suppress_ragged_eofs.
        wrapped = self._context.wrap_socket(
            sock, server_hostname=self._server_name, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        # This is not the socket that was connected, but one around it.
        self._socket = wrapped
        self._attempt.watch(wrapped)
        wrapped.settimeout(time_left(deadline))
        wrapped.do_handshake()
        return TLSWire(wrapped)

    def _failure(self, error: OSError, *, sent: bool) -> RequestError:
        return tls_error(error, sent=sent)


def tls_connections(config: Config) -> Callable[[], TLSConnection]:
    """Return what makes the connections of a client. Raises ValueError for a certificate that cannot be read."""
    contexts = ClientContexts(config.tls)
    return lambda: TLSConnection(config, contexts.current())
