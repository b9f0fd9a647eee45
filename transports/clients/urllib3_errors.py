"""Convert the exceptions of urllib3, and of http.client below it, to `RequestError`."""

from __future__ import annotations

from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected

from consul_proto.errors import RequestError
from transports.errors import NOT_HTTP, TLS_ALERT, needs_tls_error
from transports.tls_errors import tls_error


def urllib3_error(error: Exception, *, sent: bool, otherwise: str = NOT_HTTP) -> RequestError:
    """Return the RequestError for an exception of urllib3, http.client, TLS or the system; see `wire_error`."""
    # urllib3 wraps the system's exception.
    if isinstance(error.__cause__, OSError | IncompleteRead) and not isinstance(error, OSError | RequestError):
        error = error.__cause__
    if isinstance(error, BadStatusLine) and str(error).startswith(TLS_ALERT.decode()):
        return needs_tls_error()
    if isinstance(error, RemoteDisconnected):
        return RequestError("the connection was closed before the answer arrived", maybe_applied=sent)
    if isinstance(error, IncompleteRead):
        error = EOFError()
    return tls_error(error, sent=sent, otherwise=otherwise)
