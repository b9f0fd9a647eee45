"""A lock on a key: the official client's LockKey, so that the two exclude each other. `contender.py` has its states and rules.

The key has the flag of locks; a key with other flags is in use for something else. The key stays when the lock is released, as with the
official client, or is deleted if asked for.

https://developer.hashicorp.com/consul/docs/automate/application-leader-election
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from consul_proto.codec import Value
from consul_proto.durations import Duration, seconds
from consul_proto.endpoints.kv_entries import one_key
from consul_proto.endpoints.txn import (
    commit,
    kv_check_index,
    kv_check_not_exists,
    kv_check_session,
    kv_delete,
    kv_lock,
    kv_unlock,
)
from consul_proto.errors import LockConflict
from consul_proto.paths import key_path
from consul_proto.recipes.contender import WAIT, WATCH, Contender
from consul_proto.recipes.fenced_transaction import fenced_transaction
from consul_proto.recipes.session import DEFAULT_TTL, SessionOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.operation import Operation

#: The flags of a key that is a lock: LockFlagValue of the official client.
LOCK_FLAG = 0x2DDCCBC058A50C18

#: The lock delay that Consul gives a session by itself.
DEFAULT_DELAY = "15s"

#: The key's entry, or nothing if the key does not exist.
Entries: TypeAlias = list[dict[str, Any]]


class Lock(Contender[Entries]):
    """Acquire and hold the lock on a key. It tells Acquired, and then Lost if it is lost; or GaveUp.

    session: the ID of a session of the caller's; None: the lock has one of its own. value: what the key holds while it is locked.
    ttl: of the session, at least the agent's session_ttl_min (10 seconds). delay: the lock delay after a loss. checks: the IDs of the
    checks that end the session when they fail; None: serfHealth, [] for none. name: the session's, for people.
    timeout: seconds to wait; None: without end; 0: try once. delete: delete the key when the lock is released.
    jitter: returns a random number from 0 to 1 for each pause.

    Raises ValueError for a key that no path reaches ("a//b"), and for invalid durations.
    """

    def __init__(
        self,
        key: str,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        key_path(key)
        named = name or f"lock of {key}"
        super().__init__(f"the lock {key!r}", SessionOptions(ttl, "release", delay, checks, named, session), timeout, jitter)
        self.key = key
        self._value = value
        self._delete = delete
        kv_lock(key, value, "checked here")

    def _look(self, index: int) -> Operation[Entries]:
        options = {"index": index, "wait": WAIT} if index else {}
        return one_key(self.key, list, options)

    def _watch(self, index: int) -> Operation[Entries]:
        options = {"index": index, "wait": WATCH} if index else {}
        return one_key(self.key, list, {"consistency": "consistent", **options})

    def _is_free(self, found: Entries) -> bool:
        if any(entry["Flags"] != LOCK_FLAG for entry in found):
            raise LockConflict(
                f"the key {self.key!r} is not a lock: its flags are {found[0]['Flags']:#x}, those of a lock {LOCK_FLAG:#x};"
                " use another key, or delete this one",
                maybe_applied=False,
            )
        return all(entry.get("Session") in (None, "", self._session.id) for entry in found)

    def _is_ours(self, found: Entries) -> bool:
        return any(entry.get("Session") == self._session.id for entry in found)

    def _acquire(self, found: Entries) -> Operation[int]:
        check = kv_check_not_exists(self.key)
        for entry in found:
            # A key that is ours already may have been written to since.
            is_ours = entry.get("Session") == self._session.id
            check = kv_check_session(self.key, self._session.id) if is_ours else kv_check_index(self.key, entry["ModifyIndex"])
        return fenced_transaction([check, kv_lock(self.key, self._value, self._session.id, LOCK_FLAG)])

    def _release(self) -> None:
        check = kv_check_session(self.key, self._session.id)
        release = kv_delete(self.key) if self._delete else kv_unlock(self.key, self._value, self._session.id, LOCK_FLAG)
        self._send("release", commit([check, release], {}), self._attempt)


def worst_case_takeover(ttl: Duration = DEFAULT_TTL, delay: Duration = DEFAULT_DELAY, leader_changes: int = 0) -> float:
    """Return the seconds after which another has the lock at the latest, if its holder crashes.

    Consul ends a session after up to twice its TTL, and then the lock delay begins. A new leader of the cluster restarts the TTL.
    leader_changes: how many changes of the leader to reckon with. What the calls themselves take is not included.
    https://developer.hashicorp.com/consul/docs/automate/session
    """
    return 2 * seconds(ttl) * (1 + leader_changes) + seconds(delay)
