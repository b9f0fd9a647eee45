"""TLS as a client is told to do it, for every transport. Certificates are verified unless told otherwise."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consul_proto.config import TLS

#: https://docs.openssl.org/3.0/man3/SSL_CTX_set_options/: which OpenSSL before 3.0 does not know.
_IGNORE_UNEXPECTED_EOF: int = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


def client_context(tls: TLS) -> ssl.SSLContext:
    """Return the context for these settings. Raises ValueError, naming the file, where one cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file, capath=tls.ca_path)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"the certificate authority at {tls.ca_file or tls.ca_path} cannot be used: {error}") from None
    # Some builds of Python take a connection that is merely cut for an answer's end, which anyone on the way can bring about.
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
