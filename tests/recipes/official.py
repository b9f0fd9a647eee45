"""Contenders that do what the official client's Lock and Semaphore do, call by call, so that the recipes are tried beside them.

They are for walks without faults: they try nothing again, and notice no loss.
https://github.com/hashicorp/consul/blob/v1.22.5/api/lock.go and semaphore.go
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, ClassVar

from consul_proto.endpoints.kv import KV
from consul_proto.endpoints.session import Session
from consul_proto.meta import Reply
from consul_proto.namespace import Pure
from consul_proto.recipes.lock import LOCK_FLAG
from consul_proto.recipes.outcomes import Acquired
from consul_proto.recipes.semaphore import SEMAPHORE_FLAG
from consul_proto.recipes.table import TableMachine, Transitions, ignore, several

_KV: KV[Pure] = KV()
_SESSION: Session[Pure] = Session()

#: Seconds: DefaultLockWaitTime, DefaultLockRetryTime.
_WAIT, _RETRY = 15.0, 5.0

_TIMEOUT = 10.0


class State(Enum):
    """Where a contender is."""

    IDLE, WAITING, HELD, LEAVING, OVER = (auto() for _ in range(5))


class Official(TableMachine[Acquired]):
    """What the two share: a session that is renewed at half its TTL, and destroyed at the end."""

    def __init__(self, key: str, ttl: float, jitter: Callable[[], float], **session: Any) -> None:
        super().__init__(State.IDLE, jitter)
        self.key, self.ttl, self.id = key, ttl, ""
        self._options = session

    @property
    def is_over(self) -> bool:
        return self.state is State.OVER

    @property
    def held_until(self) -> float | None:
        """It relies on what it holds until it is told otherwise."""
        return float("inf") if self.state is State.HELD else None

    def _begin(self, _what: object, _now: float) -> None:
        self.state = State.WAITING
        self._send("create", _SESSION.create(ttl=self.ttl, **self._options), _TIMEOUT)

    def _created(self, reply: Reply[str], now: float) -> None:
        self.id = reply.value
        self._timers["renewal"] = now + self.ttl / 2
        self._contend()

    def _renew(self, _what: object, now: float) -> None:
        self._timers["renewal"] = now + self.ttl / 2
        self._send("renew", _SESSION.renew(self.id), _TIMEOUT)

    def _contend(self) -> None:
        raise NotImplementedError

    def _look_later(self, _what: object, now: float) -> None:
        """Look again in a second: this process has no connection for a blocking query."""
        self._timers["pause"] = now + 1

    def _look_again(self, _what: object, _now: float) -> None:
        self._look(0)

    def _look(self, index: int) -> None:
        blocking: Any = {"index": index, "wait": _WAIT} if index else {}
        self._send("look", _KV.get_records(self.key, raw=True, **blocking), _TIMEOUT, may_block=index > 0)

    def _hold(self) -> None:
        self.state = State.HELD
        self._tell(Acquired(self.id, 0))

    def _stop(self, _what: object, _now: float) -> None:
        self.state = State.LEAVING
        self._release()

    def _release(self) -> None:
        raise NotImplementedError

    def _destroy(self, _what: object, _now: float) -> None:
        self._drop()
        self._send("destroy", _SESSION.destroy(self.id), _TIMEOUT)

    def _end(self, _what: object, _now: float) -> None:
        self.state = State.OVER

    transitions: ClassVar[Transitions] = {
        (State.IDLE, "begin"): _begin,
        (State.WAITING, "create"): _created,
        **several((State.WAITING, State.HELD, State.LEAVING), {"renewal": _renew, "renew": ignore}),
        (State.WAITING, "look failed"): _look_later,
        (State.WAITING, "pause"): _look_again,
        (State.HELD, "stop"): _stop,
        **several((State.WAITING, State.LEAVING, State.OVER), {"stop": ignore}),
        (State.LEAVING, "destroy"): _end,
    }


class OfficialLock(Official):
    """Lock.Lock and Lock.Unlock."""

    def _contend(self) -> None:
        self._look(0)

    def _looked(self, reply: Reply[list[dict[str, Any]]], now: float) -> None:
        found = [entry for entry in reply.value if entry["Key"] == self.key]
        assert all(entry["Flags"] == LOCK_FLAG for entry in found), "ErrLockConflict"
        if any(entry.get("Session") for entry in found):
            self._was_refused = False
            self._look(reply.meta.index or 0)
        elif self._was_refused:
            self._was_refused = False
            self._timers["pause"] = now + _RETRY
        else:
            self._send("acquire", _KV.acquire_lock(self.key, self.id, flags=LOCK_FLAG), _TIMEOUT)

    #: Whether its last attempt was refused; if the key is free all the same, there is a lock delay.
    _was_refused = False

    def _acquired(self, reply: Reply[bool], _now: float) -> None:
        if reply.value:
            self._hold()
        else:
            self._was_refused = True
            self._contend()

    def _release(self) -> None:
        self._send("release", _KV.release_lock(self.key, self.id, flags=LOCK_FLAG), _TIMEOUT)

    transitions: ClassVar[Transitions] = {
        **Official.transitions,
        (State.WAITING, "look"): _looked,
        (State.WAITING, "acquire"): _acquired,
        (State.LEAVING, "release"): Official._destroy,
    }


class OfficialSemaphore(Official):
    """Semaphore.Acquire and Semaphore.Release."""

    def __init__(self, prefix: str, limit: int, ttl: float, jitter: Callable[[], float]) -> None:
        super().__init__(prefix, ttl, jitter, behavior="delete")
        self.limit = limit

    def _contend(self) -> None:
        self._send("contend", _KV.acquire_lock(f"{self.key}/{self.id}", self.id, flags=SEMAPHORE_FLAG), _TIMEOUT)

    def _contending(self, reply: Reply[bool], _now: float) -> None:
        assert reply.value, "failed to make contender entry"
        self._look(0)

    def _looked(self, reply: Reply[list[dict[str, Any]]], _now: float) -> None:
        lock = next((entry for entry in reply.value if entry["Key"] == f"{self.key}/.lock"), None)
        assert lock is None or lock["Flags"] == SEMAPHORE_FLAG, "ErrSemaphoreConflict"
        written: Any = json.loads(lock["Value"]) if lock else {"Limit": self.limit, "Holders": {}}
        assert written["Limit"] == self.limit, "semaphore limit conflict"
        alive = {entry.get("Session") for entry in reply.value}
        holders = [holder for holder in written["Holders"] if holder in alive]
        if len(holders) >= self.limit:
            self._look(reply.meta.index or 0)
        else:
            self._write("acquire", {*holders, self.id}, lock["ModifyIndex"] if lock else 0)

    def _write(self, name: str, holders: set[str], index: int) -> None:
        value = json.dumps({"Limit": self.limit, "Holders": dict.fromkeys(sorted(holders), True)}, separators=(",", ":"))
        self._send(name, _KV.put(f"{self.key}/.lock", value, flags=SEMAPHORE_FLAG, cas=index), _TIMEOUT)

    def _acquired(self, reply: Reply[bool], _now: float) -> None:
        if reply.value:
            self._hold()
        else:
            self._look(0)

    def _release(self) -> None:
        self._send("look", _KV.get_records(f"{self.key}/.lock", raw=True), _TIMEOUT)

    def _leave(self, reply: Reply[list[dict[str, Any]]], _now: float) -> None:
        lock = reply.value[0]
        self._write("release", {*json.loads(lock["Value"])["Holders"]} - {self.id}, lock["ModifyIndex"])

    def _released(self, reply: Reply[bool], _now: float) -> None:
        if reply.value:
            self._send("delete", _KV.delete(f"{self.key}/{self.id}"), _TIMEOUT)
        else:
            self._release()

    transitions: ClassVar[Transitions] = {
        **Official.transitions,
        (State.WAITING, "contend"): _contending,
        (State.WAITING, "look"): _looked,
        (State.WAITING, "acquire"): _acquired,
        (State.LEAVING, "look"): _leave,
        (State.LEAVING, "release"): _released,
        (State.LEAVING, "delete"): Official._destroy,
    }
