"""Session, Status, ACL, and the client itself."""

from __future__ import annotations

from typing import Any

import pytest

import consulate
from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.table import row
from tests.conformance.world import World


@row("Session.__init__", "class consulate.api.session.Session(uri, adapter, datacenter=None, token=None)")
async def session_on_its_own(client: Any, world: World) -> None:
    session = consulate.api.session.Session(*world.standalone_arguments)
    assert session.destroy(session.create()) is True


@row("Session.create", "None of the fields are mandatory, and in fact no body needs to be PUT if the defaults are to be used.")
async def create(client: Any, world: World) -> None:
    plain = await client.session.create()
    full = await client.session.create("name", "delete", world.agent.node_name, "5s", "20s", ["serfHealth"])
    info = await client.session.info(full)
    assert (info["Name"], info["Behavior"], info["Node"], info["LockDelay"]) == ("name", "delete", world.agent.node_name, 5 * 10**9)
    assert (info["TTL"], info["NodeChecks"]) == ("20s", ["serfHealth"])
    assert (await client.session.info(plain))["Behavior"] == "release"
    for bad in ({"behavior": "keep"}, {"ttl": "9 s"}, {"ttl": "25h"}, {"delay": "soon"}):
        with pytest.raises(ValueError, match="session|duration"):
            await client.session.create(**bad)
    with pytest.raises(ServerError, match="must be between"):
        await client.session.create(ttl="9s")
    with pytest.raises(ServerError):
        await client.session.create(node=world.name("nobody"))
    await client.session.destroy(plain)
    await client.session.destroy(full)


@row("Session.destroy", "Destroy an existing session")
async def destroy(client: Any, world: World) -> None:
    session = await client.session.create()
    assert await client.session.destroy(session_id=session) is True
    assert await client.session.destroy(session) is True


@row("Session.info", "Returns the requested session information within a given dc.")
async def info(client: Any, world: World) -> None:
    session = await client.session.create(name="n")
    found = await client.session.info(session_id=session)
    assert isinstance(found, dict)
    assert (found["ID"], found["Name"]) == (session, "n")
    await client.session.destroy(session)
    with pytest.raises(NotFound):
        await client.session.info(session)


@row("Session.list", "Returns the active sessions for a given dc.")
async def list_sessions(client: Any, world: World) -> None:
    session = await client.session.create()
    assert session in [found["ID"] for found in await client.session.list()]
    await client.session.destroy(session)


@row("Session.node", "Returns the active sessions for a given node and dc.")
async def node(client: Any, world: World) -> None:
    session = await client.session.create()
    assert session in [found["ID"] for found in await client.session.node(node=world.agent.node_name)]
    assert await client.session.node(world.name("nobody")) == []
    await client.session.destroy(session)


@row("Session.renew", "This is used with sessions that have a TTL, and it extends the expiration by the TTL.")
async def renew(client: Any, world: World) -> None:
    session = await client.session.create(ttl="10s")
    renewed = await client.session.renew(session_id=session)
    assert isinstance(renewed, dict)
    assert renewed["ID"] == session
    await client.session.destroy(session)
    with pytest.raises(NotFound):
        await client.session.renew(session)


@row("Status.__init__", "class consulate.api.status.Status(uri, adapter, datacenter=None, token=None)")
async def status_on_its_own(client: Any, world: World) -> None:
    assert consulate.api.status.Status(*world.standalone_arguments).leader().startswith("127.0.0.1:")


@row("Status.leader", "Get the Raft leader for the datacenter the agent is running in.")
async def leader(client: Any, world: World) -> None:
    found = await client.status.leader()
    assert isinstance(found, str)
    assert found.startswith("127.0.0.1:")


@row("Status.peers", "Get the Raft peers for the datacenter the agent is running in.")
async def peers(client: Any, world: World) -> None:
    assert await client.status.peers() == [await client.status.leader()]


@row("ACL.__init__", "class consulate.api.acl.ACL(uri, adapter, datacenter=None, token=None)")
async def acl_on_its_own(client: Any, world: World) -> None:
    assert isinstance(consulate.api.acl.ACL(*world.standalone_arguments).list(), list)


@row("ACL.create", "The call to create will return the ID of the new ACL.")
async def acl_create(client: Any, world: World) -> None:
    acl_id = await client.acl.create("name", "client", 'key "" { policy = "read" }')
    assert isinstance(acl_id, str)
    limited = client.using(token=acl_id)
    assert await limited.kv.get(world.name()) is None
    for refused in (limited.kv.put(world.name(), "v"), client.using(token=None).acl.create("n")):
        with pytest.raises(Forbidden):
            await refused
    await client.acl.destroy(acl_id)


@row("ACL.info", "Return a dict of information about the ACL")
async def acl_info(client: Any, world: World) -> None:
    acl_id = await client.acl.create("name", rules='key "" { policy = "read" }')
    found = await client.acl.info(acl_id)
    assert isinstance(found, dict)
    assert (found["ID"], found["Name"], found["Type"]) == (acl_id, "name", "client")
    await client.acl.destroy(acl_id)
    with pytest.raises(NotFound):
        await client.acl.info(acl_id=acl_id)


@row("ACL.update", "Update an existing ACL, updating its values or add a new ACL if the ACL Id specified is not found.")
async def acl_update(client: Any, world: World) -> None:
    acl_id = await client.acl.create("before")
    assert await client.acl.update(acl_id, "after", "client", 'key "" { policy = "write" }') is True
    assert (await client.acl.info(acl_id))["Name"] == "after"
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.update(acl_id, "x")
    await client.acl.destroy(acl_id)


@row("ACL.clone", "Clone an existing ACL returning the new ACL ID")
async def acl_clone(client: Any, world: World) -> None:
    acl_id = await client.acl.create("original")
    copy = await client.acl.clone(acl_id)
    assert copy != acl_id
    assert (await client.acl.info(copy))["Name"] == "original"
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.clone(acl_id)
    for one in (copy, acl_id):
        await client.acl.destroy(one)
    with pytest.raises(NotFound):
        await client.acl.clone(acl_id)


@row("ACL.destroy", "Delete the specified ACL")
async def acl_destroy(client: Any, world: World) -> None:
    acl_id = await client.acl.create("gone soon")
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.destroy(acl_id)
    assert await client.acl.destroy(acl_id=acl_id) is True
    with pytest.raises(NotFound):
        await client.acl.destroy(acl_id)


@row("ACL.list", "Return a list of all ACLs")
async def acl_list(client: Any, world: World) -> None:
    acl_id = await client.acl.create("listed")
    assert acl_id in [found["ID"] for found in await client.acl.list()]
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.list()
    await client.acl.destroy(acl_id)


@row("Consul.__init__", "class consulate.Consul(host='localhost', port=8500, datacenter=None, token=None, scheme='http', adapter=None)")
async def the_client(client: Any, world: World) -> None:
    groups = {"acl": "ACL", "agent": "Agent", "catalog": "Catalog", "event": "Event", "health": "Health", "kv": "KV"}
    groups |= {"session": "Session", "status": "Status"}
    host, port, _, token, scheme, adapter = (*world.address, None, None)[:6]
    with consulate.Consul(host=host, port=port, datacenter=world.agent.datacenter, token=token, scheme=scheme, adapter=adapter) as made:
        for group, name in groups.items():
            assert isinstance(getattr(made, group), getattr(getattr(consulate.api, group), name))
        assert made.catalog.datacenters() == [world.agent.datacenter]
    with consulate.Session(host, port, "nowhere", token, scheme, adapter) as elsewhere, pytest.raises(ServerError, match="No path"):
        elsewhere.catalog.nodes()
    assert consulate.Session is consulate.Consul


@row("example first", "Once connected, a list of all service checks is returned.")
async def the_first_example(client: Any, world: World) -> None:
    name = world.name()
    await client.agent.check.register(name, ttl="10s")
    with consulate.Consul(*world.address) as session:
        checks = session.agent.checks()
    assert name in [check["CheckID"] for check in checks]
    await client.agent.check.deregister(name)


@row("example token", "creates a new Consul passing in an authorization token and then sets a key")
async def the_token_example(client: Any, world: World) -> None:
    flag = world.name("release_flag")
    session = consulate.Consul(world.agent.host, world.agent.port, token=world.agent.management_token)
    session.kv[flag] = True
    assert await client.kv.get(flag) is True
    session.close()


@row(
    "example unix socket",
    "If you want to connect to Consul via a local UNIX socket, you’ll need to override both the scheme, port and the adapter like so:",
)
async def the_unix_socket_example(client: Any, world: World) -> None:
    consul = consulate.Consul(
        world.agent.unix_path,
        None,
        token=world.agent.management_token,
        scheme="http+unix",
        adapter=consulate.adapters.UnixSocketRequest,
    )
    services = consul.agent.services()
    assert isinstance(services, list)
    consul.close()


@row("example Forbidden", "Raises:consulate.exceptions.Forbidden")
async def without_a_token(client: Any, world: World) -> None:
    for view in (client.using(token=None), client.using(token=world.name("no-such-token"))):
        with pytest.raises(consulate.exceptions.Forbidden):
            await view.kv.put(world.name(), "v")
