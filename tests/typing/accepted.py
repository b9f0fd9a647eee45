# pyright: strict
"""What users write, and what both checkers must see in it: `test_types.py` runs mypy --strict and pyright over this file.

To see a checker's own words, put `reveal_type(...)` in place of `assert_type(..., T)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, assert_type

from consul_proto.api import Groups, Operations
from consul_proto.codec import Stored
from consul_proto.config import Config
from consul_proto.decode import text
from consul_proto.endpoints.kv import KV as KV
from consul_proto.flow import Flow, call, sleep
from consul_proto.message import Json, Request, Response, StreamedBody
from consul_proto.namespace import Async, M, Namespace, Pure, Sync, flow, group, operation
from consul_proto.operation import Operation
from consul_proto.recipes.bulk_result import BulkResult
from consul_proto.stream import Stream
from consul_proto.types.agent import AgentMember, AgentSelf
from consul_proto.types.catalog import CatalogNode, CatalogService, ServiceEntry, ServiceTags
from consul_proto.types.check import AgentCheck, HealthCheck
from consul_proto.types.config import ConfigEntry, ConfigKind
from consul_proto.types.config_defaults import MeshConfigEntry
from consul_proto.types.config_routing import ServiceResolverConfigEntry, ServiceResolverSubset, ServiceRouterConfigEntry
from consul_proto.types.discovery_chain import DiscoveryChainResponse
from consul_proto.types.event import UserEvent
from consul_proto.types.imported_services import ImportedService
from consul_proto.types.kv import Record
from consul_proto.types.service import AgentService
from consul_proto.types.session import SessionEntry
from consul_proto.types.txn import TxnResult
from consulate import AsyncConsul, Consul, Limits, Login, Meta, Reply, Session, TokenFile, adapters, api
from consulate.api import kv as kv_api
from consulate.api.txn import kv_get, kv_set
from transports.memory import AsyncMemoryTransport, MemoryTransport
from transports.protocol import AsyncTransport, Transport


def kv_on_three_faces(pure: KV[Pure], sync: KV[Sync], tasks: KV[Async]) -> None:
    assert_type(pure.put("k", "v"), Operation[bool])
    assert_type(sync.put("k", "v"), bool)
    _ = assert_type(tasks.put("k", "v"), Coroutine[Any, Any, bool])

    assert_type(pure.get("k"), Operation[Stored])
    assert_type(sync.get("k"), Stored)
    _ = assert_type(tasks.get("k"), Coroutine[Any, Any, Stored])

    assert_type(pure.keys("a/", separator="/"), Operation[list[str]])
    assert_type(sync.keys("a/", separator="/"), list[str])
    _ = assert_type(tasks.keys("a/", separator="/"), Coroutine[Any, Any, list[str]])

    assert_type(pure.get_record("k"), Operation[Record])
    assert_type(sync.get_record("k"), Record)
    _ = assert_type(tasks.get_record("k"), Coroutine[Any, Any, Record])

    assert_type(pure.set("k", {"a": [1, None]}), Flow[None])
    assert_type(pure.get_many(["a", "b"]), Flow[dict[str, Stored]])
    assert_type(sync.get_many(["a", "b"]), dict[str, Stored])
    _ = assert_type(tasks.get_many(["a", "b"]), Coroutine[Any, Any, dict[str, Stored]])


async def values_of_a_kind(client: Consul, tasks: AsyncConsul) -> None:
    assert_type(client.kv.get_as("k", int), int | None)
    assert_type(client.kv.get_as("k", int, default=0), int)
    assert_type(client.kv.get_as("k", bool, "none", consistency="stale"), bool | str)
    assert_type(client.kv.get_as("k", str, ""), str)
    assert_type(client.kv.get_as("k", float, index=7, wait="10s"), float | None)
    assert_type(client.kv.get_as("k", bytes, default=None), bytes | None)
    assert_type(client.kv.get_as("k", dict), dict[str, Stored] | None)
    assert_type(client.kv.get_as("k", list, default=()), list[Stored] | tuple[()])
    assert_type(await tasks.kv.get_as("k", int, default=0), int)
    _ = assert_type(tasks.kv.get_as("k", dict), Coroutine[Any, Any, dict[str, Stored] | None])
    assert_type(await tasks.kv.get_as("k", list), list[Stored] | None)

    async def pairs() -> AsyncIterator[tuple[str, int]]:
        yield "a", 1

    assert_type(await tasks.kv.put_many(pairs()), BulkResult)
    assert_type(await tasks.kv.replace_tree("a", {"a": 1}, connections=1), BulkResult)
    assert_type(client.ops.kv.get_as("k", int, 0), Operation[int])
    assert_type(client.ops.kv.get_as("k", list), Operation[list[Stored] | None])
    assert_type(client.kv.items("p/", raw=True), dict[str, Stored])
    assert_type(client.kv.put_many({"a": 1, "b": [1, "2"]}, flags={"a": 7}), BulkResult)
    client.kv.put_many([("a", 1), ("b", "x", 7)], flags=3, connections=8, progress=lambda result: result.done, datacenter="dc2")
    client.kv.put_many((f"k{number}", number) for number in range(3))
    assert_type(client.kv.replace_tree("a/", {"a/b": None}), BulkResult)
    assert_type(client.kv.copy_tree("a/", "b/").applied, tuple[range, ...])
    assert_type(client.kv.delete_many(key for key in "ab"), BulkResult)
    assert_type(
        client.agent.service.register("web", httpcheck="http://h", interval=10, timeout=2, deregister_critical_service_after="90m"), bool
    )


def keyword_defaults(client: Consul) -> None:
    assert_type(client.kv.put("k", b"v", flags=7, cas=0, datacenter="dc2"), bool)
    assert_type(client.kv.get("k", None, True), Stored)
    assert_type(client.kv.get("k", default="none", raw=False, consistency="stale", index=3, wait="10s"), Stored)
    assert_type(client.kv.get("k", wait=timedelta(seconds=10), index=1), Stored)
    assert_type(client.kv.get("k", wait=2.5, index=1), Stored)
    assert_type(client.health.service("web", "v1", True), list[ServiceEntry])
    assert_type(client.health.service("web", tag=["v1", "v2"], near="_agent", cached=True, max_age=30), list[ServiceEntry])
    assert_type(client.session.create(ttl="15s", behavior="delete", node_checks=["serfHealth"]), str)
    assert_type(client.agent.check.register("alive", http="http://localhost/", interval="10s", method="HEAD"), bool)
    assert_type(client.agent.service.register("web", port=80, tags=["v1"], meta={"version": "1"}), bool)


def every_group_for_threads(client: Consul) -> None:
    assert_type(client.acl.list()[0]["ID"], str)
    assert_type(client.acl.clone("id"), str)
    assert_type(client.acl.destroy("id"), bool)
    assert_type(client.agent.self(), AgentSelf)
    assert_type(client.agent.members(wan=True), list[AgentMember])
    assert_type(client.agent.services(), list[AgentService])
    assert_type(client.agent.checks(filter="Status == passing"), list[AgentCheck])
    assert_type(client.agent.check.ttl_pass("service:web"), bool)
    assert_type(client.agent.service.get("web"), AgentService)
    assert_type(client.catalog.services(), list[ServiceTags])
    assert_type(client.catalog.service("web"), list[CatalogService])
    assert_type(client.catalog.node("n1"), CatalogNode)
    assert_type(client.event.fire("deploy", "v2"), str)
    assert_type(client.event.list(), list[UserEvent])
    assert_type(client.health.state("critical"), list[HealthCheck])
    assert_type(client.session.list(), list[SessionEntry])
    assert_type(client.status.leader(), str)
    assert_type(client.status.peers(), list[str])
    assert_type(client.txn.commit([kv_set("a", 1), kv_get("b")]), list[TxnResult])


async def every_group_for_tasks(client: AsyncConsul) -> None:
    _ = assert_type(client.acl.clone("id"), Coroutine[Any, Any, str])
    assert_type(await client.acl.destroy("id"), bool)
    _ = assert_type(client.agent.self(), Coroutine[Any, Any, AgentSelf])
    assert_type(await client.agent.members(wan=True), list[AgentMember])
    assert_type(await client.agent.check.ttl_pass("service:web"), bool)
    assert_type(await client.agent.service.get("web"), AgentService)
    assert_type(await client.catalog.services(), list[ServiceTags])
    assert_type(await client.event.list(), list[UserEvent])
    _ = assert_type(client.health.service("web"), Coroutine[Any, Any, list[ServiceEntry]])
    assert_type(await client.health.service("web"), list[ServiceEntry])
    assert_type(await client.kv.get("k"), Stored)
    _ = assert_type(client.kv.set("k", "v"), Coroutine[Any, Any, None])
    await client.kv.set("k", "v")
    assert_type(await client.session.create(), str)
    _ = assert_type(client.status.leader(), Coroutine[Any, Any, str])
    assert_type(await client.txn.commit([kv_set("a", 1)]), list[TxnResult])


def every_group_as_operations(client: Consul, tasks: AsyncConsul) -> None:
    assert_type(client.ops.kv, KV[Pure])
    assert_type(tasks.ops.kv, KV[Pure])
    assert_type(client.ops.acl.clone("id"), Flow[str])
    assert_type(client.ops.agent.self(), Operation[AgentSelf])
    assert_type(client.ops.agent.check.ttl_pass("service:web"), Operation[bool])
    assert_type(client.ops.agent.service.get("web"), Operation[AgentService])
    assert_type(client.ops.catalog.services(), Operation[list[ServiceTags]])
    assert_type(client.ops.event.fire("deploy"), Operation[str])
    assert_type(client.ops.health.service("web"), Operation[list[ServiceEntry]])
    assert_type(client.ops.session.info("id"), Operation[SessionEntry])
    assert_type(client.ops.status.leader(), Operation[str])
    assert_type(client.ops.txn.commit([]), Operation[list[TxnResult]])


async def operators_and_their_counterparts(client: Consul, tasks: AsyncConsul) -> None:
    assert_type(client.kv, kv_api.KV)
    assert_type(tasks.kv, kv_api.AsyncKV)
    assert_type(client.kv["k"], Stored)
    client.kv["k"] = {"any": ["JSON", 1, None]}
    del client.kv["k"]
    assert_type("k" in client.kv, bool)
    assert_type(len(client.kv), int)
    assert_type(list(client.kv), list[str])
    assert_type(client.kv.iteritems(), Iterator[tuple[str, Stored]])
    assert_type(client.kv.values(), list[Stored])
    assert_type(await tasks.kv.read("k"), Stored)
    assert_type(await tasks.kv.delete("k"), bool)
    assert_type(await tasks.kv.contains("k"), bool)
    assert_type(await tasks.kv.count(), int)
    assert_type([key async for key in tasks.kv], list[str])
    assert_type([item async for item in tasks.kv.iteritems()], list[tuple[str, Stored]])


async def perform(client: Consul, tasks: AsyncConsul) -> None:
    web = client.ops.health.service("web")
    assert_type(client.perform(web), list[ServiceEntry])
    assert_type(await tasks.perform(web), list[ServiceEntry])
    assert_type(client.perform(client.ops.acl.clone("id")), str)
    reply = client.perform_with_meta(web)
    assert_type(reply, Reply[list[ServiceEntry]])
    assert_type(reply.value, list[ServiceEntry])
    assert_type(reply.meta, Meta)
    assert_type(reply.meta.index, int | None)
    assert_type((await tasks.perform_with_meta(web)).value, list[ServiceEntry])


async def views_and_closing() -> None:
    with Consul("localhost", 8500, "dc1", None, "http", adapters.Request, timeout=None, limits=Limits(connections=4)) as client:
        assert_type(client, Consul)
        assert_type(client.using(consistency="stale", timeout=2.5), Consul)
        assert_type(client.using(token=None, datacenter="dc2").kv.get("k"), Stored)
    Consul(["http://c1:8500", "http://c2:8500"], agent_order="random").close()
    async with AsyncConsul(host="/run/consul.sock", scheme="http+unix", adapter=adapters.UnixSocketRequest()) as tasks:
        assert_type(tasks, AsyncConsul)
        assert_type(tasks.using(partition="p", namespace="n"), AsyncConsul)
        await tasks.aclose()
    assert_type(Session(), Consul)
    assert_type(kv_api.KV("http://localhost:8500/v1", adapters.Request, "dc1", "token").get("k"), Stored)


async def requests_without_a_method(client: Consul, tasks: AsyncConsul) -> None:
    answer = client.request("GET", "/v1/operator/usage", query={"global": None})
    assert_type(answer, Response)
    assert_type(answer.json(), Json)
    assert_type(await tasks.request("PUT", "/v1/config", body={"Kind": "mesh", "Meta": {"a": [1, None]}}), Response)
    assert_type(client.ops.request("DELETE", "/v1/x", query=[("cas", 7), ("a", True)], body=b"raw"), Operation[Response])


def blocking_forms(client: Consul) -> None:
    assert_type(client.ops.kv.get("k").blocking(index=7, wait="10s"), Operation[Stored])
    assert_type(client.ops.agent.service.get("web").blocking(hash="abc"), Operation[AgentService])


def groups_by_their_documented_names(client: Consul, tasks: AsyncConsul) -> None:
    assert_type(client.acl, api.acl.ACL)
    assert_type(client.agent, api.agent.Agent)
    assert_type(client.agent.check, api.agent.Agent.Check)
    assert_type(client.agent.service, api.agent.Agent.Service)
    assert_type(client.txn, api.txn.Txn)
    assert_type(client.ops, Groups[Pure])
    assert_type(tasks.ops, Groups[Pure])
    assert_type(Operations().kv, KV[Pure])


class OwnGroups(Consul):
    """A group of calls that is not the library's, on a client."""

    own: group[Own[Sync]] = group("own.calls:Own", "The calls of Own.")

    def ask(self) -> str:
        return self.own.get("x")


class OwnConsul(Consul):
    """A subclass keeps its type in views and `with`."""

    def web(self) -> list[ServiceEntry]:
        return self.health.service("web", passing=True)


def own_client() -> None:
    with OwnConsul() as client:
        assert_type(client.using(datacenter="dc2"), OwnConsul)
        assert_type(client.web(), list[ServiceEntry])


def own_operation(name: str) -> Operation[str]:
    return Operation("own", Request("GET", f"/v1/own/{name}"), text)


def own_flow(name: str) -> Flow[int]:
    before = yield from call(own_operation(name))
    assert_type(before, str)
    yield from sleep(0.5)
    after = yield from call(own_operation(name))
    return len(before + after)


class Own(Namespace[M]):
    """A group of calls that is not the library's, with its three faces."""

    @operation
    def get(self, name: str, *, loud: bool = False) -> Operation[str]:
        """Return something."""
        return own_operation(name.upper() if loud else name)

    @flow
    def twice(self, name: str) -> Flow[int]:
        """Ask twice."""
        return own_flow(name)


async def own_calls(client: Consul, tasks: AsyncConsul) -> None:
    assert_type(client.perform(own_operation("x")), str)
    assert_type(client.perform(own_flow("x")), int)
    assert_type(await tasks.perform(own_flow("x")), int)
    assert_type(client.perform_with_meta(own_flow("x")), Reply[int])
    pure: Own[Pure] = Own()
    sync: Own[Sync] = Own(client.perform)
    later: Own[Async] = Own(tasks.perform)
    assert_type(pure.get("x", loud=True), Operation[str])
    assert_type(sync.get("x", loud=True), str)
    _ = assert_type(later.get("x"), Coroutine[Any, Any, str])
    assert_type(pure.twice("x"), Flow[int])
    assert_type(sync.twice("x"), int)
    assert_type(await later.twice("x"), int)


class OwnTransport:
    """A transport is anything with these methods."""

    def send(self, request: Request, timeout: float | None) -> Response:
        return Response(200, body=f'"{request.shown} {timeout}"'.encode())

    def sleep(self, seconds: float) -> None: ...

    def close(self) -> None: ...


class OwnAsyncTransport:
    """The same for tasks."""

    async def send(self, request: Request, timeout: float | None) -> Response:
        return Response(200, body=f'"{request.shown} {timeout}"'.encode())

    async def sleep(self, seconds: float) -> None: ...

    async def aclose(self) -> None: ...


class OwnAdapter:
    """An adapter makes transports."""

    def transport(self, config: Config) -> Transport:
        assert_type(config.address.host, str)
        return OwnTransport()

    def async_transport(self, config: Config) -> AsyncTransport:
        return OwnAsyncTransport()


def own_transports(handle: Callable[[Request], Response]) -> None:
    assert_type(Consul(transport=OwnTransport()).status.leader(), str)
    assert_type(Consul(transport=MemoryTransport(handle)).kv["k"], Stored)
    AsyncConsul(transport=OwnAsyncTransport())
    AsyncConsul(transport=AsyncMemoryTransport(handle))
    Consul(adapter=OwnAdapter)
    AsyncConsul(adapter=OwnAdapter())


def the_service_mesh_and_queries(client: Consul) -> None:
    assert_type(client.connect.intentions.upsert("web", "db", action="allow"), bool)
    client.connect.intentions.upsert("web", "db", permissions=[{"Action": "allow", "HTTP": {"PathPrefix": "/v1/"}}])
    assert_type(client.connect.intentions.check("web", "db"), bool)
    assert_type(client.connect.intentions.match("source", ["web", "db"])["web"][0]["SourceName"], str)
    assert_type(client.connect.ca.roots()["Roots"][0]["RootCert"], str)
    assert_type(client.agent.connect.ca_leaf("web")["PrivateKeyPEM"], str)
    client.query.create(service={"Service": "web", "Failover": {"NearestN": 2}}, name="web")
    assert_type(client.query.execute("web", near="_agent")["Nodes"][0]["Service"]["Port"], int)
    assert_type(client.coordinate.node("n1")[0]["Coord"]["Vec"], list[float])


def legacy_acls(client: Consul) -> None:
    assert_type(client.acl.info("id", consistency="stale")["Rules"], str)
    assert_type(client.ops.acl.create("web", rules="rules"), Flow[str])
    assert_type(client.ops.acl.legacy.create("web", acl_id="id"), Operation[str])
    assert_type(client.acl.legacy.rules_translate("rules"), str)


async def acls(sync: Consul, tasks: AsyncConsul) -> None:
    token = sync.acl.token.create(policies=[{"Name": "web-read"}, {"ID": "p-1"}], expiration_ttl="1h")
    assert_type(token["SecretID"], str)
    again = sync.acl.token.update(token["AccessorID"], policies=token.get("Policies", []))
    assert_type([link["Name"] for link in again.get("Policies", [])], list[str])
    assert_type((await tasks.acl.policy.read("p-1"))["Rules"], str)
    assert_type(sync.acl.templated_policy.list()["builtin/service"]["Template"], str)
    method = sync.acl.auth_method.read("ci")
    if method["Type"] == "jwt":
        assert_type(method["Config"].get("BoundIssuer"), str | None)
    sync.acl.auth_method.create("minikube", "kubernetes", {"Host": "https://192.0.2.1"}, max_token_ttl="1h")
    assert_type(sync.acl.logout(), bool)


async def config_entries(client: Consul, tasks: AsyncConsul, kind: ConfigKind) -> None:
    subsets: dict[str, ServiceResolverSubset] = {"v1": {"Filter": "Service.Meta.version == v1"}, "v2": {"OnlyPassing": True}}
    assert_type(client.config.apply({"Kind": "service-resolver", "Name": "web", "DefaultSubset": "v1", "Subsets": subsets}), bool)
    assert_type(client.config.apply({"Kind": "mesh", "TLS": {"Incoming": {"TLSMinVersion": "TLSv1_2"}}}, cas=0), bool)
    resolver = client.config.get("service-resolver", "web")
    assert_type(resolver, ServiceResolverConfigEntry)
    assert_type(resolver.get("Subsets", {})["v1"].get("Filter"), str | None)
    resolver["DefaultSubset"] = "v2"
    assert_type(client.config.apply(resolver, cas=resolver["ModifyIndex"]), bool)
    assert_type(client.config.list("service-router"), list[ServiceRouterConfigEntry])
    assert_type(await tasks.config.get("mesh", "mesh"), MeshConfigEntry)
    _ = assert_type(tasks.config.list("mesh"), Coroutine[Any, Any, list[MeshConfigEntry]])
    assert_type(client.ops.config.get("mesh", "mesh", index=7, wait="10s"), Operation[MeshConfigEntry])
    assert_type(client.config.delete("service-resolver", "web", cas=resolver["ModifyIndex"]), bool)
    entry: ConfigEntry = client.config.get(kind, "web")
    if entry["Kind"] == "service-splitter":
        assert_type(entry["Splits"][0]["Weight"], float)


def chains_and_shared_services(client: Consul) -> None:
    chain = client.discovery_chain.read("web", compile_dc="dc2")["Chain"]
    assert_type(chain["Targets"]["web.default.dc1"]["Service"], str)
    assert_type(client.discovery_chain.read_with_overrides("web", override_protocol="http"), DiscoveryChainResponse)
    assert_type(client.exported_services.list()[0]["Consumers"].get("Peers"), list[str] | None)
    assert_type(client.imported_services.list(), list[ImportedService])


def streams(client: Consul, file: BinaryIO) -> None:
    assert_type(client.ops.agent.monitor(log_level="debug"), Stream[str])
    assert_type(client.ops.snapshot.save(consistency="stale"), Stream[bytes])
    with client.agent.metrics_stream() as intervals:
        assert_type(next(iter(intervals))["Samples"][0]["Count"], int)
    with client.kv.stream_records("app/", raw=True, consistency="stale") as records:
        assert_type([record["Key"] for record in records], list[str])
    assert_type(client.snapshot.save(file)["Index"], int)
    assert_type(client.snapshot.restore(Path("a.snap")), bool)
    client.ops.snapshot.restore(StreamedBody(lambda: [b"a"], 1))
    client.agent.token.update("dns", "t")


async def streams_for_tasks(tasks: AsyncConsul) -> None:
    async with tasks.agent.monitor() as lines:
        assert_type(await anext(aiter(lines)), str)
    async with tasks.kv.stream_records() as records:
        assert_type(await anext(aiter(records)), Record)
    assert_type((await tasks.snapshot.save("a.snap"))["Size"], int)


def operators_and_peers(client: Consul) -> None:
    assert_type(client.operator.raft.configuration(consistency="stale")["Servers"][0]["Leader"], bool)
    assert_type(client.operator.autopilot.config_set(min_quorum=3, last_contact_threshold="300ms", cas=9), bool)
    assert_type(client.operator.keyring.list(local_only=True)[0]["Keys"], dict[str, int])
    assert_type(client.operator.usage(global_=True)["Usage"]["dc1"]["Services"], int)
    assert_type(client.ops.peering.generate_token("two", meta={"env": "test"}), Operation[str])
    assert_type(client.peering.read("two", index=7)["State"], str)
    client.namespace.create("team-1", acls={"PolicyDefaults": [{"Name": "node-read"}, {"ID": "1"}]})
    assert_type(client.internal.acl_authorize([{"Resource": "operator", "Access": "read"}])[0]["Allow"], bool)
    assert_type(client.internal.ui.metrics_proxy("api/v1/query", query={"query": "up"}), bytes)


def identities() -> None:
    assert_type(Consul(auth=TokenFile("/run/consul/token")), Consul)
    assert_type(AsyncConsul(auth=Login("kubernetes", "/run/jwt", meta={"pod": "web-1"}, datacenter="dc1")), AsyncConsul)
    Consul(auth="5f0c6f3e")
