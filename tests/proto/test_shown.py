"""What a console shows of clients, groups and calls: repr, help, tab completion; and that none of them can be copied."""

from __future__ import annotations

import copy
import pickle
import pydoc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import consulate
from consul_proto.api import Operations
from consul_proto.flow import NamedFlow, call
from consul_proto.message import Response
from consul_proto.namespace import Namespace
from consulate import AsyncConsul, Consul, api
from consulate.api.agent import Agent
from consulate.api.kv import KV
from tests.faces import ASYNCIO, TRIO, URLLIB3, Face
from transports.memory import AsyncMemoryTransport, MemoryTransport

TOKEN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def no_token_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONSUL_HTTP_ADDR", "CONSUL_HTTP_SSL", "CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client() -> Consul:
    return Consul("http://h:8500", token=TOKEN)


@pytest.fixture
def tasks() -> AsyncConsul:
    return AsyncConsul("http://h:8500", token=TOKEN)


def _help(thing: object) -> str:
    return str(pydoc.render_doc(thing, renderer=pydoc.plaintext))  # type: ignore[attr-defined] # not in typeshed


class TestRepr:
    def test_of_groups(self, client: Consul, tasks: AsyncConsul) -> None:
        assert repr(client.kv) == "<kv of <Consul http://h:8500>>"
        assert repr(client.agent.check) == "<agent.check of <Consul http://h:8500>>"
        assert repr(client.using(datacenter="dc2").kv) == "<kv of <Consul http://h:8500>>"
        assert repr(tasks.kv) == "<kv of <AsyncConsul http://h:8500>>"
        assert repr(tasks.health) == "<health of <AsyncConsul http://h:8500>>"

    def test_of_operations(self, client: Consul) -> None:
        assert repr(client.ops) == "<operations>"
        assert repr(client.ops.kv) == "<kv operations>"
        assert repr(client.ops.agent.service) == "<agent.service operations>"

    def test_of_the_documented_classes(self) -> None:
        assert repr(KV("http://h:8500/v1", token=TOKEN)) == "<kv of <KV http://h:8500>>"
        assert repr(Agent("http://h:8500", token=TOKEN).check) == "<agent.check of <Agent http://h:8500>>"

    def test_of_a_flow(self, client: Consul) -> None:
        assert repr(client.ops.kv.set("k", TOKEN)) == "<Flow kv.set>"
        assert repr(client.ops.kv.put_many({"k": TOKEN})) == "<Flow kv.put_many>"

    def test_no_secret_is_shown(self, client: Consul, tasks: AsyncConsul) -> None:
        for thing in (client, client.kv, client.ops.kv.set("k", TOKEN), tasks, tasks.kv, KV("http://h", token=TOKEN)):
            assert TOKEN not in repr(thing)


class TestAFlow:
    @pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=str)
    def test_it_runs(self, face: Face) -> None:
        async def scenario(client: Any) -> Any:
            return await client.perform(client.ops.kv.put_many({"k": 1}))

        transport = MemoryTransport if face.backend is None else AsyncMemoryTransport
        value: object = face.run(scenario, transport=transport(_done))
        assert value is None

    def test_it_is_a_step_of_another(self) -> None:
        def twice(operations: Any) -> Any:
            yield from operations.kv.put_many({"a": 1})
            yield from operations.kv.put_many({"b": 2})
            return (yield from call(operations.status.leader()))

        client = Consul(transport=MemoryTransport(_done))
        flow: Any = twice(client.ops)
        assert client.perform(flow) == "h:8300"

    def test_it_can_be_closed_and_gets_errors(self) -> None:
        seen: list[str] = []

        def steps() -> Iterator[Any]:
            try:
                yield "first"
            except KeyError:
                seen.append("error")
            try:
                yield "second"
            finally:
                seen.append("closed")

        given: Any = steps()
        flow: Any = NamedFlow("own", given)
        assert next(flow) == "first"
        assert flow.throw(KeyError("k")) == "second"
        flow.close()
        assert seen == ["error", "closed"]


def _done(request: Any) -> Response:
    body = b'{"Results": [], "Errors": null}' if request.path == "/v1/txn" else b"true"
    return Response(200, body=b'"h:8300"' if request.path.startswith("/v1/status") else body)


class TestHelp:
    """`help(client.kv)`: the calls, and what they return here."""

    def test_for_threads(self, client: Consul) -> None:
        shown = _help(client.kv)
        assert "<kv of <Consul http://h:8500>>" in shown
        assert "The key/value store, as a mapping and as calls." in shown
        assert "\n    get(item: str, default: Stored = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Stored\n" in shown
        assert "Operation[" not in shown
        assert "await " not in shown

    def test_for_tasks(self, tasks: AsyncConsul) -> None:
        for group in (tasks.kv, tasks.using(datacenter="dc2").kv):
            shown = _help(group)
            assert "\n    await get(item: str, default: Stored = None" in shown
            assert "-> Stored\n" in shown
            assert "\n    iteritems() -> AsyncIterator[tuple[str, Stored]]" in shown
            assert "Operation[" not in shown
        assert "\n    await register(" in _help(tasks.agent.check)

    def test_of_operations(self, client: Consul, tasks: AsyncConsul) -> None:
        for group in (client.ops.kv, tasks.ops.kv):
            shown = _help(group)
            assert (
                "\n    get(item: str, default: Stored = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Operation[Stored]\n"
                in shown
            )
            assert "\n    set(" in shown
            assert "-> Flow[None]\n" in shown
            assert "await " not in shown

    def test_it_names_each_call_and_each_group(self, client: Consul, tasks: AsyncConsul) -> None:
        for owner in (client, tasks, client.ops):
            for group in (owner.kv, owner.agent, owner.catalog, owner.txn, owner.agent.check):
                shown = _help(group)
                names = [name for name in dir(group) if not name.startswith("_") and not isinstance(getattr(group, name), type)]
                assert [name for name in names if f" {name}(" not in shown and f" {name}: " not in shown] == []
        assert "\n    check: " in _help(client.agent)

    def test_of_a_class(self) -> None:
        assert (KV.__doc__ or "").startswith("The key/value store, as a mapping and as calls.")
        assert "get(" not in (KV.__doc__ or "")
        assert " |  The key/value store, as a mapping and as calls." in _help(KV)

    def test_of_a_client(self, client: Consul, tasks: AsyncConsul) -> None:
        for shown in (_help(client), _help(tasks)):
            assert "A client for a Consul agent, for t" in shown
            assert "server_name: 'str' = None" in shown or "server_name: str = None" in shown

    def test_of_a_group_of_a_user(self, client: Consul) -> None:
        class Own(Namespace[Any]):
            def twice(self, number: int) -> int:
                """Return twice as much."""
                return number * 2

        assert "\n    twice(number: int) -> int\n        Return twice as much." in _help(Own(client.perform))


class TestTabCompletion:
    def _offered(self, thing: object) -> list[str]:
        return [name for name in dir(thing) if not (name.startswith("__") and name.endswith("__"))]

    def test_of_a_client(self, client: Consul, tasks: AsyncConsul) -> None:
        groups = [
            *("acl", "agent", "catalog", "config", "connect", "coordinate", "discovery_chain", "event", "exported_services", "health"),
            *("imported_services", "internal", "kv", "namespace", "operator", "partition", "peering", "query", "session", "snapshot"),
            *("status", "txn"),
        ]
        calls = ["close", "open", "perform", "perform_with_meta", "request", "using", "ops", "lock", "semaphore", "election"]
        assert self._offered(client) == sorted(groups + calls)
        assert self._offered(tasks) == sorted([*groups, *calls, "aclose"])
        assert self._offered(client.ops) == sorted([*groups, "request"])

    def test_of_a_group(self, client: Consul, tasks: AsyncConsul) -> None:
        for owner in (client, tasks, client.ops):
            for group in (owner.kv, owner.status, owner.agent.check):
                for name in self._offered(group):
                    assert callable(getattr(group, name))
                    assert not name.startswith("_")
        assert self._offered(client.status) == ["leader", "peers"]
        assert "check" in self._offered(client.agent)
        assert "__getitem__" in dir(client.kv)

    def test_it_stays_so_after_use(self) -> None:
        client = Consul(transport=MemoryTransport(_done))
        offered = self._offered(client.status), self._offered(client)
        client.status.leader()
        client.ops.status.leader()
        assert (self._offered(client.status), self._offered(client)) == offered

    def test_of_the_modules(self) -> None:
        assert self._offered(consulate) == sorted(consulate.__all__)
        assert self._offered(api) == sorted(api.__all__)


_COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, pickle.dumps]


class TestNoCopies:
    @pytest.mark.parametrize("way", _COPIES, ids=["copy", "deepcopy", "pickle"])
    @pytest.mark.parametrize("make", [Consul, AsyncConsul], ids=["threads", "tasks"])
    @pytest.mark.parametrize("of", ["a client", "a view", "a group", "a group of a group"])
    def test_a_client(self, way: Callable[[Any], Any], make: Any, of: str) -> None:
        client = make("http://h:8500", token=TOKEN)
        thing = {
            "a client": client,
            "a view": client.using(timeout=1),
            "a group": client.kv,
            "a group of a group": client.agent.check,
        }[of]
        with pytest.raises(TypeError, match="cannot be copied or pickled: it has connections. Make another client") as caught:
            way(thing)
        assert str(caught.value).startswith(repr(thing))
        assert TOKEN not in str(caught.value)

    @pytest.mark.parametrize("way", [copy.deepcopy, pickle.dumps], ids=["deepcopy", "pickle"])
    def test_inside_something_else(self, way: Callable[[Any], Any]) -> None:
        with pytest.raises(TypeError, match="<Consul http://h:8500> cannot be copied or pickled"):
            way({"client": Consul("http://h:8500")})

    @pytest.mark.parametrize("way", _COPIES, ids=["copy", "deepcopy", "pickle"])
    def test_a_documented_class(self, way: Callable[[Any], Any]) -> None:
        with pytest.raises(TypeError, match="<kv of <KV http://h>> cannot be copied or pickled"):
            way(KV("http://h"))


def test_operations_without_io_can_be_copied() -> None:
    copied = copy.copy(Operations())
    assert copied.kv.get("k").request == Operations().kv.get("k").request
