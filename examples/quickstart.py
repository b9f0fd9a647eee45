"""The same work three times: in a plain script, on asyncio and on trio. It needs an agent, which CONSUL_HTTP_ADDR names."""

import os
import sys
from importlib.util import find_spec

import anyio

from consulate import AsyncConsul, Consul
from consulate.exceptions import RequestError

WITHOUT_CONSUL = """\
This example talks to a Consul agent, and CONSUL_HTTP_ADDR does not name one. Start one and run it again:

    consul agent -dev &
    CONSUL_HTTP_ADDR=127.0.0.1:8500 .venv/bin/python examples/quickstart.py

A `consul` comes with your distribution or from https://developer.hashicorp.com/consul/install. The environment variables of the official
client are read: CONSUL_HTTP_TOKEN where the agent has ACLs, CONSUL_HTTP_SSL and CONSUL_CACERT for TLS, unix:///path for a socket."""


def script() -> None:
    with Consul() as consul:
        consul.agent.service.register("quickstart", port=8080, ttl="30s")
        consul.agent.check.ttl_pass("service:quickstart")
        consul.kv["quickstart/release"] = {"version": 3, "flags": ["a", "b"]}
        print("script: ", consul.kv["quickstart/release"], "quickstart/release" in consul.kv)
        session = consul.session.create(ttl="10s", behavior="delete")
        print("script:  took the lock:", consul.kv.acquire_lock("quickstart/leader", session))
        print("script:  gave it back: ", consul.kv.release_lock("quickstart/leader", session))
        consul.session.destroy(session)
        del consul.kv["quickstart/release"]
        consul.agent.service.deregister("quickstart")


async def tasks(library: str) -> None:
    async with AsyncConsul() as consul:
        await consul.agent.service.register("quickstart", port=8080, ttl="30s")
        await consul.agent.check.ttl_pass("service:quickstart")
        await consul.kv.set("quickstart/release", {"version": 3, "flags": ["a", "b"]})
        index = (await consul.perform_with_meta(consul.ops.kv.get("quickstart/release"))).meta.index or 1
        async with anyio.create_task_group() as group:
            group.start_soon(watch, consul, library, index)
            await consul.kv.put("quickstart/release", {"version": 4})
        session = await consul.session.create(ttl="10s", behavior="delete")
        print(f"{library}: took the lock:", await consul.kv.acquire_lock("quickstart/leader", session))
        print(f"{library}: gave it back: ", await consul.kv.release_lock("quickstart/leader", session))
        await consul.session.destroy(session)
        await consul.kv.delete("quickstart/release")
        await consul.agent.service.deregister("quickstart")


async def watch(consul: AsyncConsul, library: str, index: int) -> None:
    print(f"{library}: the key became", await consul.kv.get("quickstart/release", index=index, wait="10s"))


if __name__ == "__main__":
    if not os.environ.get("CONSUL_HTTP_ADDR"):
        print(WITHOUT_CONSUL, file=sys.stderr)
        sys.exit(2)
    try:
        script()
        anyio.run(tasks, "asyncio", backend="asyncio")
        if find_spec("trio") is None:
            print("trio   : not installed; pip install 'consulate[trio]'")
        else:
            anyio.run(tasks, "trio   ", backend="trio")
    except RequestError as error:
        sys.exit(f"{error}\n\n{WITHOUT_CONSUL}")
