"""The TLS context of every transport. Certificates are verified unless `verify` is False."""

from __future__ import annotations

import os
import ssl
import threading
from typing import TYPE_CHECKING

from transports.clients.fork import renew_after_fork
from transports.log import warning

if TYPE_CHECKING:
    from typing import TypeAlias

    from consul_proto.config import TLS

    #: What changes when a file is replaced, for each file; None for one that does not exist.
    Version: TypeAlias = tuple[tuple[int, int, int] | None, ...]

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


class ClientContexts:
    """The context for new connections. It is made anew when one of its files has changed.

    While the files cannot be used, as when only one of two has been replaced yet, the last context is used, and a warning is logged.
    Raises ValueError with the name of the file if a file cannot be used at first.
    """

    def __init__(self, tls: TLS) -> None:
        self._tls = tls
        self._files = [path for path in (tls.ca_file, tls.ca_path, tls.client_cert, tls.client_key) if path is not None]
        self._version = self._refused = self._look()
        self._context = client_context(tls)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In the child: a thread of the parent may hold the lock."""
        self._lock = threading.Lock()

    def current(self) -> ssl.SSLContext:
        """Return the context for a new connection. Looking at a file takes a few microseconds, a TLS handshake a thousand."""
        version = self._look()
        if version == self._version or version == self._refused:
            return self._context
        with self._lock:
            try:
                self._context, self._version = client_context(self._tls), version
            except ValueError as error:
                self._refused = version
                warning("%s; new connections use what was read before", error)
            return self._context

    def _look(self) -> Version:
        return tuple([_version(path) for path in self._files])


def _version(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib takes longer, and this is done for each connection
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
