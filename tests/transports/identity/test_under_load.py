"""Tokens that change while 16 threads and 100 tasks call: no call fails, and a token that was refused is not sent again."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from consulate import Login, TokenFile
from tests.fakes.logins import METHOD, SENT, Logins, Sent

_THREADS, _TASKS, _ROUNDS = 16, 100, 5

#: In virtual time, all rounds may pass while one call runs.
_TIMEOUT = 120.0


class _Load:
    """Callers that go on until they are stopped, and what they saw."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.sent_again: list[tuple[set[str | None], list[str | None]]] = []
        #: How many calls each caller has made.
        self.calls = Counter({f"{kind} {number}": 0 for kind, many in (("thread", _THREADS), ("task", _TASKS)) for number in range(many)})
        self.stopped = False
        self._refused: set[str | None] = set()

    def before(self) -> tuple[Sent, set[str | None]]:
        sent = Sent()
        SENT.set(sent)
        return sent, set(self._refused)

    def after(self, caller: str, sent: Sent, known: set[str | None]) -> None:
        """A call that began after another had got its answer to a refusal must not send the refused token."""
        if known & {*sent.tokens}:
            self.sent_again.append((known, sent.tokens))
        self._refused |= {*sent.refused}
        self.calls[caller] += 1

    def run_thread(self, client: Any, number: int) -> None:
        try:
            while not self.stopped:
                seen = self.before()
                client.kv.put(f"thread/{number}", "v")
                self.after(f"thread {number}", *seen)
        except BaseException as error:
            self.errors.append(error)

    async def run_task(self, client: Any, number: int) -> None:
        try:
            while not self.stopped:
                seen = self.before()
                await client.kv.put(f"task/{number}", "v")
                self.after(f"task {number}", *seen)
        except Exception as error:
            self.errors.append(error)

    def wait_for_calls(self, more: int) -> None:
        """Wait until there were this many calls more, one of each caller at least: a call may meet one change, not two."""
        before = self.calls.copy()
        for _ in range(20_000):
            made = self.calls - before
            if (made.total() >= more and len(made) == _THREADS + _TASKS) or self.errors:
                return
            threading.Event().wait(0.001)
        raise AssertionError("the callers stopped calling")


def _under_load(agent: Logins, auth: TokenFile | Login, change: Callable[[], None], backend: str) -> _Load:
    """Change something again and again while threads and tasks share an identity, each group with a client of its own."""
    load = _Load()

    async def tasks() -> None:
        async with agent.async_client(auth=auth, timeout=_TIMEOUT) as client, anyio.create_task_group() as group:
            for number in range(_TASKS):
                group.start_soon(load.run_task, client, number)

    with agent.client(auth=auth, timeout=_TIMEOUT) as client:
        running = [threading.Thread(target=load.run_thread, args=(client, number)) for number in range(_THREADS)]
        running.append(threading.Thread(target=lambda: anyio.run(tasks, backend=backend)))
        for thread in running:
            thread.start()
        try:
            for _ in range(_ROUNDS):
                load.wait_for_calls(400)
                change()
            load.wait_for_calls(400)
        finally:
            load.stopped = True
            for thread in running:
                thread.join(30)
    return load


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_token_file_that_is_replaced(backend: str, tmp_path: Path) -> None:
    agent = Logins(real=True)
    made = [agent.agent.make_token()]
    path = tmp_path / "token"
    path.write_text(made[0]["SecretID"])

    def replace() -> None:
        made.append(agent.agent.make_token())
        (tmp_path / "new").write_text(made[-1]["SecretID"] + "\n")
        (tmp_path / "new").rename(path)
        agent.agent.delete(made[-2]["SecretID"], made[-2]["AccessorID"])

    load = _under_load(agent, TokenFile(path), replace, backend)
    assert load.errors == []
    assert load.sent_again == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_login_that_expires_every_10_seconds(backend: str, tmp_path: Path) -> None:
    agent = Logins(lifetime=10.0)
    bearer = tmp_path / "jwt"
    bearer.write_text(agent.bearer)
    load = _under_load(agent, Login(METHOD, bearer), lambda: agent.advance(10.0), backend)
    assert load.errors == []
    assert load.sent_again == []
    assert agent.logins == _ROUNDS + 1
    assert agent.logouts == 1
    assert agent.tokens == {}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_login_whose_token_is_deleted(backend: str, tmp_path: Path) -> None:
    agent = Logins(lag=0.05)
    bearer = tmp_path / "jwt"
    bearer.write_text(agent.bearer)

    def delete() -> None:
        agent.advance(4.0)  # from then on, a refusal is no sign of a follower that is behind
        for secret, (accessor, _, _) in list(agent.tokens.items()):
            agent.agent.delete(str(secret), accessor)

    load = _under_load(agent, Login(METHOD, bearer), delete, backend)
    assert load.errors == []
    assert agent.logins <= _ROUNDS + 1
    assert agent.attempts == agent.logins
