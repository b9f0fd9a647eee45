"""Transports that put the current token of an identity on each call, for threads and for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transports.identity.login import LoginTokens
    from transports.identity.token_file import FileTokens


class Identity:
    """Who a client is: a TokenFile or a Login. Clients that have none import no more than this."""

    def __init__(self, tokens: FileTokens | LoginTokens) -> None:
        self._tokens = tokens


def tokens_of(identity: Identity) -> FileTokens | LoginTokens:
    """Return the object that finds the current token of an identity. It is not public."""
    return identity._tokens  # noqa: SLF001 - as above
