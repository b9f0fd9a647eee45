"""The life of the token of an identity: when to use it, when to get another, and what a refusal means.

The time is an argument. Nothing here locks; `transports.identity` does.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from consul_proto.frozen import dataclass

#: The part of a token's life after which another is obtained, while the old one is still good.
_RENEWAL = 0.8

#: The longest pause after a failed renewal, in seconds.
_PAUSE_AFTER_FAILURE = 5.0

#: Seconds in which all servers should know a new token: https://github.com/hashicorp/consul/issues/11704
SETTLING = 3.0

#: Seconds until a token that a server does not know yet is sent again: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.4

#: How many old tokens are remembered, so that no error shows them.
_REMEMBERED = 16


@dataclass(frozen=True, slots=True, repr=False)
class Use:
    """Send this token; None: send none."""

    token: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Obtain:
    """Get a new token, and tell the state how it went. spare: the old one, which is still good."""

    spare: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until the caller that gets a new token has told how it went."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the call again, after this many seconds, with the token that is the current one then.

    is_replaced: whether the refused token was not the current one any more.
    """

    pause: float = 0.0
    is_replaced: bool = False


Step: TypeAlias = Use | Obtain | Wait


class TokenState:
    """The current token, until when it is good, and whether another is being obtained."""

    def __init__(self) -> None:
        self.token: str | None = None
        self._is_obtaining = False
        self._settles_at = self._renew_at = self._expires_at = float("inf")
        self._known: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The tokens of now and of before: no error may contain them."""
        return tuple(self._known)

    def remember(self, secret: str) -> None:
        """Add a text that no error may contain."""
        if secret not in self._known:
            self._known.append(secret)

    def next(self, now: float) -> Step:
        """Return what a call must do to get its token. `Obtain` is returned to one caller at a time."""
        if now >= self._expires_at:
            self.token = None
        if self.token is not None and (self._is_obtaining or now < self._renew_at):
            return Use(self.token)
        if self._is_obtaining:
            return Wait()
        self._is_obtaining = True
        return Obtain(self.token)

    def obtained(self, token: str, now: float, lifetime: float | None = None, settling: float = SETTLING) -> None:
        """Take a new token. now: when it was asked for. lifetime: seconds until it expires; None: it does not."""
        self.remember(token)
        self.token, self._is_obtaining = token, False
        self._settles_at = now + settling
        self._expires_at = self._renew_at = float("inf")
        if lifetime is not None:
            self._renew_at, self._expires_at = now + lifetime * _RENEWAL, now + lifetime

    def failed(self, now: float) -> None:
        """Record that no new token was obtained. While the old one is good, the next attempt is made after a pause."""
        self._is_obtaining = False
        if self.token is not None:
            self._renew_at = now + min(_PAUSE_AFTER_FAILURE, max(0.0, self._expires_at - now) / 2)

    def refused(self, token: str | None, now: float, attempt: int) -> Retry:
        """Return when to send a call again whose token Consul does not know. attempt: how often this call paused before, from 0."""
        if token != self.token:
            return Retry(is_replaced=True)
        if now < self._settles_at:
            return Retry(min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE, self._settles_at - now))
        self.token = None
        return Retry()

    def drop(self) -> str | None:
        """Forget the current token, and return it."""
        token, self.token = self.token, None
        return token
