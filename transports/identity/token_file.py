"""A token in a file, which may be replaced at any time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from consul_proto.identity.tokens import Retry, TokenState, Use
from consul_proto.message import check_header
from transports.clients.fork import renew_after_fork
from transports.identity import Identity
from transports.log import warning

if TYPE_CHECKING:
    from consul_proto.identity.tokens import Step


class FileTokens:
    """The current token of a file. Raises ValueError if the file cannot be read, or if what it holds cannot be a token."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._state = TokenState()
        self._version = _version(self.path)
        if token := _read(self.path):
            self._state.obtained(token, 0.0, settling=0.0)
        self._warned: object = None
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In the child: a thread of the parent may hold the lock."""
        self._lock = threading.Lock()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The tokens that no error may contain."""
        return self._state.secrets

    def next(self, now: float) -> Step:
        """Return the token to send. Each call looks at the file's status, which takes much less time than sending the call."""
        # In an event loop, this blocks for as long as the file system takes. Reading a small file in a worker thread would take longer.
        with self._lock:
            if _version(self.path) != self._version:
                self._read_again(now)
            return Use(self._state.token)

    def refused(self, token: str | None, now: float, attempt: int) -> Retry | None:
        """Read the file again, whether it seems to have changed or not. Return None if it has no other token."""
        with self._lock:
            if token == self._state.token:
                self._read_again(now)
            answer = self._state.refused(token, now, attempt)
            if self._state.token is None:
                self._state.token = token
                return None
            return answer

    def _read_again(self, now: float) -> None:
        version = _version(self.path)
        try:
            token = _read(self.path)
        except ValueError as error:
            self._warn(version, str(error))
            return
        self._version = version
        if not token:
            self._warn(version, f"the token file {self.path} is empty")
        elif token != self._state.token:
            self._state.obtained(token, now)

    def _warn(self, version: object, why: str) -> None:
        """Log a warning, once for each version of the file."""
        if self._warned != (version, why):
            self._warned = (version, why)
            warning("%s; the last token is used", why)


class TokenFile(Identity):
    """A token in a file, such as one that Vault or Kubernetes replaces: `Consul(auth=TokenFile("/run/consul/token"))`.

    The file is read again when it has changed, and when Consul no longer knows the token; a call that was refused for that is sent once
    more with the new token. One TokenFile can serve any number of clients, threads and tasks. Blanks around the token are removed.
    If a replaced file cannot be read, or is empty, the last token is used, and a warning is logged.

    path: the file. Raises ValueError if it cannot be read, or if what it holds cannot be a token. While it is empty, no token is sent.

    ```python
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from consulate import Consul, TokenFile

    with TemporaryDirectory() as folder:
        path = Path(folder, "token")  # in production: the file that Vault Agent writes
        path.write_text("5f0c6f3e")
        consul = Consul(auth=TokenFile(path))
    ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(FileTokens(path))
        self.path = os.fspath(path)

    def __repr__(self) -> str:
        return f"TokenFile({self.path!r})"


def _version(path: str) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib takes longer, and this is done for each call
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: str) -> str:
    """Return what the file holds. Raises ValueError without showing it."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes longer to import than this module
            token = file.read().strip()
    except OSError as error:
        raise ValueError(f"the token file cannot be read: {error}; check its path and its rights") from None
    except UnicodeError:
        raise ValueError(f"the token file cannot be read: {path} is not text in UTF-8") from None
    try:
        check_header("X-Consul-Token", token)
    except ValueError as error:
        raise ValueError(f"the token file {path} holds no token: {error}") from None
    return token
