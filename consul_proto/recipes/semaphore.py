"""A semaphore: at most `limit` holders at a time, with the layout of the official client. `contender.py` has its states and rules.

`prefix/.lock` has {"Limit": ..., "Holders": {session: true}}, and is only written by check-and-set. Each holder has a contender key,
`prefix/<session>`, which its session locks, and which Consul deletes with the session. A holder without it is dead, and does not count.

Besides the rules of contenders:
(1) One transaction takes the contender key and adds the holder, so that no holder is without it. (The official client takes it first.)
(2) The fencing token is the ModifyIndex of the write that added the holder. If that write's answer was lost, others may have written since:
    the same transaction then removes the holder and adds it again, so that the token is that of a write of its own.
(3) There is no lock delay: a slot is free as soon as the session of its holder has ended.

https://developer.hashicorp.com/consul/docs/automate/semaphore
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from consul_proto.codec import Value
from consul_proto.durations import Duration
from consul_proto.endpoints.kv_entries import bytes_of, entry_tree, one_key
from consul_proto.endpoints.txn import commit, kv_cas, kv_delete, kv_delete_cas, kv_lock, kv_set
from consul_proto.errors import LockConflict
from consul_proto.frozen import dataclass
from consul_proto.paths import key_path
from consul_proto.recipes.contender import WAIT, WATCH, Contender, State
from consul_proto.recipes.fenced_transaction import fenced_transaction
from consul_proto.recipes.pauses import pause
from consul_proto.recipes.session import DEFAULT_TTL, SessionOptions
from consul_proto.recipes.table import Transitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from consul_proto.meta import Reply
    from consul_proto.operation import Operation

#: The flags of the keys of a semaphore: SemaphoreFlagValue of the official client.
SEMAPHORE_FLAG = 0xE0F69A2BAA414DE0


@dataclass(frozen=True, slots=True)
class Slots:
    """What the keys of a semaphore say.

    index: the ModifyIndex of `.lock`; 0: there is no such key. flags: its flags. limit, holders: what it says; limit None: it is not a
    semaphore's.
    alive: the sessions that have a contender key.
    """

    index: int = 0
    flags: int = SEMAPHORE_FLAG
    limit: int | None = None
    holders: frozenset[str] = frozenset()
    alive: frozenset[str] = frozenset()


class Semaphore(Contender[Slots]):
    """Acquire and hold one of the slots of a semaphore. It tells Acquired, and then Lost if it is lost; or GaveUp.

    limit: the number of slots; all contenders must give the same. value: what the contender key holds.
    delete: when the last holder leaves, delete `.lock` too. For the others, see `consul_proto.recipes.lock.Lock`.

    Raises ValueError for a limit below 1, a prefix that no path reaches, and for invalid durations; TypeError.
    """

    def __init__(
        self,
        prefix: str,
        limit: int,
        *,
        session: str | None = None,
        value: Value = None,
        ttl: Duration = DEFAULT_TTL,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        delete: bool = False,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        if limit < 1:
            raise ValueError(f"the limit of a semaphore must be at least 1, not {limit}")
        self.prefix = prefix.rstrip("/")
        self.limit = limit
        key_path(self._key)
        named = name or f"semaphore of {self.prefix}"
        super().__init__(f"a slot of {self.prefix!r}", SessionOptions(ttl, "delete", 0, checks, named, session), timeout, jitter)
        self._value = value
        self._delete = delete
        kv_set(self._key, value)

    @property
    def _key(self) -> str:
        return f"{self.prefix}/.lock"

    @property
    def _contender_key(self) -> str:
        return f"{self.prefix}/{self._session.id}"

    def _look(self, index: int) -> Operation[Slots]:
        options = {"index": index, "wait": WAIT} if index else {}
        return entry_tree(f"{self.prefix}/", self._read, options)

    def _watch(self, index: int) -> Operation[Slots]:
        options = {"index": index, "wait": WATCH} if index else {}
        return one_key(self._key, self._read, {"consistency": "consistent", **options})

    def _read(self, entries: Iterable[dict[str, Any]]) -> Slots:
        """Read the entries of an answer."""
        found = {entry["Key"]: entry for entry in entries}
        sessions = {key.removeprefix(f"{self.prefix}/"): entry.get("Session") for key, entry in found.items()}
        alive = frozenset(name for name, session in sessions.items() if name == session)
        if (lock := found.get(self._key)) is None:
            return Slots(limit=self.limit, alive=alive)
        limit, holders = _parsed(bytes_of(lock))
        return Slots(lock["ModifyIndex"], lock["Flags"], limit, holders, alive)

    def _is_free(self, found: Slots) -> bool:
        if found.flags != SEMAPHORE_FLAG or found.limit is None:
            raise LockConflict(f"the key {self._key!r} is not of a semaphore; use another prefix, or delete it", maybe_applied=False)
        if found.limit != self.limit:
            raise LockConflict(
                f"the semaphore {self.prefix!r} has the limit {found.limit}, not {self.limit}; use the same limit everywhere",
                maybe_applied=False,
            )
        return len((found.holders & found.alive) - {self._session.id}) < self.limit

    def _is_ours(self, found: Slots) -> bool:
        return self._session.id in found.holders

    def _acquire(self, found: Slots) -> Operation[int]:
        ours = self._session.id
        others = (found.holders & found.alive) - {ours}
        contend = kv_lock(self._contender_key, self._value, ours, SEMAPHORE_FLAG)
        added = self._written({*others, ours})
        if ours not in found.holders:
            return fenced_transaction([contend, kv_cas(self._key, added, found.index, SEMAPHORE_FLAG)])
        removed = kv_cas(self._key, self._written(others), found.index, SEMAPHORE_FLAG)
        return fenced_transaction([contend, removed, kv_set(self._key, added, SEMAPHORE_FLAG)])

    def _written(self, holders: Iterable[str]) -> str:
        return json.dumps({"Limit": self.limit, "Holders": dict.fromkeys(sorted(holders), True)}, separators=(",", ":"))

    def _release(self) -> None:
        """Read which holders there are; `_remove_holder` removes ours."""
        self._send("look", self._watch(0), self._attempt)

    def _remove_holder(self, reply: Reply[Slots], _now: float) -> None:
        found = reply.value
        operations = [kv_delete(self._contender_key)]
        if self._session.id in found.holders:
            others = found.holders - {self._session.id}
            is_last = self._delete and not others
            written = self._written(others)
            removed = kv_delete_cas(self._key, found.index) if is_last else kv_cas(self._key, written, found.index, SEMAPHORE_FLAG)
            operations.insert(0, removed)
        self._send("release", commit(operations, {}), self._attempt)

    def _on_release_refusal(self, now: float) -> None:
        """Read again: another holder came or left in between."""
        self._failures += 1
        self._timers["pause"] = now + pause(self._failures, self._jitter())

    transitions: ClassVar[Transitions] = {
        **Contender.transitions,
        (State.RELEASING, "look"): _remove_holder,
        (State.RELEASING, "look failed"): Contender._on_release_failure,  # noqa: SLF001 - its own
    }


def _parsed(stored: bytes) -> tuple[int | None, frozenset[str]]:
    """Return the limit and the holders of a `.lock`; a limit of None if it is not one."""
    try:
        written = json.loads(stored)
        holders = written.get("Holders") or {}
        limit = written["Limit"]
        return (limit if isinstance(limit, int) else None), frozenset(holders)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None, frozenset()
