"""Puts the identity of a client, a TokenFile or a Login, around its transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from transports.identity.login import LoginTokens

if TYPE_CHECKING:
    from transports.drive import Context
    from transports.identity.token_file import FileTokens


def identified(transport: Any, tokens: FileTokens | LoginTokens, context: Context[Any], kind: Literal["threads", "tasks"]) -> Any:
    """Return a transport that puts the identity's current token on each request that has none. It must be outermost."""
    login = tokens if isinstance(tokens, LoginTokens) else None
    if kind == "threads":
        from transports.identity.threads import identity_transport

        return identity_transport(transport, tokens, login, context)
    from transports.identity.tasks import AsyncIdentityTransport  # imported when it is used, so that threads need no anyio

    return AsyncIdentityTransport(transport, tokens, login, context)
