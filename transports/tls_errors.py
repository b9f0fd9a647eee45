"""Convert the exceptions of TLS to `RequestError`, with what to do about a certificate."""

from __future__ import annotations

import ssl

from consul_proto.errors import RequestError
from transports.errors import NOT_HTTP, USE_HTTP, wire_error

_UNVERIFIED = "the server's certificate could not be verified"

_OTHER_NAME = "it is for another name: give its name with server_name= or CONSUL_TLS_SERVER_NAME"

#: The code with which OpenSSL refuses a certificate -> what to do; for any other code, see `_what_failed`.
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


def tls_error(error: Exception, *, sent: bool, otherwise: str = NOT_HTTP) -> RequestError:
    """Return the RequestError for an exception of a connection that may have TLS; see `wire_error`."""
    if not isinstance(error, ssl.SSLError):
        return wire_error(error, sent=sent, otherwise=otherwise)
    detail = f": {error}" if str(error) else ""
    return RequestError(f"{_what_failed(error, sent=sent)}{detail}", maybe_applied=sent)


def _what_failed(error: ssl.SSLError, *, sent: bool) -> str:
    """Return what failed in TLS, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code: int = getattr(error, "verify_code", 0)
        return f"{_UNVERIFIED}; {_CERTIFICATES.get(code, 'give its authority with ca_file= or CONSUL_CACERT')}"
    if getattr(error, "reason", None) in _NOT_TLS:
        return f"TLS failed: the server does not answer in TLS; {USE_HTTP}"
    if isinstance(error, ssl.SSLEOFError) and not sent:
        return f"TLS failed: the server closed the connection; {USE_HTTP}"
    return "TLS failed"
