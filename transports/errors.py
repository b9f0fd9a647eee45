"""Convert the exceptions of the system to `RequestError`, the only exceptions that a transport raises.

Those of TLS and of urllib3 have their own modules, because their libraries take long to import. They are not imported when an error is
converted: that would fail where no more files can be opened.
"""

from __future__ import annotations

import socket

from consul_proto.errors import RequestError, RequestTimeout, words

#: Exception class, what happened and what to do, whether the exception's own text follows. The first class that matches is used.
_SAYS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (socket.gaierror, "the host name cannot be resolved", True),
    (ConnectionRefusedError, "the connection was refused; is an agent listening there?", False),
    (FileNotFoundError, "the socket file does not exist; does the agent listen on it (addresses.http)?", False),
    (PermissionError, "no permission to open the socket", True),
    (ConnectionResetError, "the connection was reset", False),
    (BrokenPipeError, "the connection was closed while the request was sent", False),
    (EOFError, "the connection was closed before the answer was complete", False),
    (OSError, "the connection failed", True),
)

#: What is said of exceptions that no table knows.
NOT_HTTP = "the answer is not valid HTTP"

#: The first bytes of the TLS alert with which most TLS servers answer plain HTTP.
TLS_ALERT = b"\x15\x03"

#: The first words of the messages for a connection that the server closed without an answer.
_NO_WORD = "the connection was "

#: What to do about a TLS connection to a port for plain HTTP, and the other way round.
USE_HTTP = "if its port is for plain HTTP, use http://"
_USE_TLS = "if its port is for TLS, use https://, or CONSUL_HTTP_SSL=true"


def needs_tls_error() -> RequestError:
    """Return the error for plain HTTP on a TLS port."""
    return RequestError(f"the server answers in TLS; {_USE_TLS}")


def suggest_https(error: RequestError) -> RequestError:
    """Add to an error of plain HTTP that the port may be for TLS, if the server closed the connection without an answer."""
    return _with_advice(error, _USE_TLS) if error.message.startswith(_NO_WORD) else error


def suggest_http(error: RequestError) -> RequestError:
    """Add to an error of a TLS handshake that the port may be for plain HTTP, if the server did not answer."""
    return _with_advice(error, USE_HTTP) if isinstance(error, RequestTimeout) or error.message.startswith(_NO_WORD) else error


def _with_advice(error: RequestError, advice: str) -> RequestError:
    error.message += f"; {advice}"
    error.args = (error.message,)
    return error


def wire_error(error: Exception, *, sent: bool, otherwise: str = NOT_HTTP) -> RequestError:
    """Return the RequestError for an exception of the system or of h11.

    sent: whether any byte of the request may have reached the server.
    otherwise: the text for exceptions that are not in the table; they come from HTTP libraries.
    """
    if isinstance(error, RequestError):
        return error
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
    return RequestTimeout(f"{when}; increase timeout=, or check the load of the agent", maybe_applied=sent)


def busy_error() -> RequestTimeout:
    """Return the error of a call that waited for a free connection until its time limit."""
    return RequestTimeout(
        "all connections of the client were in use until the time limit; increase Limits.connections, or Limits.blocking for blocking ones",
        maybe_applied=False,
    )


def size_error(limit: int) -> RequestError:
    """Return the error of an answer that is larger than the client allows."""
    return RequestError(f"the answer is larger than this client's limit of {limit} bytes; increase Limits.response_size")
