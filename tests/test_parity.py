"""The three forms of the API have the same calls: `Consul` and `AsyncConsul`, `KV` and `AsyncKV`, and every group of operations.

The tables below list the known differences; any other difference fails.
"""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
from collections.abc import Callable, Coroutine, Iterator
from operator import attrgetter
from typing import Any

import pytest

from consul_proto.api import Groups, Operations
from consul_proto.endpoints import agent as endpoints
from consul_proto.message import Request, Response
from consul_proto.namespace import Namespace, Sync, flow, group, operation, unchanged
from consul_proto.operation import Operation
from consulate import AsyncConsul, Consul, api
from consulate.api.kv import KV, AsyncKV
from transports.memory import AsyncMemoryTransport, MemoryTransport

#: What only tasks have: the name that `contextlib.aclosing` looks for.
ONLY_ASYNC_CLIENT = {"aclose"}

#: Of the sync client -> of the async one.
CONTEXT_MANAGERS = {"__enter__": "__aenter__", "__exit__": "__aexit__"}

#: Attributes of `Consul` that are a plain call there and a coroutine function in `AsyncConsul`.
AWAITED = {"perform", "perform_with_meta", "close"}

#: What a thread can end with a handle; a task is cancelled itself.
CANCELLED_BY_HANDLE = {"perform", "perform_with_meta", "open"}

#: An operator of `KV` -> what a task calls instead. `__bool__` is there because `__len__` is; nothing stands for it.
OPERATORS = {
    "__getitem__": "read",
    "__setitem__": "set",
    "__delitem__": "delete",
    "__contains__": "contains",
    "__len__": "count",
    "__iter__": "__aiter__",
    "__bool__": None,
}

#: Iterators do not come out of one definition.
ITERATORS = {"iteritems"}

#: Recipes, whose blocks differ: `tests/recipes/test_recipe_parity.py` compares them.
RECIPES = {"lock", "semaphore", "election"}
#: They are not calls: what they return is a block.
BLOCKS = {"session": {"keep"}}

#: Their calls on a client take files; the operations take and give bytes.
WITH_FILES = {("snapshot", "save"), ("snapshot", "restore")}

#: What a client does over several connections: `tests/recipes/test_bulk_parity.py` compares them.
BULK = {"put_many", "get_many", "delete_many", "replace_tree", "copy_tree"}

#: The documented names of classes inside `consulate.api.agent.Agent`, which is for threads.
DOCUMENTED_CLASSES = {"Check", "Service"}

_FOUND = b'[{"Key": "k", "Flags": 0, "ModifyIndex": 7, "CreateIndex": 7, "LockIndex": 0, "Value": "dg=="}]'


def answer(request: Request) -> Response:
    """Answer as a store with the one key "k" would."""
    if request.method == "PUT":
        return Response(200, body=b'{"Results": [], "Errors": null}' if request.path == "/v1/txn" else b"true")
    if ("keys", None) in request.query:
        return Response(200, body=b'["k"]')
    return Response(200, body=b'"127.0.0.1:8300"' if request.path == "/v1/status/leader" else _FOUND)


class Faces:
    """One client of each form, and the requests that they sent."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.sync = Consul(transport=MemoryTransport(self._answer))
        self.tasks = AsyncConsul(transport=AsyncMemoryTransport(self._answer))
        self.pure = Operations()

    def _answer(self, request: Request) -> Response:
        self.sent.append(request)
        return answer(request)

    def take(self) -> list[Request]:
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def faces() -> Faces:
    return Faces()


def public(thing: object) -> set[str]:
    """Return the public names of an object."""
    return {name for name in dir(thing) if not name.startswith("_")}


def group_names(owner: type[Any], at: str = "") -> Iterator[str]:
    """Return the names of the groups of a class, also nested ones: "agent", "agent.check"."""
    for name in sorted(public(owner)):
        if isinstance(getattr(owner, name), group):
            yield at + name
            yield from group_names(type(getattr(owner._over(unchanged), name)), f"{at}{name}.")


def groups(face: Any) -> dict[str, Namespace[Any]]:
    """Return the groups of calls of a client, by name."""
    return {name: attrgetter(name)(face) for name in group_names(Groups)}


def shape(call: Callable[..., Any], leave_out: str = "") -> list[tuple[str, Any, Any, Any]]:
    """Return the parameters of a call."""
    parameters = inspect.signature(call).parameters.values()
    return [(each.name, each.kind, each.default, each.annotation) for each in parameters if each.name != leave_out]


def for_tasks(doc: str | None) -> str:
    assert doc
    return doc.replace("threads", "tasks")


#: What is for tasks -> what stands in its place for threads.
_FOR_THREADS = {"TaskEvents[E]": "ThreadEvents[E]"}


class TestClients:
    def test_public_names(self) -> None:
        assert public(AsyncConsul) - public(Consul) == ONLY_ASYNC_CLIENT
        assert public(Consul) - public(AsyncConsul) == set()

    def test_each_client_has_the_groups_of_the_operations(self) -> None:
        assert public(Groups) < public(Consul)

    def test_constructor_takes_the_same(self) -> None:
        assert shape(Consul, "transport") == shape(AsyncConsul, "transport")
        sync, tasks = inspect.signature(Consul).parameters, inspect.signature(AsyncConsul).parameters
        assert list(sync) == list(tasks)
        assert tasks["transport"].annotation == sync["transport"].annotation.replace("Transport", "AsyncTransport")

    @pytest.mark.parametrize("name", sorted(public(Consul) - RECIPES))
    def test_member(self, name: str) -> None:
        sync, tasks = getattr(Consul, name), getattr(AsyncConsul, name)
        assert for_tasks(sync.__doc__) == for_tasks(tasks.__doc__)
        assert inspect.isfunction(sync) == inspect.isfunction(tasks)
        assert not inspect.iscoroutinefunction(sync)
        assert inspect.iscoroutinefunction(tasks) == (name in AWAITED)
        if inspect.isfunction(sync):
            assert shape(sync, "cancel") == shape(tasks)
            assert ("cancel" in inspect.signature(sync).parameters) == (name in CANCELLED_BY_HANDLE)
            returns = inspect.signature(tasks).return_annotation
            assert inspect.signature(sync).return_annotation == _FOR_THREADS.get(returns, returns)

    def test_close_and_aclose_are_the_same(self) -> None:
        assert AsyncConsul.aclose is AsyncConsul.close

    def test_context_managers(self) -> None:
        magic = {name for client in (Consul, AsyncConsul) for name in vars(client) if name.endswith(("enter__", "exit__"))}
        assert magic == set(CONTEXT_MANAGERS) | set(CONTEXT_MANAGERS.values())
        for sync, tasks in CONTEXT_MANAGERS.items():
            assert shape(getattr(Consul, sync)) == shape(getattr(AsyncConsul, tasks))


class TestKV:
    def test_public_names(self) -> None:
        assert public(KV) == public(AsyncKV)

    def test_iterators(self) -> None:
        for kind in (KV, AsyncKV):
            assert {name for name in vars(kind) if not name.startswith("_")} == ITERATORS | BULK
        for name in ITERATORS:
            sync, tasks = getattr(KV, name), getattr(AsyncKV, name)
            assert sync.__doc__ == tasks.__doc__
            assert shape(sync) == shape(tasks)
            assert inspect.isasyncgenfunction(tasks)

    def test_every_operator_has_a_counterpart(self) -> None:
        machinery = {
            "__module__",
            "__doc__",
            "__annotations__",
            "__annotate_func__",  # these two: Python 3.14, once something has looked at the annotations
            "__annotations_cache__",
            "__parameters__",
            "__orig_bases__",
            "__firstlineno__",
            "__static_attributes__",
        }
        assert {name for name in vars(KV) if name.startswith("__")} - machinery == set(OPERATORS)
        assert {name for name in vars(AsyncKV) if name.startswith("__")} - machinery == {"__aiter__"}
        for counterpart in filter(None, OPERATORS.values()):
            assert hasattr(AsyncKV, counterpart)
            assert hasattr(KV, counterpart) or counterpart == "__aiter__"

    def test_operators_do_what_their_counterparts_do(self, faces: Faces) -> None:
        kv, tasks = faces.sync.kv, faces.tasks.kv

        def delete() -> None:
            del kv["k"]

        async def keys() -> list[str]:
            return [key async for key in tasks]

        async def items() -> list[tuple[str, Any]]:
            return [item async for item in tasks.iteritems()]

        pairs: list[tuple[Callable[[], Any], Callable[[], Coroutine[Any, Any, Any]]]] = [
            (lambda: kv["k"], lambda: tasks.read("k")),
            (lambda: kv.__setitem__("k", [1]), lambda: tasks.set("k", [1])),
            (lambda: "k" in kv, lambda: tasks.contains("k")),
            (lambda: len(kv), tasks.count),
            (lambda: list(iter(kv)), keys),  # list(kv) asks for len(kv) as well
            (lambda: list(kv.iteritems()), items),
        ]
        for operator, counterpart in pairs:
            assert operator() == asyncio.run(counterpart())
            sent = faces.take()
            assert sent[: len(sent) // 2] == sent[len(sent) // 2 :] != []
        delete()
        assert asyncio.run(tasks.delete("k")) is True
        sent = faces.take()
        assert sent[:1] == sent[1:]

    def test_tasks_have_no_operators(self, faces: Faces) -> None:
        tasks: Any = faces.tasks.kv
        with pytest.raises(TypeError):
            tasks["k"]
        with pytest.raises(TypeError):
            len(tasks)
        with pytest.raises(TypeError):
            iter(tasks)
        with pytest.raises(TypeError):
            "k" in tasks  # noqa: B015 # it is what raises


def _calls() -> Iterator[tuple[str, str]]:
    for place, namespace in groups(Operations()).items():
        for name in sorted(public(namespace)):
            if not (isinstance(getattr(namespace, name), Namespace) or (place == "kv" and name in BULK)):
                yield place, name


def _value_of(annotation: str) -> str:
    head, _, rest = annotation.partition("[")
    assert head in ("Operation", "Flow", "Stream")
    return rest.removesuffix("]")


class TestGroups:
    def test_public_names(self, faces: Faces) -> None:
        pure, sync, tasks = groups(faces.pure), groups(faces.sync), groups(faces.tasks)
        assert pure.keys() == sync.keys() == tasks.keys()
        for place in pure:
            more = (ITERATORS | BULK if place == "kv" else set()) | BLOCKS.get(place, set())
            assert public(pure[place]) | more == public(tasks[place])
            assert public(tasks[place]) | (DOCUMENTED_CLASSES if place == "agent" else set()) == public(sync[place])

    @pytest.mark.parametrize(
        "owner", [Groups, Consul, AsyncConsul, endpoints.Agent, api.agent.Agent], ids=lambda owner: str(owner.__name__)
    )
    def test_type_checkers_see_the_class_of_each_group(self, owner: type[Any]) -> None:
        for name, annotation in owner.__annotations__.items():
            if annotation.startswith("group["):
                member = getattr(owner, name)
                assert member.home.startswith("consul_proto.endpoints." if owner in (Groups, endpoints.Agent) else "consulate.api.")
                seen = annotation.removeprefix("group[").removesuffix("]").removesuffix("[M]").rpartition(".")[2]
                assert member.home.rpartition(":")[2].rpartition(".")[2] == seen
                assert type(getattr(owner._over(unchanged), name)).__name__ == seen

    def test_documented_classes(self, faces: Faces) -> None:
        sync = groups(faces.sync)
        for name in group_names(Groups):
            class_name = type(groups(faces.pure)[name]).__name__
            documented = getattr(api.agent.Agent if name.startswith("agent.") else getattr(api, name, None), class_name, None)
            if documented is not None:  # otherwise a group that the document does not have
                assert type(sync[name]) is documented
        assert type(faces.tasks.kv) is AsyncKV

    def test_help_of_a_client_names_the_groups(self) -> None:
        for face in (Consul, AsyncConsul):
            shown = pydoc.render_doc(face, renderer=pydoc.plaintext)  # type: ignore[attr-defined] # not in typeshed
            assert "The ACL system: tokens, policies, roles, logins." in shown
            assert "The key/value store." in shown

    def test_documented_groups_have_docstrings(self, faces: Faces) -> None:
        for place, namespace in groups(faces.sync).items():
            assert inspect.getdoc(type(namespace)), place

    @pytest.mark.parametrize(("group", "name"), list(_calls()))
    def test_call(self, faces: Faces, group: str, name: str) -> None:
        pure, sync, tasks = (getattr(groups(face)[group], name) for face in (faces.pure, faces.sync, faces.tasks))
        if (group, name) in WITH_FILES:
            assert "https://developer.hashicorp.com/consul/" in (inspect.getdoc(sync) or "")
            assert inspect.getdoc(sync) == inspect.getdoc(tasks) != inspect.getdoc(pure)
            assert shape(sync) == shape(tasks)
            assert inspect.signature(tasks).return_annotation == f"Coroutine[Any, Any, {inspect.signature(sync).return_annotation}]"
            return
        assert inspect.getdoc(pure) == inspect.getdoc(sync) == inspect.getdoc(tasks) != ""
        assert "https://developer.hashicorp.com/consul/" in (inspect.getdoc(pure) or "")
        signature = inspect.signature(pure)
        value = _value_of(signature.return_annotation)
        is_stream = signature.return_annotation.startswith("Stream[")
        for face, events in ((sync, "Events"), (tasks, "AsyncEvents")):
            assert inspect.signature(face) == signature.replace(return_annotation=f"{events}[{value}]" if is_stream else value)
        assert "self" not in signature.parameters
        if name != "values":  # an object that can be iterated as well
            assert {pure.__name__, sync.__name__, tasks.__name__} == {name}

    def test_the_same_requests_and_values(self, faces: Faces) -> None:
        def calls(face: Any) -> list[Callable[[], Any]]:
            return [
                lambda: face.kv.get("k", wait="10s", index=3),
                lambda: face.kv.get_record("k", datacenter="dc2"),
                lambda: face.kv.put("k", b"v", flags=3, cas=0),
                lambda: face.kv.set("k", "v"),
                lambda: face.status.leader(),
                lambda: face.agent.check.ttl_pass("service:web", "fine"),
                lambda: face.agent.service.register("web", port=80, ttl=10),
                lambda: face.catalog.register("n1", "192.0.2.1"),
            ]

        for pure, sync, tasks in zip(calls(faces.pure), calls(faces.sync), calls(faces.tasks), strict=True):
            values = [sync(), asyncio.run(tasks()), faces.sync.perform(pure()), asyncio.run(faces.tasks.perform(pure()))]
            assert values == values[:1] * 4
            sent = faces.take()
            assert sent == sent[: len(sent) // 4] * 4 != []


def _compact(shown: str) -> str:
    """Remove spaces and quotes from the text of help(): Python 3.13 breaks long signatures, 3.14 does not quote types."""
    return re.sub(r"[\s|']", "", shown)


class TestBoundCalls:
    """The metadata of `client.kv.get` that `help()`, editors and notebooks show."""

    def test_signature(self, faces: Faces) -> None:
        expected = "(item: 'str', default: 'Stored' = None, raw: 'bool' = False, **options: 'Unpack[ReadOptions]')"
        assert str(inspect.signature(faces.sync.kv.get)) == f"{expected} -> 'Stored'"
        assert str(inspect.signature(faces.tasks.kv.get)) == f"{expected} -> 'Stored'"
        assert str(inspect.signature(faces.pure.kv.get)) == f"{expected} -> 'Operation[Stored]'"
        assert inspect.signature(faces.sync.kv.set).return_annotation == "None"
        assert inspect.signature(faces.pure.kv.set).return_annotation == "Flow[None]"

    def test_help(self, faces: Faces) -> None:
        shown = pydoc.render_doc(faces.sync.kv.put, renderer=pydoc.plaintext)  # type: ignore[attr-defined] # not in typeshed
        assert "put(item:str,value:Value,*,flags:int=0" in _compact(shown)
        assert "->bool" in _compact(shown)
        assert "Write a key in one request." in shown

    def test_help_of_values(self, faces: Faces) -> None:
        shown = pydoc.render_doc(faces.sync.kv.values, renderer=pydoc.plaintext)  # type: ignore[attr-defined] # not in typeshed
        # It is an object that can be called and iterated: help() shows what it says of itself, inspect its parameters.
        assert "Return the values of the keys with a prefix" in shown
        assert list(inspect.signature(faces.sync.kv.values).parameters) == ["prefix", "raw", "options"]

    def test_help_of_a_group(self, faces: Faces) -> None:
        shown = pydoc.render_doc(faces.sync.kv, renderer=pydoc.plaintext)  # type: ignore[attr-defined] # not in typeshed
        assert "get(item:str" in _compact(shown).replace("self,", "")

    def test_names(self, faces: Faces) -> None:
        get = faces.sync.kv.get
        assert (get.__name__, get.__qualname__, get.__module__) == ("get", "KV.get", "consul_proto.endpoints.kv")

    def test_wrong_arguments_name_the_call(self, faces: Faces) -> None:
        put: Any = faces.tasks.kv.put
        with pytest.raises(TypeError, match=r"^kv\.put\(\) missing 1 required positional argument: 'value'"):
            put("k")

    def test_calls_are_cached(self, faces: Faces) -> None:
        for face in (faces.pure, faces.sync, faces.tasks):
            for place, namespace in groups(face).items():
                uncached = ITERATORS | BULK | BLOCKS.get(place, set()) | {name for where, name in WITH_FILES if where == place}
                for name in public(namespace) - uncached:
                    assert getattr(namespace, name) is getattr(namespace, name)
        assert faces.sync.kv is faces.sync.kv
        assert faces.sync.kv.get is not Faces().sync.kv.get

    def test_a_view_has_its_own_settings(self, faces: Faces) -> None:
        faces.sync.kv.get("k")
        view = faces.sync.using(datacenter="dc2")
        view.kv.get("k")
        faces.sync.kv.get("k")
        assert [request.query for request in faces.take()] == [(), (("dc", "dc2"),), ()]

    def test_async_calls_return_coroutines(self, faces: Faces) -> None:
        # As with functools.partial of a coroutine function, only the result of the call is a coroutine.
        assert not inspect.iscoroutinefunction(faces.tasks.kv.get)
        later = faces.tasks.kv.get("k")
        assert inspect.iscoroutine(later)
        assert asyncio.run(later) == "v"

    def test_async_calls_check_arguments_before_await(self, faces: Faces) -> None:
        # So the traceback shows the line of the call.
        with pytest.raises(ValueError, match="cannot be combined"):
            faces.tasks.kv.put("k", "v", cas=0, acquire="session")  # type: ignore[unused-coroutine] # it raises
        assert faces.take() == []


def _word(response: Response) -> str:
    return response.body.decode()


class Louder(KV):
    """A user's own KV: every key that it reads is noted."""

    def get(self, item: str, default: Any = None, raw: bool = False, **options: Any) -> Any:
        self.noted = [*getattr(self, "noted", []), item]
        return super().get(item, default, raw, **options)


class TestOwnNamespaces:
    def test_an_override_is_called_each_time(self, faces: Faces) -> None:
        kv = Louder._over(faces.sync.perform)
        for key in ("a", "b", "c"):
            assert kv.get(key) == "v"
        assert kv.noted == ["a", "b", "c"]

    def test_the_class_gives_the_definition(self) -> None:
        assert isinstance(KV.get, operation)
        assert isinstance(KV.set, flow)
        assert (KV.get.__doc__ or "").startswith("Return the value of a key")

    def test_annotations_that_are_types(self, faces: Faces) -> None:
        def get(self: Any, name: str) -> Operation[str]:
            return Operation("own", Request("GET", "/v1/status/leader"), _word)

        get.__annotations__ = {"self": Any, "name": str, "return": Operation[str]}
        own = type("Own", (Namespace,), {"get": operation(get)})
        signature = inspect.signature(own._over(faces.sync.perform).get)  # type: ignore[attr-defined] # made here
        assert signature.return_annotation is str

    def test_a_user_can_define_an_operation(self, faces: Faces) -> None:
        class Own(Namespace[Sync]):
            @operation
            def get(self, name: str) -> Operation[str]:
                """Return something."""
                return Operation("own", Request("GET", f"/v1/status/{name}"), _word)

        own = Own(faces.sync.perform)
        assert own.get("leader") == '"127.0.0.1:8300"'
        assert (own.get.__name__, own.get.__doc__) == ("get", "Return something.")
