"""The rules of the recipes that `scripts/mutants` breaks, one at a time: ten and more of each machine."""

from __future__ import annotations

from tests.recipes.broken_bulk_rules import BULK_MUTANTS
from tests.simulator.broken_rules import Mutant

_SESSION = [
    Mutant(
        "the TTL counts from the sending, not from the answer", "session.py", "self._alive_at = self._asked_at\n", "self._alive_at = now\n"
    ),
    Mutant("a session is renewed at half its TTL", "session.py", "_RENEWED_AFTER = 1 / 2", "_RENEWED_AFTER = 1"),
    Mutant("a call takes at most a fifth of the TTL", "session.py", "_ATTEMPT, _LONGEST_ATTEMPT = 1 / 5", "_ATTEMPT, _LONGEST_ATTEMPT = 2"),
    Mutant(
        "an error is no loss before the TTL is over",
        "session.py",
        "        if isinstance(error, NotFound):\n            self._lose(",
        "        if not isinstance(error, type(None)):\n            self._lose(",
    ),
    Mutant(
        "a 404 is a loss at once",
        "session.py",
        "        if isinstance(error, NotFound):\n            self._lose(",
        "        if error is None:\n            self._lose(",
    ),
    Mutant(
        "the clock decides about the loss",
        "session.py",
        '        self._timers["expiry"] = self._alive_at + self._ttl\n',
        '        self._timers["expiry"] = now + 3 * self._ttl\n',
    ),
    Mutant("a process that was paused renews nothing that it has lost", "session.py", 'if now >= self._timers["expiry"]:', "if now < 0:"),
    Mutant(
        "a lost session is destroyed",
        "session.py",
        "        self._tell(Lost(error))\n        self._close(None, now)",
        "        self._tell(Lost(error))\n        self._end(None, now)",
    ),
    Mutant(
        "the caller's session is not destroyed",
        "session.py",
        "if self._options.existing is None:",
        "if self._options.existing is not self:",
    ),
    Mutant("the caller's session counts with its own TTL", "session.py", "min(self._ttl, _ttl_of", "max(self._ttl, _ttl_of"),
    Mutant(
        "a session whose creation is under way is destroyed after Stop",
        "session.py",
        '(State.CLOSING, "create"): _on_late_create,',
        '(State.CLOSING, "create"): _end,',
    ),
    Mutant("destroying is tried again", "session.py", '(State.CLOSING, "pause"): _destroy,', '(State.CLOSING, "pause"): _end,'),
    Mutant("cleaning up ends after half a TTL", "session.py", "_CLEANING, _LONGEST_CLEANING = 1 / 2", "_CLEANING, _LONGEST_CLEANING = 4"),
    Mutant("creating is tried again after errors that may pass", "session.py", "if may_help(error) and (", "if not may_help(error) and ("),
    Mutant(
        "what is due is done before an event is handled",
        "table.py",
        "        self._pass(now)\n        if not isinstance",
        "        if not isinstance",
    ),
    Mutant("a call that came too late is not cancelled", "table.py", "            self._effects.remove(late)", "            pass"),
    Mutant("a wrong TTL is not tried again", "pauses.py", 'rb"Session TTL|', 'rb"'),
    Mutant("an agent that was started again is healthy soon", "pauses.py", "Check '(?!serfHealth')", "Check '"),
]

_LOCK = [
    Mutant("a key with other flags is no lock", "lock.py", 'if any(entry["Flags"] != LOCK_FLAG for', 'if any(entry["Flags"] < 0 for'),
    Mutant("the flag is that of the official client", "lock.py", "LOCK_FLAG = 0x2DDCCBC058A50C18", "LOCK_FLAG = 0x2DDCCBC058A50C19"),
    Mutant(
        "a key that is written meanwhile is not overwritten",
        "lock.py",
        'else kv_check_index(self.key, entry["ModifyIndex"])',
        'else kv_delete(self.key + "/x")',
    ),
    Mutant(
        "a key that is created meanwhile is not overwritten",
        "lock.py",
        "check = kv_check_not_exists(self.key)",
        'check = kv_delete(self.key + "/x")',
    ),
    Mutant(
        "a lock that is ours already is asked for again",
        "lock.py",
        'return all(entry.get("Session") in (None, "", self._session.id) for',
        'return all(entry.get("Session") in (None, "") for',
    ),
    Mutant(
        "a release checks the session",
        "lock.py",
        "        check = kv_check_session(self.key, self._session.id)\n",
        '        check = kv_delete(self.key + "/x")\n',
    ),
    Mutant(
        "a release deletes the key only if asked",
        "lock.py",
        "kv_delete(self.key) if self._delete else",
        "kv_delete(self.key) if not self._delete else",
    ),
    Mutant("a holder reads consistently", "lock.py", '{"consistency": "consistent", **options}', "{**options}"),
    Mutant("a takeover takes up to twice the TTL, and the delay", "lock.py", "return 2 * seconds(ttl) * (1", "return seconds(ttl) * (1"),
    Mutant(
        "a holder notices that another has the key",
        "lock.py",
        'return any(entry.get("Session") == self._session.id for',
        "return any(entry for",
    ),
]

_CONTENDER = [
    Mutant(
        "the waiters of a client wait for the one that tries",
        "contender.py",
        "self._acquire(reply.value), self._attempt, takes_turns=True)",
        "self._acquire(reply.value), self._attempt)",
    ),
    Mutant(
        "the waiters of a client take turns", "contender.py", "may_block=self._index > 0, takes_turns=True)", "may_block=self._index > 0)"
    ),
    Mutant(
        "only the answer of the acquiring transaction makes a holder",
        "contender.py",
        "        self._may_hold = self._may_hold or error.maybe_applied\n        if not isinstance",
        "        if not isinstance",
    ),
    Mutant(
        "the session is destroyed after the release", "contender.py", '(State.HELD, "stop"): _give_back,', '(State.HELD, "stop"): _close,'
    ),
    Mutant(
        "a holder that lost destroys its session at once",
        "contender.py",
        '(State.HELD, "session lost"): _on_loss,',
        '(State.HELD, "session lost"): _on_loss_while_leaving,',
    ),
    Mutant(
        "who leaves waits for an acquiring transaction under way",
        "contender.py",
        '        if "acquire" in self._calls:\n',
        '        if "acquire" in self._timers:\n',
    ),
    Mutant(
        "who leaves gives back what it got",
        "contender.py",
        '(State.LEAVING, "acquire"): _give_back,',
        '(State.LEAVING, "acquire"): _close,',
    ),
    Mutant(
        "a release is tried again", "contender.py", '(State.RELEASING, "pause"): _release_again,', '(State.RELEASING, "pause"): _close,'
    ),
    Mutant(
        "in the lock delay it tries once a second",
        "contender.py",
        '_DELAYED, _NO_SESSION = "due to lock delay"',
        '_DELAYED, _NO_SESSION = "due to a delay"',
    ),
    Mutant(
        "without a connection for a blocking query it looks from time to time",
        "contender.py",
        "        if isinstance(error, NoConnectionFree):\n            self._pause(",
        "        if error is None:\n            self._pause(",
    ),
    Mutant(
        "who holds what is not watched looks at each renewal",
        "contender.py",
        'event.name == "renew" and self.state',
        'event.name == "x" and self.state',
    ),
    Mutant(
        "who waits goes on with a new session",
        "contender.py",
        '(State.REOPENING, "session over"): _reopen,',
        '(State.REOPENING, "session over"): _end,',
    ),
    Mutant(
        "a time limit ends the waiting",
        "contender.py",
        '            self._timers["time over"] = now + self._timeout\n',
        '            self._timers["time over"] = now + 2 * self._timeout\n',
    ),
    Mutant(
        "a time limit does not end what is held",
        "contender.py",
        "        self._timers.clear()\n        self.state, self._failures, self._index = State.HELD",
        "        self.state, self._failures, self._index = State.HELD",
    ),
    Mutant(
        "a time limit holds with a new session too",
        "contender.py",
        '            self._timers["time over"] = limit\n',
        '            self._timers["time over"] = limit + 5\n',
    ),
    Mutant(
        "trying once waits for nothing",
        "contender.py",
        '        self._why = "others hold it"\n        if self._timeout == 0:',
        '        self._why = "others hold it"\n        if self._timeout is self:',
    ),
    Mutant(
        "an index that went backwards is read anew",
        "contender.py",
        "        self._index = index if index >= self._index else 0\n        self._send(",
        "        self._index = index\n        self._send(",
    ),
    Mutant(
        "the lock is held only as long as the session",
        "contender.py",
        "return self._session.held_until if self.state is State.HELD else None",
        "return self._session.held_until",
    ),
    Mutant(
        "a session that Consul does not know has ended",
        "contender.py",
        "        elif _NO_SESSION in error.message:",
        "        elif _NO_SESSION is error.message:",
    ),
    Mutant(
        "the token is the ModifyIndex of the last write",
        "fenced_transaction.py",
        'entry = found[-1].get("KV")',
        'entry = found[0].get("KV")',
    ),
]

_SEMAPHORE = [
    Mutant(
        "at most as many hold it as the limit says",
        "semaphore.py",
        "- {self._session.id}) < self.limit",
        "- {self._session.id}) <= self.limit",
    ),
    Mutant(
        "the semaphore's flag is that of the official client",
        "semaphore.py",
        "SEMAPHORE_FLAG = 0xE0F69A2BAA414DE0",
        "SEMAPHORE_FLAG = 0xE0F69A2BAA414DE1",
    ),
    Mutant("another limit is a conflict", "semaphore.py", "if found.limit != self.limit:", "if found.limit < self.limit:"),
    Mutant("other flags are a conflict", "semaphore.py", "if found.flags != SEMAPHORE_FLAG or", "if"),
    Mutant("dead holders do not count", "semaphore.py", "return len((found.holders & found.alive) -", "return len(found.holders -"),
    Mutant(
        "holders who live stay holders",
        "semaphore.py",
        "        others = (found.holders & found.alive) - {ours}\n",
        "        others: frozenset[str] = frozenset()\n",
    ),
    Mutant("a contender key belongs to its session", "semaphore.py", "if name == session)", "if session or name)"),
    Mutant(
        "holders are written by check-and-set",
        "semaphore.py",
        "kv_cas(self._key, added, found.index, SEMAPHORE_FLAG)",
        "kv_set(self._key, added, SEMAPHORE_FLAG)",
    ),
    Mutant(
        "one that is a holder already is added by a write of its own",
        "semaphore.py",
        "        if ours not in found.holders:\n",
        "        if ours is not found.holders:\n",
    ),
    Mutant(
        "a release removes the holder",
        "semaphore.py",
        "            others = found.holders - {self._session.id}\n",
        "            others = found.holders\n",
    ),
    Mutant(
        "a release removes the contender key",
        "semaphore.py",
        "operations = [kv_delete(self._contender_key)]",
        'operations = [kv_delete(self._contender_key + "x")]',
    ),
    Mutant(
        "a release that another write prevented is tried again",
        "semaphore.py",
        '        self._timers["pause"] = now + pause(self._failures, self._jitter())',
        "        self._close(None, now)",
    ),
    Mutant(
        "the last holder deletes the lock key only if asked",
        "semaphore.py",
        "is_last = self._delete and not others",
        "is_last = not others",
    ),
    Mutant(
        "a lock key with other holders is not deleted", "semaphore.py", "is_last = self._delete and not others", "is_last = self._delete"
    ),
    Mutant(
        "the session deletes the contender key", "semaphore.py", 'SessionOptions(ttl, "delete", 0,', 'SessionOptions(ttl, "release", 0,'
    ),
]

_ELECTION = [
    Mutant(
        "after a loss it campaigns again",
        "election.py",
        "if self._lock.is_over and self._was_lost and self._again:",
        "if self._lock.is_over and False:",
    ),
    Mutant("it campaigns again only if asked", "election.py", "self._was_lost and self._again:", "self._was_lost:"),
    Mutant(
        "after giving up it does not campaign again", "election.py", "self._lock.is_over and self._was_lost and", "self._lock.is_over and"
    ),
    Mutant("after Stop it does not campaign again", "election.py", "            self._again = False\n", "            pass\n"),
    Mutant(
        "each campaign ends by its own loss",
        "election.py",
        "self._lock, self._was_lost = self._campaign(), False",
        "self._lock, self._was_lost = self._campaign(), True",
    ),
    Mutant(
        "the key says who leads", "election.py", "key, session=session, value=value, ttl=ttl", "key, session=session, value=None, ttl=ttl"
    ),
    Mutant(
        "a key that nobody has locked names no leader", "election.py", 'if isinstance(entry.get("Session"), str) and entry["Session"]]', "]"
    ),
    Mutant("an observer is told at first who leads", "election.py", "if before is None or _essence", "if before is not None and _essence"),
    Mutant(
        "an observer is told changes only", "election.py", "_essence(before.leader) != _essence(found):", "_essence(before.leader) != 0:"
    ),
    Mutant("an observer waits by a blocking query", "election.py", "if self._index else {}", "if self._index < 0 else {}"),
    Mutant("an observer reads anew when the index went backwards", "election.py", "index if index >= self._index else 0, 0", "index, 0"),
    Mutant(
        "an observer goes on after errors that may pass",
        "election.py",
        "        elif may_help(error):",
        "        elif not may_help(error):",
    ),
]

RECIPE_MUTANTS = [*_SESSION, *_LOCK, *_CONTENDER, *_SEMAPHORE, *_ELECTION, *BULK_MUTANTS]
