"""The key/value store: how each verb changes an entry, and how entries are read.

https://developer.hashicorp.com/consul/api-docs/kv
"""

from __future__ import annotations

import posixpath
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote

from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Text, Topic, encode
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.store import SortedKeys, Store
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick
from consul_proto.simulator.go.numbers import unsigned
from consul_proto.simulator.kv.sessions import Sessions

_TOO_LARGE = "Request body({} bytes) too large, max size: {} bytes. See {}kv_max_value_size."

#: Where each version documents its options.
OPTIONS = {
    V1_8: "https://www.consul.io/docs/agent/options.html#",
    V1_X: "https://developer.hashicorp.com/docs/agent/config/config-files#",
}


#: Keys that need no cleaning, as most do.
_CLEAN = re.compile(r"(?:[\w-][\w.-]*/)*(?:[\w-][\w.-]*)?")

#: A "%" that begins no escape, so that Go decodes nothing of the text.
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Entry(NamedTuple):
    """One key."""

    key: str
    value: bytes
    flags: int = 0
    session: str = ""
    lock_index: int = 0
    create_index: int = 0
    modify_index: int = 0

    def render(self, *, value: bool = True) -> dict[str, Any]:
        """Return the entry as in an answer."""
        shown: dict[str, Any] = {
            "LockIndex": self.lock_index,
            "Key": self.key,
            "Flags": self.flags,
            "Value": b64encode(self.value).decode("ascii") if value and self.value else None,
        }
        if self.session:
            shown["Session"] = self.session
        shown["CreateIndex"], shown["ModifyIndex"] = self.create_index, self.modify_index
        return shown

    def text(self) -> str:
        """Return the entry as JSON text, in a fifth of the time: reads of keys are the most frequent ones."""
        value = f'"{b64encode(self.value).decode("ascii")}"' if self.value else "null"
        session = f',"Session":{encode(self.session)}' if self.session else ""
        return (
            f'{{"LockIndex":{self.lock_index},"Key":{encode(self.key)},"Flags":{self.flags},"Value":{value}{session}'
            f',"CreateIndex":{self.create_index},"ModifyIndex":{self.modify_index}}}'
        )


class KV:
    """The table. Every verb is applied at the store's current index, and returns whether it did its work."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store, self._sessions = store, sessions
        self.entries: dict[str, Entry] = {}
        self._order = SortedKeys()
        #: The index at which each key was deleted: reads of a prefix must notice a deletion.
        self._graves: dict[str, int] = {}
        self._grave_order = SortedKeys()
        sessions.on_end(self._session_ended)

    def dump(self) -> Any:
        """Return the state as JSON."""
        entries = [[entry.key, b64encode(entry.value).decode(), *entry[2:]] for entry in self.entries.values()]
        return {"entries": entries, "graves": self._graves}

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self.entries = {key: Entry(key, b64decode(value), *rest) for key, value, *rest in state["entries"]}
        self._graves = dict(state["graves"])
        self._order, self._grave_order = SortedKeys(self.entries), SortedKeys(self._graves)
        for entry in self.entries.values():
            self._sessions.holds(entry.key, "", entry.session)

    def get(self, key: str) -> Entry | None:
        """Return the entry, or None."""
        return self.entries.get(key)

    def below(self, prefix: str) -> list[Entry]:
        """Return the entries whose keys begin with a prefix, in order."""
        return [self.entries[key] for key in self._order.below(prefix)]

    def table_index(self) -> int:
        """Return the index of the last change to any key."""
        return self._store.table("kv")

    def index_below(self, prefix: str) -> int:
        """Return the index of a read of a prefix: of the last change or deletion below it, if there was one."""
        if not prefix:
            return self.table_index()
        last = max((self.entries[key].modify_index for key in self._order.below(prefix)), default=0)
        grave = max((self._graves[key] for key in self._grave_order.below(prefix)), default=0)
        return max(last, grave) or self.table_index()

    def _keep(self, entry: Entry) -> None:
        before = self.entries.get(entry.key)
        if before is None:
            self._order.add(entry.key)
        self.entries[entry.key] = entry
        self._store.on_rollback(lambda: self._restore(entry.key, before))
        self._sessions.holds(entry.key, before.session if before else "", entry.session)
        self._store.change_key(entry.key)

    def _restore(self, key: str, before: Entry | None) -> None:
        now = self.entries.pop(key, None)
        self._sessions.holds(key, now.session if now else "", before.session if before else "")
        if now is not None and before is None:
            self._order.remove(key)
        elif now is None and before is not None:
            self._order.add(key)
        if before is not None:
            self.entries[key] = before

    def put(self, key: str, value: bytes, flags: int, session: str | None = None, lock_index: int = 0) -> Entry:
        """Write an entry. session: None leaves the session as it is. A write that changes nothing keeps its index."""
        index, before = self._store.index, self.entries.get(key)
        entry = Entry(
            key,
            value,
            flags,
            session if session is not None else before.session if before else "",
            lock_index,
            before.create_index if before else index,
            before.modify_index if before else index,
        )
        if entry == before:
            return entry
        entry = entry._replace(modify_index=index)
        self._keep(entry)
        return entry

    def cas(self, key: str, value: bytes, flags: int, index: int) -> Entry | None:
        """Write if the entry was last changed at `index`; with 0, if there is no entry."""
        before = self.entries.get(key)
        if index != (before.modify_index if before else 0):
            return None
        return self.put(key, value, flags)

    def lock(self, key: str, value: bytes, flags: int, session: str) -> Entry | None:
        """Write and lock, unless another session holds the key. The holder may lock it again, which does not raise the LockIndex."""
        self._sessions.check(session)
        before = self.entries.get(key)
        if before is not None and before.session:
            return self.put(key, value, flags, session, before.lock_index) if before.session == session else None
        return self.put(key, value, flags, session, (before.lock_index if before else 0) + 1)

    def unlock(self, key: str, value: bytes, flags: int, session: str) -> Entry | None:
        """Write and release the lock, if this session holds it."""
        if not session:
            raise Refusal(500, "missing session")
        before = self.entries.get(key)
        if before is None or before.session != session:
            return None
        return self.put(key, value, flags, "", before.lock_index)

    def delete(self, key: str, *, bury: bool = True) -> None:
        """Delete a key, if it exists."""
        before = self.entries.pop(key, None)
        if before is None:
            return
        self._order.remove(key)
        self._sessions.holds(key, before.session, "")
        self._store.on_rollback(lambda: self._restore(key, before))
        if bury:
            self._bury(key)
        self._store.change_key(key)

    def _bury(self, key: str) -> None:
        before = self._graves.get(key)
        if before is None:
            self._grave_order.add(key)
        self._graves[key] = self._store.index
        self._store.on_rollback(lambda: self._unbury(key, before))

    def _unbury(self, key: str, before: int | None) -> None:
        if before is None:
            del self._graves[key]
            self._grave_order.remove(key)
        else:
            self._graves[key] = before

    def delete_cas(self, key: str, index: int) -> bool:
        """Delete if the entry was last changed at `index`. True if there is no entry."""
        before = self.entries.get(key)
        if before is None:
            return True
        if before.modify_index != index:
            return False
        self.delete(key)
        return True

    def delete_tree(self, prefix: str) -> None:
        """Delete every key that begins with a prefix. Only the prefix is remembered as deleted, and an empty one not at all."""
        keys = list(self._order.below(prefix))
        for key in keys:
            self.delete(key, bury=False)
        if keys and prefix:
            self._bury(prefix)

    def _session_ended(self, keys: list[str], *, delete: bool) -> None:
        for key in keys:
            if delete:
                self.delete(key)
            else:
                entry = self.entries[key]
                self.put(key, entry.value, entry.flags, "", entry.lock_index)


def _list(entries: list[Entry]) -> Text:
    return Text(f"[{','.join([entry.text() for entry in entries])}]")


class KVEndpoint:
    """`/v1/kv/`."""

    def __init__(self, store: Store, kv: KV, sessions: Sessions, version: Version) -> None:
        self._store, self._kv, self._sessions, self._version = store, kv, sessions, version

    def routes(self) -> dict[str, Route]:
        """Return the endpoint."""
        return {"/v1/kv/": Route(("GET", "PUT", "DELETE"), self.read, self.write, self.topics, deep=True)}

    def topics(self, request: ServerRequest) -> tuple[Topic, ...]:
        """Return what a read depends on."""
        several = request.flag("recurse") or request.flag("keys")
        return (("kv/" if several else "kv", self._key(request)),)

    def _key(self, request: ServerRequest) -> str:
        """Return the key. 1.22.5 cleans it as a path, and refuses keys that are not clean even then."""
        key = request.rest
        if self._version < V1_X or _CLEAN.fullmatch(key):
            return key
        cleaned = posixpath.normpath(key) if not key.startswith("//") else posixpath.normpath(key[1:])
        cleaned += "/" if key.endswith("/") and not cleaned.endswith("/") else ""
        again = unquote(cleaned) if not _NOT_ENCODED.search(cleaned) else cleaned
        if cleaned.split("/")[0] == ".." or (again != cleaned and ".." in again):
            raise Refusal(500, "invalid key name, path traversal is not allowed")
        if again != again.strip():
            raise Refusal(500, "invalid key name, leading/trailing spaces are not allowed")
        return cleaned

    def read(self, request: ServerRequest) -> ReadAnswer:
        """GET: an entry, the entries below a prefix, or their names."""
        key = self._key(request)
        if key or request.flag("keys") or request.flag("recurse"):
            request.only_default()
            request.reach_servers()
        if request.flag("keys"):
            return self._names(key, request)
        if request.flag("recurse"):
            entries = [entry for entry in self._kv.below(key) if request.may("key", entry.key, "read")]
            return ReadAnswer(self._kv.index_below(key) if entries else self._missing_index(key), _list(entries) if entries else None)
        if not key:
            raise Refusal(400, "Missing key name")
        request.require("key", key, "read")
        entry = self._kv.get(key)
        if entry is None:
            return ReadAnswer(self._kv.table_index() or 1, None)
        if request.flag("raw"):
            return ReadAnswer(entry.modify_index, entry.value, raw=True)
        return ReadAnswer(entry.modify_index, _list([entry]))

    def _missing_index(self, prefix: str) -> int:
        return self._kv.index_below(prefix) or 1

    def _names(self, prefix: str, request: ServerRequest) -> ReadAnswer:
        names: dict[str, None] = {}
        separator = request.first("separator")
        for entry in self._kv.below(prefix):
            if not request.may("key", entry.key, "read"):
                continue
            end = entry.key.find(separator, len(prefix)) if separator else -1
            names[entry.key if end < 0 else entry.key[: end + len(separator)]] = None
        empty: list[str] | None = [] if not prefix else None
        return ReadAnswer(self._missing_index(prefix), list(names) or empty)

    def write(self, request: ServerRequest, now: float) -> Any:
        """PUT and DELETE: return whether it was done."""
        request.options()
        request.only_default()
        return self._put(request, now) if request.method == "PUT" else self._delete(request)

    def _put(self, request: ServerRequest, now: float) -> bool:
        key = self._key(request)
        if not key:
            raise Refusal(400, "Missing key name")
        self._no_conflict(request, "cas", "acquire", "release")
        flags = unsigned(request.first("flags")) if request.flag("flags") else 0
        index = unsigned(request.first("cas")) if request.flag("cas") else None
        largest = request.settings.kv_max_value_size
        if len(request.body) > largest:
            raise Refusal(413, _TOO_LARGE.format(len(request.body), largest, pick(OPTIONS, self._version)))
        request.reach_servers()
        request.require("key", key, "write")
        if request.flag("acquire"):
            if self._sessions.is_delayed(key, now):
                return False
            self._store.apply()
            return self._use_lock(self._kv.lock, key, request.body, flags, request.first("acquire"))
        self._store.apply()
        if request.flag("release"):
            return self._use_lock(self._kv.unlock, key, request.body, flags, request.first("release"))
        done = self._kv.put(key, request.body, flags) if index is None else self._kv.cas(key, request.body, flags, index)
        return done is not None

    def _use_lock(self, change: Callable[[str, bytes, int, str], Entry | None], key: str, value: bytes, flags: int, session: str) -> bool:
        try:
            return change(key, value, flags, session) is not None
        except Refusal as refusal:
            raise Refusal(500, refusal.text if self._version < V1_X else f"raft apply failed: {refusal.text}") from None

    def _delete(self, request: ServerRequest) -> bool:
        key = self._key(request)
        self._no_conflict(request, "recurse", "cas")
        if request.flag("recurse"):
            request.reach_servers()
            request.require("key_prefix", key, "write")
            self._store.apply()
            self._kv.delete_tree(key)
            return True
        if not key:
            raise Refusal(400, "Missing key name")
        index = unsigned(request.first("cas")) if request.flag("cas") else None
        request.reach_servers()
        request.require("key", key, "write")
        self._store.apply()
        if index is not None:
            return self._kv.delete_cas(key, index)
        self._kv.delete(key)
        return True

    def _no_conflict(self, request: ServerRequest, *flags: str) -> None:
        if sum(request.flag(flag) for flag in flags) > 1:
            raise Refusal(400, f"Conflicting flags: {request.query_text()}\n")
