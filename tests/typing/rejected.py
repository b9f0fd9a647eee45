"""What both checkers must refuse: every line that ends in `# error`, and no other. `test_types.py` runs them over it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from consul_proto.codec import Stored
from consul_proto.endpoints.kv import KV
from consul_proto.flow import Flow, call
from consul_proto.message import Request, Response
from consul_proto.namespace import Async, Pure, Sync
from consul_proto.operation import Operation
from consulate import AsyncConsul, Consul, Limits, Login, adapters, filters
from transports.memory import AsyncMemoryTransport, MemoryTransport


def wrong_arguments(client: Consul) -> None:
    client.kv.put(b"k", "v")  # error
    client.kv.put("k", object())  # error
    client.kv.put("k", {"a", "set"})  # error
    client.kv.put("k", "v", flags="7")  # error
    client.kv.put("k", "v", cas="0")  # error
    client.kv.get("k", wait=b"10s")  # error
    client.health.service("web", tag=7)  # error
    client.agent.service.register("web", port="80")  # error
    client.agent.service.register("web", tags=[80])  # error
    client.kv["k"] = object()  # error
    client.kv[7]  # error
    client.txn.commit([{"Verb": "set"}])  # error


def wrong_kinds(client: Consul) -> None:
    client.kv.get_as("k", set)  # error
    client.kv.get_as("k", "int")  # error
    client.kv.get_as("k")  # error
    client.kv.get_as("k", int, dc="dc2")  # error
    client.kv.get_as(7, int)  # error
    client.kv.put_many({"a": 1}, flags="7")  # error
    client.kv.put_many([("a", 1)], flags={"a": 7})  # error
    client.kv.put_many(["a"])  # error
    client.kv.copy_tree("a/", "b/", wait="1s")  # error
    client.agent.service.register("web", check={"TTL": "10s"})  # error


def missing_and_surplus_arguments(client: Consul) -> None:
    client.kv.put("k")  # error
    client.kv.put("k", "v", 7)  # error
    client.kv.get()  # error
    client.catalog.register("n1")  # error
    client.status.leader("dc2")  # error
    client.agent.self(1)  # error


def unknown_keywords(client: Consul) -> None:
    client.kv.put("k", "v", flag=7)  # error
    client.kv.get("k", dc="dc2")  # error
    client.kv.put("k", "v", consistency="stale")  # error
    client.agent.services(datacenter="dc2")  # error
    client.kv.get("k", ns="team")  # error
    client.kv.get("k", stale=True)  # error
    client.kv.get("k", near="_agent")  # error
    client.kv.get("k", cas=3)  # error
    client.catalog.nodes(namespace="team")  # error
    client.catalog.services(near="_agent")  # error
    client.health.node("n1", near="_agent")  # error
    client.health.state("any", cached=True)  # error
    client.status.leader(index=3)  # error
    client.agent.service.register("web", prot=80)  # error
    client.session.create(lock_delay="1s")  # error


def requests_without_a_method(client: Consul) -> None:
    client.request("PATCH", "/v1/x")  # error
    client.request("GET", "/v1/x", query={"a": 1.5})  # error
    client.request("PUT", "/v1/x", body=object())  # error
    client.request("PUT", "/v1/x", json={})  # error
    client.request("GET")  # error
    client.request("GET", "/v1/x").json()["a"]  # error


def blocking_forms(client: Consul) -> None:
    client.ops.kv.get("k").blocking(7)  # error
    client.ops.kv.get("k").blocking(index="7")  # error
    client.ops.kv.get("k").blocking(index=7, near="n1")  # error
    client.kv.get("k").blocking(index=7)  # error


def unknown_literals(client: Consul) -> None:
    client.kv.get("k", consistency="strong")  # error
    client.health.state("bad")  # error
    client.session.create(behavior="keep")  # error
    client.agent.check.update("c1", "fine")  # error
    client.using(consistency="eventual")  # error
    Consul(kv_codec="yaml")  # error


def unknown_names(client: Consul, tasks: AsyncConsul) -> None:
    client.kv.putt("k", "v")  # error
    _keys = client.keyvalue  # error
    _perform = client.ops.perform  # error
    len(tasks.kv)  # error
    client.aclose()  # error


def what_a_call_gives(client: Consul) -> None:
    _key: str = client.kv.put("k", "v")  # error
    _text: str = client.kv["k"]  # error
    _names: dict[str, str] = client.kv.keys()  # error
    _leader: int = client.perform(client.ops.status.leader())  # error
    _reply: str = client.perform_with_meta(client.ops.status.leader())  # error
    client.health.service("web")[0]["Nodes"]  # error
    client.kv.get_record("k")["value"]  # error


async def forgotten_await(tasks: AsyncConsul) -> None:
    tasks.kv.put("k", "v")  # error
    _done: bool = tasks.kv.put("k", "v")  # error
    tasks.kv.get_record("k")["Value"]  # error
    for _ in tasks.health.service("web"):  # error
        break
    for _ in tasks.kv:  # error
        break
    _value: Stored = tasks.kv["k"]  # error
    with tasks:  # error
        pass


async def superfluous_await(client: Consul) -> None:
    await client.kv.put("k", "v")  # error
    async with client:  # error
        pass


def forgotten_perform(client: Consul) -> None:
    _done: bool = client.ops.kv.put("k", "v")  # error
    client.perform(client.kv.put("k", "v"))  # error
    client.perform(client.ops.kv)  # error
    client.perform(client.ops.kv.put)  # error


def wants_pure(_kv: KV[Pure]) -> None: ...


def wants_sync(_kv: KV[Sync]) -> None: ...


def wants_async(_kv: KV[Async]) -> None: ...


def one_face_for_another(client: Consul, tasks: AsyncConsul) -> None:
    wants_pure(client.kv)  # error
    wants_pure(tasks.kv)  # error
    wants_sync(client.ops.kv)  # error
    wants_sync(tasks.kv)  # error
    wants_async(client.kv)  # error
    wants_async(client.ops.kv)  # error
    wants_pure(client.ops.kv)
    wants_sync(client.kv)
    wants_async(tasks.kv)


def unknown_options(client: Consul, tasks: AsyncConsul) -> None:
    client.using(host="elsewhere")  # error
    client.using(timeout="2s")  # error
    client.using("dc2")  # error
    tasks.using(verify=False)  # error
    Consul(time_out=2)  # error
    Consul(port="8500")  # error
    Consul(limits=4)  # error
    Consul(["c1", 8500])  # error
    Consul(agent_order="nearest")  # error
    Limits(conections=4)  # error


class HalfTransport:
    def send(self, request: Request, timeout: float | None) -> Response:
        return Response(200)


class SwappedTransport:
    def send(self, timeout: float | None, request: Request) -> Response:
        return Response(200)

    def sleep(self, seconds: float) -> None: ...

    def close(self) -> None: ...


def wrong_transports(sync: MemoryTransport, tasks: AsyncMemoryTransport) -> None:
    AsyncConsul(transport=sync)  # error
    Consul(transport=tasks)  # error
    Consul(transport=HalfTransport())  # error
    Consul(transport=SwappedTransport())  # error
    Consul(transport=MemoryTransport)  # error
    Consul(adapter=MemoryTransport)  # error
    Consul(adapter="request")  # error
    Consul(adapter=adapters.Requests)  # error


def wrong_operation(leader: Operation[str]) -> Operation[int]:
    return leader  # error


def wrong_flow(leader: Operation[str]) -> Flow[int]:
    return (yield from call(leader))  # error


def flow_without_call(leader: Operation[str]) -> Flow[Any]:
    yield "leader"  # error


def unfrozen(leader: Operation[str], limits: Limits) -> None:
    leader.name = "other"  # error
    limits.connections = 5  # error


async def coroutine_is_no_operation(tasks: AsyncConsul, later: Awaitable[bool]) -> None:
    await tasks.perform(tasks.kv.put("k", "v"))  # error
    await tasks.perform(later)  # error


def wrong_intentions_and_queries(client: Consul) -> None:
    client.connect.intentions.upsert("web", "db", action="maybe")  # error
    client.connect.intentions.upsert("web", "db", permissions=[{"Action": "allow", "Http": {}}])  # error
    client.connect.intentions.match("both", "web")  # error
    client.query.create({"Name": "web"})  # error
    client.query.execute("web")["Nodes"][0]["Port"]  # error


def legacy_acls(client: Consul) -> None:
    client.acl.create("web", "root")  # error
    client.acl.info("id", index=7)  # error
    client.ops.acl.info("id").blocking(index=7)  # error


def wrong_acls(consul: Consul) -> None:
    consul.acl.token.create(policies=["web-read"])  # error
    consul.acl.token.create(policies=[{"name": "web-read"}])  # error
    consul.acl.policy.create(rules="")  # error
    consul.acl.token.self(namespace="team")  # error
    consul.acl.binding_rule.create("ci", "group", "web")  # error
    consul.acl.auth_method.create("ci", "jwt", {"JWKSurl": "https://192.0.2.1"})  # error
    consul.acl.role.read("r-1")["Rules"]  # error


def config_entries(client: Consul) -> None:
    client.config.apply({"Kind": "service-resolver", "Name": "web", "DefaltSubset": "v1"})  # error
    client.config.apply({"Kind": "service-resolver", "Name": "web", "Subsets": {"v1": {"Filtre": "x"}}})  # error
    client.config.apply({"Kind": "service-resolver", "Name": "web", "Splits": [{"Weight": 100}]})  # error
    client.config.apply({"Kind": "service-resolver", "Name": "web", "ConnectTimeout": 15})  # error
    client.config.apply({"Kind": "service-splitter", "Name": "web"})  # error
    client.config.apply({"Kind": "service-resolvr", "Name": "web"})  # error
    client.config.apply({"Kind": "bound-api-gateway", "Name": "gateway"})  # error
    client.config.get("service-resolvr", "web")  # error
    client.config.get("service-resolver", "web")["Splits"]  # error
    client.config.list("mesh", near="_agent")  # error
    client.discovery_chain.read("web")["Chain"]["Target"]  # error
    client.discovery_chain.read_with_overrides("web", override_mesh_gateway="local")  # error


def wrong_streams(client: Consul, tasks: AsyncConsul) -> None:
    client.agent.monitor(log_level="loud")  # error
    client.kv.stream_records("app/", index=7)  # error
    client.agent.token.update("nothing", "t")  # error
    client.snapshot.save(consistency="consistent", file="a.snap")  # error
    client.ops.snapshot.restore("a.snap")  # error
    for line in tasks.agent.monitor():  # error
        del line


def operators_and_peers(client: Consul) -> None:
    client.operator.raft.remove_peer("10.0.0.1:8300")  # error
    client.operator.autopilot.config_set(3)  # error
    client.operator.keyring.list(datacenter="dc2")  # error
    client.operator.usage()["Usage"]["dc1"]["Service"]  # error
    client.peering.establish("two")  # error
    client.namespace.create("team-1", acls={"PolicyDefaults": ["node-read"]})  # error
    client.internal.acl_authorize([{"Resource": "key", "Acces": "read"}])  # error


def wrong_recipes(client: Consul) -> None:
    client.lock(7)  # error
    client.lock("k", cancel_on_loss=True)  # error
    client.lock("k", dc="dc2")  # error
    client.lock("k", ttl=b"15s")  # error
    client.semaphore("s", limit="3")  # error
    client.session.keep(behavior="keep")  # error
    with client.lock("k") as held:
        held.fencing_token + "1"  # error
    client.lock("k").acquire().release()  # error


async def wrong_recipes_for_tasks(tasks: AsyncConsul) -> None:
    tasks.lock("k", on_loss=print)  # error
    tasks.lock("k").acquire()  # error
    async with tasks.lock("k") as held:
        held.lost.wait() + 1  # error


def wrong_filters(client: Consul) -> None:
    where = filters.service_entry
    client.health.service("web", filter=where.Service.Tag.contains("v2"))  # error
    client.health.service("web", filter=where.Service.Tags == "v2")  # error
    client.health.service("web", filter=where.Service.Port.contains("80"))  # error
    client.health.service("web", filter=where.Service.Port == "80")  # error
    client.health.service("web", filter=where.Service.Meta["zone"] == 1)  # error
    client.health.service("web", filter=where.Service.EnableTagOverride)  # error
    client.health.service("web", filter=where.Service.Proxy.Mode == "transparent")  # error
    client.health.service("web", filter="v2" in where.Service.Tags)  # error
    client.health.service("web", filter=where.Service.Port == 80 & where.Service.Port == 81)  # error
    client.health.service("web", filter=filters.node.Node == "n1")  # error
    client.health.service("web", filter=(where.Service.Port == 80) & (filters.check.Name == "a"))  # error
    client.catalog.nodes(filter=where.Node.Node == "n1")  # error
    client.agent.checks(filter=filters.service.Service == "web")  # error
    client.config.list("mesh", filter=filters.service_defaults.Name == "web")  # error
    where.Service.Port = 80  # error


def identities() -> None:
    Consul(auth=("user", "password"))  # error
    Consul(auth=Login("kubernetes"))  # error
    Login("kubernetes", "/run/jwt", meta={"pod": 1})  # error
