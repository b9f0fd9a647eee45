"""Make the same calls with `Consul`, and with `AsyncConsul` on asyncio and on trio.

The example uses the agent at CONSUL_HTTP_ADDR. If this variable is not set, it uses a simulated agent in memory.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import anyio

from consulate import AsyncConsul, Consul
from consulate.exceptions import RequestError
from consulate.testing import ConsulAgent

UNREACHED = """\
No agent answers at CONSUL_HTTP_ADDR. Unset this variable to use a simulated agent in memory. Or start a real agent:

    consul agent -dev &
    CONSUL_HTTP_ADDR=127.0.0.1:8500 .venv/bin/python examples/quickstart.py

The address may also be unix:///path/to/socket. Set CONSUL_HTTP_TOKEN if the agent has ACLs.
Set CONSUL_HTTP_SSL and CONSUL_CACERT for TLS."""

#: The simulated agent in memory, with a real clock; None if CONSUL_HTTP_ADDR names an agent.
AGENT = None if os.environ.get("CONSUL_HTTP_ADDR") else ConsulAgent(clock="real")


def client() -> Consul:
    return Consul() if AGENT is None else AGENT.client()


def async_client() -> AsyncConsul:
    return AsyncConsul() if AGENT is None else AGENT.async_client()


def script() -> None:
    with client() as consul, ThreadPoolExecutor() as threads:
        consul.agent.service.register("quickstart", port=8080, ttl="30s")
        consul.agent.check.ttl_pass("service:quickstart")
        print("script : the service runs at", [entry["Service"]["Port"] for entry in consul.health.service("quickstart", passing=True)])
        consul.kv["quickstart/release"] = {"version": 3, "flags": ["a", "b"]}
        print("script : the key is", consul.kv["quickstart/release"])
        index = int(consul.kv.get_record("quickstart/release")["ModifyIndex"])
        watch = threads.submit(consul.kv.get, "quickstart/release", index=index, wait="10s")
        consul.kv.put("quickstart/release", {"version": 4})
        print("script : the key became", watch.result())
        session = consul.session.create(ttl="10s", behavior="delete")
        print("script : acquired the lock:", consul.kv.acquire_lock("quickstart/leader", session))
        print("script : released the lock:", consul.kv.release_lock("quickstart/leader", session))
        consul.session.destroy(session)
        del consul.kv["quickstart/release"]
        consul.agent.service.deregister("quickstart")


async def tasks(library: str) -> None:
    async with async_client() as consul:
        await consul.agent.service.register("quickstart", port=8080, ttl="30s")
        await consul.agent.check.ttl_pass("service:quickstart")
        entries = await consul.health.service("quickstart", passing=True)
        print(f"{library}: the service runs at", [entry["Service"]["Port"] for entry in entries])
        await consul.kv.set("quickstart/release", {"version": 3, "flags": ["a", "b"]})
        print(f"{library}: the key is", await consul.kv.read("quickstart/release"))
        index = int((await consul.kv.get_record("quickstart/release"))["ModifyIndex"])
        async with anyio.create_task_group() as group:
            group.start_soon(watch, consul, library, index)
            await consul.kv.put("quickstart/release", {"version": 4})
        session = await consul.session.create(ttl="10s", behavior="delete")
        print(f"{library}: acquired the lock:", await consul.kv.acquire_lock("quickstart/leader", session))
        print(f"{library}: released the lock:", await consul.kv.release_lock("quickstart/leader", session))
        await consul.session.destroy(session)
        await consul.kv.delete("quickstart/release")
        await consul.agent.service.deregister("quickstart")


async def watch(consul: AsyncConsul, library: str, index: int) -> None:
    print(f"{library}: the key became", await consul.kv.get("quickstart/release", index=index, wait="10s"))


if __name__ == "__main__":
    print("on an agent in memory" if AGENT else f"on the agent at {os.environ['CONSUL_HTTP_ADDR']}")
    try:
        script()
        anyio.run(tasks, "asyncio", backend="asyncio")
        if find_spec("trio") is None:
            print("trio   : not installed; run `pip install trio`")
        else:
            anyio.run(tasks, "trio   ", backend="trio")
    except RequestError as error:
        sys.exit(f"{error}\n\n{UNREACHED}")
