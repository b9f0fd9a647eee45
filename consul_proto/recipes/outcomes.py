"""What the machines tell their users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.frozen import dataclass

if TYPE_CHECKING:
    from consul_proto.codec import Stored
    from consul_proto.errors import ConsulateException, LockLost


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A session was created, or the caller's session was found. session: its ID."""

    session: str


@dataclass(frozen=True, slots=True)
class Acquired:
    """The lock, the slot or the leadership is held.

    session: the ID of the session that holds it. fencing_token: larger for each later holder.
    """

    session: str
    fencing_token: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What was held is lost. The machine cleans up, and is over soon after."""

    error: LockLost


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The machine gave up before it held anything. It cleans up, and is over soon after.

    error: LockNotAcquired, if the time is over; LockConflict; or what Consul answered, if trying again does not help.
    """

    error: ConsulateException


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads. value: the value of the key. session: the ID of the leader's session. term: the key's ModifyIndex."""

    value: Stored
    session: str
    term: int


@dataclass(frozen=True, slots=True)
class LeaderChanged:
    """Another leads now. leader: None if nobody leads."""

    leader: Leader | None
