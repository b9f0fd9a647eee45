"""No argument of another type goes through, and none is told of by an inner function: TypeError, with the name of the call."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from inspect import signature
from operator import attrgetter
from typing import Any, is_typeddict

import pytest

from consul_proto.api import Groups, Operations
from consul_proto.argument_types import _ALIASES, _NAMED, Kind, check_value, checks_of, kind_of
from consul_proto.endpoints import txn
from consul_proto.message import Request, Response
from consul_proto.namespace import Namespace, Sync, operation
from consul_proto.operation import Operation
from consul_proto.options_of import options_of
from consulate import AsyncConsul, Consul
from tests.proto.manifest import CALLS, WITH_FILES, Call
from tests.type_shapes import named_types
from transports.memory import AsyncMemoryTransport, MemoryTransport

_ALL = [*CALLS, Call("request", Groups.request)]

#: What is one thing, though Python can take it apart.
_ONE: list[Any] = ["app", b"app", bytearray(b"app"), memoryview(b"app")]

#: Of every type that somebody may give by mistake.
_WRONG: list[Any] = [
    *_ONE, None, object(), type, lambda: None, 7, -7, 2**70, 1.5, float("nan"), True, [], [1], [None], ["a"], [b"a"], [[]], [{}], ("a", 1),
    {}, {"a": 1}, {"a": None}, {1: 2}, {"a": object()}, {b"a": "b"}, {"Verb": "get"}, {"KV": 1}, [{"KV": 1}], [{"KV": {}}], {1, "a"}, "",
    "\ud800", range(3), iter("abc"), Ellipsis,
]  # fmt: skip

#: Words of an exception that somebody finds who does not know the code.
_INNER = re.compile(
    r"has no attribute|is not (?:iterable|callable|subscriptable)|positional argument|codec can't|expected str|unhashable|unpack"
    r"|\b_[a-z]|lambda|<locals>"
)


def _kinds(call: Call) -> dict[str, Kind]:
    checks = checks_of(call.definition.build, 1)
    return {**checks.parameters, **checks.options()}


def _sent() -> tuple[list[Request], tuple[Any, ...]]:
    sent: list[Request] = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return Response(200, body=b"null")

    return sent, (Operations(), Consul(transport=MemoryTransport(answer)), AsyncConsul(transport=AsyncMemoryTransport(answer)))


def _values() -> Iterator[Any]:
    yield from _WRONG


@pytest.mark.parametrize("call", _ALL, ids=str)
def test_an_argument_of_another_type_names_the_call(call: Call) -> None:
    sent, faces = _sent()
    for name, kind in _kinds(call).items():
        for value in _values():
            if kind.fits(value):
                continue
            takes_more = call.name in WITH_FILES or f"{call} {name}" == "kv.put_many items"
            for face in faces[:1] if takes_more else faces:
                with pytest.raises(TypeError) as raised:
                    call.on(face, **{name: value})
                assert str(raised.value).startswith(f"{call}(): "), (name, value)
                assert not _INNER.search(str(raised.value))
    assert sent == []


@pytest.mark.parametrize("call", _ALL, ids=str)
def test_whatever_is_given_the_error_is_one_of_ours(call: Call) -> None:
    for name in _kinds(call):
        for value in _values():
            try:
                call.on(Operations(), **{name: value})
            except (TypeError, ValueError) as error:
                assert not _INNER.search(str(error)), (name, value)


@pytest.mark.parametrize("call", _ALL, ids=str)
def test_what_takes_several_takes_no_bare_text(call: Call) -> None:
    _sent_by, faces = _sent()
    for name, kind in _kinds(call).items():
        if not re.search(r"a list of|a dict|pairs", kind.text) or name == "flags" or kind.text.startswith("a str or a list"):
            continue
        for value in _ONE:
            for face in faces:
                with pytest.raises(TypeError, match=rf"^{re.escape(str(call))}\(\): {name} must be "):
                    call.on(face, **{name: value})


def test_what_takes_several_is_known() -> None:
    several = {f"{call} {name}" for call in _ALL for name, kind in _kinds(call).items() if "a list of" in kind.text}
    assert several >= {
        "agent.check.register args", "agent.service.register checks", "agent.service.register ports", "agent.service.register tags",
        "catalog.register checks", "kv.delete_many items", "kv.get_many items", "request query", "session.create checks",
        "session.create node_checks", "session.create service_checks", "txn.commit operations",
    }  # fmt: skip


#: The words of annotations that are no kind of value themselves.
_GENERIC = {"Literal", "Mapping", "None", "Sequence", "Collection", "Iterable"}

#: A class in an annotation, and not in a Literal.
_CLASS = re.compile(r"(?<![\w'\".])[A-Z]\w+")


def _annotations(call: Call) -> Iterator[str]:
    for parameter in signature(call.definition.build).parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD:
            yield str(parameter.annotation)
        elif options := options_of(parameter.annotation, call.definition.build):
            yield from (str(getattr(annotation, "__forward_arg__", annotation)) for annotation in options.__annotations__.values())


@pytest.mark.parametrize("call", _ALL, ids=str)
def test_a_class_in_an_annotation_is_known_or_a_typed_dict(call: Call) -> None:
    names = {name for annotation in _annotations(call) for name in _CLASS.findall(annotation)}
    assert [name for name in names - {*_NAMED, *_ALIASES, *_GENERIC} if not is_typeddict(named_types().get(name))] == []


@pytest.mark.parametrize("call", _ALL, ids=str)
def test_every_annotation_is_known(call: Call) -> None:
    anything = {name for name, kind in _kinds(call).items() if kind.text.removesuffix(" or None") == "anything"}
    assert anything <= {"value", "default", "payload", "body"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda api: api.kv.delete_many("app"), "kv.delete_many(): items must be a list of str, not str; put it into a list"),
        (lambda api: api.kv.get_many(b"app"), "kv.get_many(): items must be a list of str, not bytes; put it into a list"),
        (lambda api: api.kv.get_many(["a", 1]), "kv.get_many(): items must be a list of str, not list of int, str"),
        (lambda api: api.kv.put_many("app"), "kv.put_many(): items must be a dict, not str"),
        (lambda api: api.kv.put_many({1: 1}), "kv.put_many(): items must be a dict, not dict of int to int"),
        (lambda api: api.kv.get(1), "kv.get(): a key must be a str, not int"),
        (lambda api: api.kv.delete("k", "no"), "kv.delete(): recurse must be a bool, not str"),
        (lambda api: api.kv.get_as("k", "int"), "kv.get_as(): kind must be a type, not str"),
        (lambda api: api.kv.get_as("k", set), "kv.get_as(): kind must be str, int, float, bool, bytes, dict or list, not set"),
        (
            lambda api: api.agent.check.register("c", args="exit 0", interval=1),
            "agent.check.register(): args must be a list of str, not str; put it into a list",
        ),
        (
            lambda api: api.agent.service.register("s", checks={"TTL": "5s"}),
            "agent.service.register(): checks must be a list of dict, not dict of str to str; put it into a list",
        ),
        (
            lambda api: api.agent.service.register("s", check={"TTL": "5s"}),
            (
                "agent.service.register(): check must be a str, not dict of str to str; check= is a shell line: give a check in Consul's"
                " own words as checks=[{...}]"
            ),
        ),
        (
            lambda api: api.agent.service.register("s", tcp="h:80", interval=1),
            (
                "agent.service.register() got an unexpected keyword argument 'tcp'; give a check of this kind in Consul's own words as"
                " checks=[{...}]"
            ),
        ),
        (
            lambda api: api.agent.service.register("s", http="http://h", interval=1),
            "agent.service.register() got an unexpected keyword argument 'http'; did you mean 'httpcheck'?",
        ),
        (
            lambda api: api.agent.check.register("c", httpcheck="http://h", interval=1),
            "agent.check.register() got an unexpected keyword argument 'httpcheck'; did you mean 'http'?",
        ),
        (
            lambda api: api.session.create(node_checks="c"),
            "session.create(): node_checks must be a list of str, not str; put it into a list",
        ),
        (
            lambda api: api.session.create(ttl=b"10s"),
            "session.create(): ttl must be a duration (a Go string such as '10s', a number of seconds or a timedelta), not bytes",
        ),
        (lambda api: api.txn.commit([5]), "txn.commit(): operations must be a list of dict, not list of int"),
        (
            lambda api: api.txn.commit({"KV": {}}),
            "txn.commit(): operations must be a list of dict, not dict of str to dict; put it into a list",
        ),
        (lambda api: api.health.service("web", 7), "health.service(): tag must be a str or a list of str, not int"),
        (lambda api: api.request("GET", "/v1/x", query="stale"), "request(): query must be a dict or a list of pairs, not str"),
        (
            lambda api: api.catalog.nodes(node_meta={"a": 1}),
            "catalog.nodes(): node_meta must be a dict of str to a str, not dict of str to int",
        ),
    ],
)
def test_what_the_error_says(call: Callable[[Any], Any], says: str) -> None:
    for face in _sent()[1]:
        with pytest.raises(TypeError) as raised:
            call(face)
        assert str(raised.value) == says


@pytest.mark.parametrize("value", [(), ("a",), {"a"}, frozenset("a"), {"a": 1}.keys(), {"a": 1}])
def test_whatever_has_elements_is_several(value: Any) -> None:
    for build in (Operations().kv.get_many, Operations().kv.delete_many):
        assert isinstance(build(value), Generator)
    assert isinstance(Operations().kv.get_many(key for key in "ab"), Generator)
    if not isinstance(value, dict):
        tags = Operations().agent.service.register("s", tags=value).request.body
        assert tags in (b'{"Name": "s", "Tags": []}', b'{"Name": "s", "Tags": ["a"]}')


def test_iterators_become_lists() -> None:
    built = Operations().agent.service.register("s", checks=iter([{"TTL": "5s"}]), ports=({"Name": "a", "Port": 1},))  # type: ignore[arg-type] # more than is promised
    assert built.request.body == b'{"Name": "s", "Checks": [{"TTL": "5s"}], "Ports": [{"Name": "a", "Port": 1}]}'
    commit: Any = Operations().txn.commit
    assert commit(iter([{"KV": {"Verb": "get", "Key": "k"}}]), datacenter="x").request.body == b'[{"KV": {"Verb": "get", "Key": "k"}}]'


@pytest.mark.parametrize("name", [name for name in dir(txn) if name.startswith("kv_")])
def test_the_operations_of_a_transaction(name: str) -> None:
    build = attrgetter(name)(txn)
    kinds = checks_of(build.__wrapped__, 0).parameters
    given: dict[str, Any] = {"key": "k", "prefix": "p", "value": "v", "index": 7, "session": "s", "flags": 0}
    right = {argument: given[argument] for argument in kinds}
    assert build(**right)
    for argument, kind in kinds.items():
        for value in _values():
            if not kind.fits(value):
                with pytest.raises(TypeError, match=rf"^{name}\(\): {argument} must be "):
                    build(**{**right, argument: value})


def test_numbers_of_a_transaction() -> None:
    with pytest.raises(ValueError, match="flags must be between 0"):
        txn.kv_set("k", "v", -1)
    with pytest.raises(ValueError, match="index must be between 0"):
        txn.kv_delete_cas("k", 2**64)


def test_annotations() -> None:
    assert kind_of("'str' | None").text == "a str or None"
    assert kind_of("Unheard[str]").fits(7)
    assert kind_of("typing.Unheard").fits(7)


class Own(Namespace[Sync]):
    @operation
    def get(self, names: list[str]) -> Operation[object]:
        return Operation("own", Request("GET", "/v1/" + "".join(names)), lambda _response: None)


def test_the_groups_of_users_are_theirs_to_check() -> None:
    own: Any = Own()
    assert own.get("abc").request.path == "/v1/abc"


def test_a_value_can_be_checked_by_itself() -> None:
    check_value("kv.x", "items", "Iterable[str]", ["a"])
    with pytest.raises(TypeError, match=r"^kv\.x\(\): items must be a list of str, not str; put it into a list$"):
        check_value("kv.x", "items", "Iterable[str]", "app")
