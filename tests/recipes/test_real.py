"""Recipes on real Consuls with ACLs on, and on `consulate dev`: with the least rules, and beside the documented calls."""

# ruff: noqa: PT012 - a block raises when it ends

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul
from consulate.exceptions import LockConflict, LockLost
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, require_binary, start_agent, start_dev
from tests.faces import ASYNCIO, SOCKET, TRIO, UNIX, URLLIB3, Face, measure_lateness, wait_until
from tests.recipes.served import Proxy

pytestmark = pytest.mark.real

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]
_DEV = [f"dev {version}" for version in find_dev_versions()]


def _name(param: Binary | str | None) -> str:
    if isinstance(param, str):
        return param
    return "no Consul" if param is None else param.version


@pytest.fixture(scope="module", params=[*_BINARIES, *_DEV], ids=_name)
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    if isinstance(request.param, str):
        with start_dev(request.param.removeprefix("dev "), acls=True) as running:
            yield running
        return
    with start_agent(require_binary(request.param), acls=True) as running:
        yield running


@pytest.fixture
def consul(agent: Agent) -> Iterator[Consul]:
    """A client with all rights, for what a test looks at. At the end, nothing may be held."""
    with Consul(f"http://{agent.host}:{agent.port}", token=agent.management_token) as consul:
        yield consul
        wait_until(lambda: consul.session.list() == [])
        for key in consul.kv:
            consul.kv.delete(key)


def address(face: Face, agent: Agent) -> str:
    return f"unix://{agent.unix_path}" if face.unix else f"http://{agent.host}:{agent.port}"


def token_for(consul: Consul, agent: Agent, name: str, rules: str) -> str:
    """Return a token with these rules, and sessions on the agent's node."""
    policy = consul.acl.policy.create(name, rules=f'session "{agent.node_name}" {{ policy = "write" }}\n{rules}')
    return consul.acl.token.create(policies=[{"ID": policy["ID"]}])["SecretID"]


@pytest.mark.parametrize("face", [URLLIB3, SOCKET, UNIX, ASYNCIO, TRIO], ids=str)
def test_each_recipe_with_the_least_rules(face: Face, agent: Agent, consul: Consul) -> None:
    made = str(face)
    tokens = {
        "lock": token_for(consul, agent, f"lock-{made}", 'key "a/lock" { policy = "write" }'),
        "semaphore": token_for(consul, agent, f"semaphore-{made}", 'key_prefix "a/slots/" { policy = "write" }'),
        "election": token_for(consul, agent, f"election-{made}", 'key "a/leader" { policy = "write" }'),
        "observer": token_for(consul, agent, f"observer-{made}", 'key "a/leader" { policy = "read" }'),
        "session": token_for(consul, agent, f"session-{made}", ""),
    }

    async def scenario(client: Any) -> None:
        ways: list[list[str] | None] = [None, []]
        for checks in ways:
            async with client.using(token=tokens["lock"]).lock("a/lock", checks=checks, value="v") as held:
                entry = consul.session.info(held.session)
                assert (entry["Name"], entry["TTL"]) == ("lock of a/lock", "15s")
                assert consul.kv.get_record("a/lock")["ModifyIndex"] == held.fencing_token
        async with client.using(token=tokens["semaphore"]).semaphore("a/slots", limit=2) as held:
            assert consul.kv.get_as("a/slots/.lock", dict) == {"Limit": 2, "Holders": {held.session: True}}
        observer = client.using(token=tokens["observer"]).election("a/leader")
        async with client.using(token=tokens["election"]).election("a/leader", value="me") as held:
            assert (await observer.leader()).value == "me"
            async with observer.observe() as leaders:
                assert (await anext(leaders)).session == held.session
        async with client.using(token=tokens["session"]).session.keep(behavior="delete") as session:
            assert consul.session.info(session.id)["Behavior"] == "delete"

    face.run(scenario, address(face, agent), token="no rights at all")


@pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=str)
def test_losses_and_the_documented_calls(face: Face, agent: Agent, consul: Consul) -> None:
    key = f"b/{face}"

    async def scenario(client: Any) -> None:
        with pytest.raises(LockLost):
            async with client.lock(key, delay=0) as held:
                assert not consul.kv.acquire_lock(key, other)
                consul.session.destroy(held.session)
                assert await held.lost.wait(5)
        with pytest.raises(LockLost):
            async with client.lock(key, delay=0) as held:
                consul.kv.delete(key)
                assert await held.lost.wait(5)
        with pytest.raises(LockLost):
            async with client.lock(key, delay=0) as held:
                assert consul.kv.release_lock(key, held.session)
                assert await held.lost.wait(5)
        assert consul.kv.delete(key)
        assert consul.kv.acquire_lock(key, other)  # a key without the flag of locks
        with pytest.raises(LockConflict):
            async with client.lock(key):
                raise AssertionError("nobody gets here")

    other = consul.session.create(delay=0)
    try:
        face.run(scenario, address(face, agent), token=agent.management_token)
    finally:
        consul.session.destroy(other)


def test_hand_overs_among_threads_and_tasks(agent: Agent, consul: Consul) -> None:
    """Threads, and tasks of both kinds, take the lock in turn; no two of them hold it at once."""
    tokens: list[int] = []
    inside: list[str] = []

    async def scenario(client: Any) -> None:
        for _ in range(8):
            async with client.lock("c/turns", delay=0) as held:
                inside.append("in")
                assert len(inside) == 1
                tokens.append(held.fencing_token)
                inside.pop()

    def run(face: Face) -> None:
        face.run(scenario, address(face, agent), token=agent.management_token)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for face in (URLLIB3, UNIX, ASYNCIO, TRIO):
                group.start_soon(anyio.to_thread.run_sync, run, face)

    anyio.run(main)
    assert len(tokens) == 32
    assert tokens == sorted(set(tokens))


def test_the_official_command_is_excluded(agent: Agent, consul: Consul) -> None:
    """`consul lock PREFIX` locks PREFIX/.lock."""
    found = [binary for binary in find_binaries() if binary.version == agent.version]
    if not found:
        pytest.skip("there is no command of this version")
    binary = found[0].path
    options = ["-http-addr", f"{agent.host}:{agent.port}", "-token", str(agent.management_token)]
    for arguments, block in (
        ([], consul.lock("d/jobs/.lock")),
        (["-n=1"], consul.lock("d/jobs/.lock")),
        (["-n=2"], consul.semaphore("d/slots", limit=2)),
    ):
        command = [binary, "lock", *options, "-try=1s", *arguments, "d/slots" if arguments == ["-n=2"] else "d/jobs", "echo inside"]
        with block:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert ("inside" in done.stdout) == (arguments == ["-n=2"]), done
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert "inside" in done.stdout, done
    for left in consul.session.list():  # the command destroys none of its sessions
        assert left["Name"].startswith("Consul lock for 'echo inside' at "), left
        consul.session.destroy(left["ID"])


@pytest.mark.parametrize("binary", _BINARIES, ids=_name)
@pytest.mark.parametrize("kind", ["threads", "asyncio", "trio"])
def test_a_holder_whose_packets_are_swallowed(binary: Binary | None, kind: str) -> None:
    ttl = 1.0

    async def hold(url: str, proxy: Proxy) -> float:
        async with AsyncConsul(url) as tasks:
            began = 0.0
            with pytest.raises(LockLost):
                async with tasks.lock("k", ttl=ttl, checks=[], cancel_on_loss=True) as held:
                    assert not await held.lost.wait(2.2 * ttl)
                    proxy.swallow()
                    began = monotonic()
                    try:
                        await anyio.sleep(10)
                    finally:
                        known = monotonic() - began
            return known

    with ExitStack() as stack:
        running = stack.enter_context(start_agent(require_binary(binary), acls=False, settings={"session_ttl_min": "500ms"}))
        proxy = stack.enter_context(Proxy(running.host, running.port))
        late = measure_lateness()
        if kind == "threads":
            consul = stack.enter_context(Consul(proxy.url))
            with pytest.raises(LockLost), consul.lock("k", ttl=ttl, checks=[]) as held:
                assert not held.lost.wait(2.2 * ttl)
                proxy.swallow()
                began = monotonic()
                assert held.lost.wait(10)
                known = monotonic() - began
        else:
            known = anyio.run(hold, proxy.url, proxy, backend=kind)
        assert ttl / 4 < known < ttl + 0.1 + late
