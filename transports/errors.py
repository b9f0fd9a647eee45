"""The one place where exceptions of other libraries become `RequestError`: a transport raises nothing else."""

from __future__ import annotations

import socket
import ssl
from http.client import IncompleteRead, RemoteDisconnected

from consul_proto.errors import RequestError, RequestTimeout, words

#: Exception class, what happened and what to do, whether the exception's own text follows. The first class that matches is used.
_SAYS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (
        ssl.SSLCertVerificationError,
        "the server's certificate could not be verified; give its authority with ca_file= or CONSUL_CACERT",
        True,
    ),
    (ssl.SSLError, "TLS failed", True),
    (socket.gaierror, "the host name cannot be resolved", True),
    (ConnectionRefusedError, "the connection was refused; is an agent listening there?", False),
    (FileNotFoundError, "the socket file does not exist; does the agent listen on it (addresses.http)?", False),
    (PermissionError, "no permission to open the socket", True),
    (RemoteDisconnected, "the connection was closed before the answer arrived", False),
    (ConnectionResetError, "the connection was reset", False),
    (BrokenPipeError, "the connection was closed while the request was sent", False),
    (IncompleteRead, "the connection was closed before the answer was complete", False),
    (EOFError, "the connection was closed before the answer was complete", False),
    (OSError, "the connection failed", True),
)


def wire_error(error: Exception, *, sent: bool, otherwise: str = "the answer is not valid HTTP") -> RequestError:
    """Return the RequestError for an exception of another library or of the system.

    sent: whether any byte of the request may have reached the server.
    otherwise: the text for exceptions that are not in the table; they come from HTTP libraries.
    """
    if isinstance(error, RequestError):
        return error
    # urllib3 wraps the system's exception.
    if isinstance(error.__cause__, OSError | IncompleteRead) and not isinstance(error, OSError):
        error = error.__cause__
    if isinstance(error, TimeoutError):
        return timeout_error(sent=sent)
    for kind, says, quote in _SAYS:
        if isinstance(error, kind):
            detail = f": {error}" if quote and str(error) else ""
            return RequestError(f"{says}{detail}", maybe_applied=sent)
    return RequestError(f"{otherwise}: {words(str(error).encode()) or type(error).__name__}", maybe_applied=sent)


def timeout_error(*, sent: bool) -> RequestTimeout:
    """Return the error of a call that reached its time limit."""
    when = "no complete answer within the time limit" if sent else "could not connect within the time limit"
    return RequestTimeout(f"{when}; raise timeout=, or check the load of the agent", maybe_applied=sent)


def busy_error() -> RequestTimeout:
    """Return the error of a call that waited for a free connection until its time limit."""
    return RequestTimeout(
        "all connections of the client were in use until the time limit; raise Limits.connections, or Limits.blocking for blocking queries",
        maybe_applied=False,
    )


def size_error(limit: int) -> RequestError:
    """Return the error of an answer that is larger than the client allows."""
    return RequestError(f"the answer is larger than this client's limit of {limit} bytes; raise Limits.response_size")
