"""The TLS context of every transport. Certificates are verified unless `verify` is False."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consul_proto.config import TLS

#: https://docs.openssl.org/3.0/man3/SSL_CTX_set_options/: OpenSSL before 3.0 does not have it.
_IGNORE_UNEXPECTED_EOF: int = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


def client_context(tls: TLS) -> ssl.SSLContext:
    """Return the context for these settings. Raises ValueError with the name of the file if a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file, capath=tls.ca_path)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"the certificate authority at {tls.ca_file or tls.ca_path} cannot be used: {error}") from None
    # Some builds of Python treat a cut connection as the regular end of an answer. Anyone on the network path can cut a connection.
    context.options &= ~_IGNORE_UNEXPECTED_EOF
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.client_cert is not None:
        try:
            context.load_cert_chain(tls.client_cert, tls.client_key)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"the client certificate at {tls.client_cert} cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
