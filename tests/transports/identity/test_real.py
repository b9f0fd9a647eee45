"""Token files and logins on real Consuls: threads and tasks call while tokens are replaced and deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul, Login, TokenFile
from tests.agents import Agent, Binary, find_binaries, start_agent
from tests.fakes.bearer_tokens import Issuer

pytestmark = pytest.mark.real

_THREADS, _TASKS, _ROUNDS = 8, 20, 3


@pytest.fixture(scope="module", params=find_binaries(), ids=lambda binary: str(binary.version))
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    binary: Binary = request.param
    with start_agent(binary, acls=True, unix_socket=False) as started:
        yield started


@pytest.fixture
def manager(agent: Agent) -> Iterator[Consul]:
    with Consul(agent.host, agent.port, token=agent.management_token) as client:
        yield client


def _load(agent: Agent, auth: TokenFile | Login, change: Callable[[], None]) -> list[BaseException]:
    """Change something again and again while threads and tasks call. Return their errors."""
    errors: list[BaseException] = []
    calls = 0
    stopped = False

    def thread(client: Consul, number: int) -> None:
        nonlocal calls
        try:
            while not stopped:
                client.kv.put(f"identity/{number}", "v")
                calls += 1
        except BaseException as error:
            errors.append(error)

    async def task(client: AsyncConsul, number: int) -> None:
        nonlocal calls
        try:
            while not stopped:
                await client.kv.put(f"identity/task/{number}", "v")
                calls += 1
        except Exception as error:
            errors.append(error)

    async def tasks() -> None:
        async with AsyncConsul(agent.host, agent.port, auth=auth) as client, anyio.create_task_group() as group:
            for number in range(_TASKS):
                group.start_soon(task, client, number)

    def wait(more: int) -> None:
        goal = calls + more
        for _ in range(20_000):
            if calls >= goal or errors:
                return
            threading.Event().wait(0.001)
        raise AssertionError("the callers stopped calling")

    with Consul(agent.host, agent.port, auth=auth) as client:
        running = [threading.Thread(target=thread, args=(client, number)) for number in range(_THREADS)]
        running.append(threading.Thread(target=lambda: anyio.run(tasks)))
        for one in running:
            one.start()
        try:
            for _ in range(_ROUNDS):
                wait(200)
                change()
            wait(200)
        finally:
            stopped = True
            for one in running:
                one.join(30)
    return errors


def _token(manager: Consul) -> Any:
    return manager.acl.token.create(policies=[{"Name": "global-management"}])


def test_a_token_file_that_is_replaced(agent: Agent, manager: Consul, tmp_path: Path) -> None:
    tokens = [_token(manager)]
    path = tmp_path / "token"
    path.write_text(tokens[0]["SecretID"])

    def replace() -> None:
        tokens.append(_token(manager))
        (tmp_path / "new").write_text(tokens[-1]["SecretID"])
        (tmp_path / "new").rename(path)
        manager.acl.token.delete(tokens[-2]["AccessorID"])

    assert _load(agent, TokenFile(path), replace) == []


def test_a_login_whose_token_is_deleted(agent: Agent, manager: Consul, tmp_path: Path) -> None:
    issuer = Issuer()
    path = tmp_path / "jwt"
    path.write_text(issuer.sign("web"))
    manage: Any = manager  # the config of a signer has no type
    manage.acl.auth_method.create("identity", "jwt", issuer.config, max_token_ttl="60s")
    role = manager.acl.role.create("identity", policies=[{"Name": "global-management"}])
    manager.acl.binding_rule.create("identity", "role", "identity")

    def logins() -> list[Any]:
        return [token for token in manager.acl.token.list() if token.get("AuthMethod") == "identity"]

    def delete() -> None:
        (token,) = logins()
        manager.acl.token.delete(token["AccessorID"])

    try:
        assert _load(agent, Login("identity", path, meta={"pod": "web-1"}), delete) == []
        assert logins() == []  # it has logged out
    finally:
        manager.acl.auth_method.delete("identity")
        manager.acl.role.delete(role["ID"])
