"""Convert the exceptions of other libraries to `RequestError`, the only exceptions that a transport raises."""

from __future__ import annotations

import socket
import ssl
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected

from consul_proto.errors import RequestError, RequestTimeout, words

#: Exception class, what happened and what to do, whether the exception's own text follows. The first class that matches is used.
_SAYS: tuple[tuple[type[BaseException], str, bool], ...] = (
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


_UNVERIFIED = "the server's certificate could not be verified"

_OTHER_NAME = "it is for another name: give its name with server_name= or CONSUL_TLS_SERVER_NAME"

#: The code with which OpenSSL refuses a certificate -> what to do; for any other code, see `_tls_error`.
#: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_CERTIFICATES = {
    9: "it is not valid yet: check the clocks of both machines",
    10: "it has expired: renew it, and check the clock of this machine",
    23: "it was revoked",
    62: _OTHER_NAME,
    63: _OTHER_NAME,
    64: _OTHER_NAME,
}

#: OpenSSL's names for an answer that is not TLS; which one it gives depends on its version.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})

#: The first bytes of the TLS alert with which most TLS servers answer plain HTTP.
TLS_ALERT = b"\x15\x03"

#: The first words of the messages for a connection that the server closed without an answer.
_NO_WORD = "the connection was "

_USE_HTTP = "if its port is for plain HTTP, use http://"
_USE_TLS = "if its port is for TLS, use https://, or CONSUL_HTTP_SSL=true"


def needs_tls_error() -> RequestError:
    """Return the error for plain HTTP on a TLS port."""
    return RequestError(f"the server answers in TLS; {_USE_TLS}")


def suggest_https(error: RequestError) -> RequestError:
    """Add to an error of plain HTTP that the port may be for TLS, if the server closed the connection without an answer."""
    return _with_advice(error, _USE_TLS) if error.message.startswith(_NO_WORD) else error


def suggest_http(error: RequestError) -> RequestError:
    """Add to an error of a TLS handshake that the port may be for plain HTTP, if the server did not answer."""
    return _with_advice(error, _USE_HTTP) if isinstance(error, RequestTimeout) or error.message.startswith(_NO_WORD) else error


def _with_advice(error: RequestError, advice: str) -> RequestError:
    error.message += f"; {advice}"
    error.args = (error.message,)
    return error


def _tls_error(error: ssl.SSLError, *, sent: bool) -> str:
    """Return what failed in TLS, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code: int = getattr(error, "verify_code", 0)
        return f"{_UNVERIFIED}; {_CERTIFICATES.get(code, 'give its authority with ca_file= or CONSUL_CACERT')}"
    if getattr(error, "reason", None) in _NOT_TLS:
        return f"TLS failed: the server does not answer in TLS; {_USE_HTTP}"
    if isinstance(error, ssl.SSLEOFError) and not sent:
        return f"TLS failed: the server closed the connection; {_USE_HTTP}"
    return "TLS failed"


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
    if isinstance(error, BadStatusLine) and str(error).startswith(TLS_ALERT.decode()):
        return needs_tls_error()
    for kind, says, quote in _SAYS:
        if isinstance(error, kind):
            says = _tls_error(error, sent=sent) if isinstance(error, ssl.SSLError) else says
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
