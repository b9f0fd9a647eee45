"""A lock in each of its states, and what Consul answers it."""

from __future__ import annotations

from typing import Any

from consul_proto.errors import NoConnectionFree, NoLeader, NotFound, RequestTimeout, TransactionFailed
from consul_proto.recipes.lock import LOCK_FLAG, Lock
from tests.recipes.script import Script

NO_LEADER = NoLeader("No cluster leader", maybe_applied=False)
TIMEOUT = RequestTimeout("the time is over")
GONE = NotFound("Session id 's1' not found", maybe_applied=False)
DELAYED = TransactionFailed('operation 1: failed to lock key "k" due to lock delay')
RACE = TransactionFailed('operation 0: failed index check for key "k", current modify index 8 != 7')
NO_SESSION = TransactionFailed('operation 1: invalid session "s1"')
BUSY = NoConnectionFree("no connection free", maybe_applied=False)

FREE = {"Key": "k", "Flags": LOCK_FLAG, "ModifyIndex": 7}
TAKEN = FREE | {"Session": "s2"}
OURS = FREE | {"Session": "s1"}


def looking(**options: Any) -> Script:
    """A lock that has its session, and looks at its key."""
    script = Script(Lock("k", ttl="10s", **options))
    script.begin()
    script.answer("create", "s1", 0.0)
    return script


def acquiring(**options: Any) -> Script:
    script = looking(**options)
    script.answer("look", [], 0.0)
    return script


def held(**options: Any) -> Script:
    script = acquiring(**options)
    script.answer("acquire", 9, 0.0)
    return script


def waiting(**options: Any) -> Script:
    script = looking(**options)
    script.answer("look", [TAKEN], 0.0, index=7)
    return script


def closed(script: Script, now: float) -> bool:
    """Answer the end of the session, and return whether the machine is over."""
    script.answer("destroy", True, now)
    return bool(script.machine.is_over)
