"""Foreign exceptions become ours, in this one place: what leaves a transport is a RequestError."""

from __future__ import annotations

import socket
import ssl
from http.client import IncompleteRead, RemoteDisconnected

from consul_proto.errors import RequestError, RequestTimeout, words

#: The first that fits says what happened and what to do. The exception's own words follow where they say more.
_SAYS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (ssl.SSLCertVerificationError, "the server's certificate does not verify; name its authority with ca_file= or CONSUL_CACERT", True),
    (ssl.SSLError, "TLS failed", True),
    (socket.gaierror, "the host name cannot be resolved", True),
    (ConnectionRefusedError, "the connection was refused; is an agent listening there?", False),
    (FileNotFoundError, "there is no such socket file; does the agent listen on it (addresses.http)?", False),
    (PermissionError, "the socket may not be opened", True),
    (RemoteDisconnected, "the connection was closed before the answer", False),
    (ConnectionResetError, "the connection was reset", False),
    (BrokenPipeError, "the connection was closed while the request was sent", False),
    (IncompleteRead, "the connection was closed before the answer was whole", False),
    (EOFError, "the connection was closed before the answer was whole", False),
    (OSError, "the connection failed", True),
)


def wire_error(error: Exception, *, sent: bool, otherwise: str = "the answer is not HTTP") -> RequestError:
    """Return the RequestError that a foreign exception is.

    sent: whether any byte of the request may have reached the server. otherwise: what an exception of an HTTP library means.
    """
    if isinstance(error, RequestError):
        return error
    # urllib3 wraps what the system said.
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
    """The error of a call that ran out of time."""
    when = "there was no whole answer in time" if sent else "no connection could be had in time"
    return RequestTimeout(f"{when}; give a longer timeout=, or look at the agent's load", maybe_applied=sent)


def busy_error() -> RequestTimeout:
    """The error of a call that waited for one of a bounded number of connections until its time was up."""
    return RequestTimeout("every connection of the client was busy until the time was up; see Limits", maybe_applied=False)


def size_error(limit: int) -> RequestError:
    """The error of an answer above the limit that the client sets."""
    return RequestError(f"the answer is larger than the limit of {limit} bytes that this client sets (Limits.response_size)")
