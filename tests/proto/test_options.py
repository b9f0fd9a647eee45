"""Each call takes the options of its endpoint and no other; any other is refused, by its right name, before anything is sent."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, TypedDict, Unpack

import pytest

from consul_proto.api import Operations
from consul_proto.arguments import keywords
from consul_proto.endpoints.kv import KV
from consul_proto.endpoints.txn import kv_get
from consul_proto.message import Request, Response
from consul_proto.namespace import Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import Settings
from consul_proto.query import QUERY
from consulate import AsyncConsul, Consul
from tests.proto.manifest import CALLS, OPTION_NAMES, WITH_FILES, Call
from transports.memory import AsyncMemoryTransport, MemoryTransport

#: What the calls fix: these options change the shape of the answer.
_SHAPES = {"recurse", "keys", "raw", "separator", "format", "pem", "signed"}

#: What further calls fix of their row's options: what `put` is told, these calls are; only a transaction that reads has a consistency;
#: calls of several requests, and streams, do not block.
_FIXED = {
    "kv.acquire_lock": {"cas", "acquire", "release"},
    "kv.release_lock": {"cas", "acquire", "release"},
    "kv.set_record": {"cas", "acquire", "release"},
    "kv.set": {"flags", "cas", "acquire", "release"},
    "kv.put_many": {"consistency"},
    "kv.delete_many": {"consistency"},
    "kv.stream_records": {"index", "wait"},
    "acl.info": {"index", "wait"},
    "acl.list": {"index", "wait"},
}

#: Options that Consul takes and that no row has: `max_stale` goes with each consistency, the ages are a header.
_EXTRAS = {"max_stale", "max_age", "stale_if_error"}

#: Calls that are transactions, whose operations have a namespace and a partition each.
_TRANSACTIONS = {"kv.delete", "kv.get_many", "kv.put_many", "kv.delete_many"}

#: Call and parameter with the name of an option -> a value that it can have. It goes into the path or the body, or decides what is read.
_OF_OTHERS: dict[str, Any] = {
    "agent.service.register connect": {},
    "catalog.register service": {},
    "kv.get_as kind": str,
    "query.create service": {},
    "query.update service": {},
}

#: Option -> a value that it can have.
_VALUES: dict[str, Any] = {
    "by": "destination",
    "cached": True,
    "cas": 7,
    "connect": True,
    "consistency": "stale",
    "enable": False,
    "expanded": True,
    "flags": 7,
    "global_": True,
    "index": 7,
    "log_json": True,
    "limit": 7,
    "local_only": True,
    "max_age": 7,
    "max_stale": 7,
    "merge_central_config": True,
    "node_meta": {"a": "b"},
    "passing": True,
    "prune": True,
    "relay_factor": 3,
    "replace_existing_checks": True,
    "send_report": True,
    "stale_if_error": 7,
    "today_only": True,
    "wait": 7,
    "wan": True,
}


def _ours(call: Call) -> set[str]:
    """The options of the call's row, under our names."""
    names = {option["name"] for option in call.row["query"]} - _SHAPES
    return {OPTION_NAMES.get(name, name.replace("-", "_")) for name in names} - _FIXED.get(call.name, set())


def _own(call: Call) -> set[str]:
    return set(keywords(call.definition.build) or ())


def _changes(call: Call, option: str) -> bool:
    """Whether an option changes what is sent; of a transaction whether it changes the body, since it has most of them there."""
    given = {option: _VALUES.get(option, "y")}
    if option == "tag" and call.name == "event.fire":
        given["service"] = "x"
    if option == "wait" and "index" in _own(call):
        given["index"] = 7
    before, after = call.operation().request, call.operation(**given).request
    in_body = call.name in _TRANSACTIONS and before.body != after.body
    return (before.query, before.headers) != (after.query, after.headers) or in_body


_UNIVERSE = {option for call in CALLS for option in _own(call) | _ours(call)}


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_takes_the_options_of_its_row(call: Call) -> None:
    assert keywords(call.definition.build) is not None
    assert _ours(call) <= _own(call)
    for option in _ours(call):
        assert _changes(call, option), option


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_takes_no_option_that_its_row_does_not_have(call: Call) -> None:
    others = (_own(call) & {*QUERY, "consistency"}) - _ours(call) - _EXTRAS - _SHAPES
    if call.name in _TRANSACTIONS:
        others -= {"namespace", "partition"}
    for option in others:
        value = _OF_OTHERS.get(f"{call} {option}", _VALUES.get(option, "x"))
        assert call.operation(**{option: value}).request.query == call.operation().request.query, option


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_any_other_option_is_refused_before_anything_is_sent(call: Call) -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return Response(200, body=b"null")

    faces = (Operations(), Consul(transport=MemoryTransport(answer)), AsyncConsul(transport=AsyncMemoryTransport(answer)))
    others = _UNIVERSE - _own(call)
    assert others
    for face in faces[:1] if call.name in WITH_FILES else faces:
        for option in sorted(others | {"dc", "colour"}):
            with pytest.raises(TypeError) as raised:
                call.on(face, **{option: "x"})
            assert str(raised.value).startswith(f"{call}() got an unexpected keyword argument {option!r}; ")
    assert sent == []


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_too_few_and_too_many_arguments_name_the_call(call: Call) -> None:
    method = attrgetter(call.name)(Operations())
    with pytest.raises(TypeError) as raised:
        method(*["x"] * 40)
    assert str(raised.value).startswith(f"{call}() takes ")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda api: api.kv.get("k", dc="dc2"), "kv.get() got an unexpected keyword argument 'dc'; did you mean 'datacenter'?"),
        (lambda api: api.kv.put("k", "v", ns="team"), "kv.put() got an unexpected keyword argument 'ns'; did you mean 'namespace'?"),
        (
            lambda api: api.kv.get("k", stale=True),
            "kv.get() got an unexpected keyword argument 'stale'; did you mean consistency=\"stale\"?",
        ),
        (
            lambda api: api.health.service("web", consistent=True),
            "health.service() got an unexpected keyword argument 'consistent'; did you mean consistency=\"consistent\"?",
        ),
        (lambda api: api.health.service("web", sg="g"), "argument 'sg'; did you mean 'sameness_group'?"),
        (
            lambda api: api.agent.service.register("web", prot=80),
            "agent.service.register() got an unexpected keyword argument 'prot'; did you mean 'port'?",
        ),
        (lambda api: api.kv.get("k", token="t"), "argument 'token'; it is a setting of the client: client.using(token=...)"),
        (lambda api: api.status.leader(timeout=1), "argument 'timeout'; it is a setting of the client: client.using(timeout=...)"),
        (
            lambda api: api.agent.services(dc="dc2"),
            "agent.services() got an unexpected keyword argument 'dc'; it takes filter, namespace, partition",
        ),
        (lambda api: api.status.leader(stale=True), "status.leader() got an unexpected keyword argument 'stale'; it takes datacenter"),
        (lambda api: api.agent.self(colour="red"), "agent.self() got an unexpected keyword argument 'colour'; it takes none"),
        (lambda api: api.kv.put("k"), "kv.put() missing 1 required positional argument: 'value'"),
        (lambda api: api.kv.get("k", item="k"), "kv.get() got multiple values for argument 'item'"),
        (lambda api: api.kv.get(7), "a key must be a str, not int"),
        (lambda _: KV[Any]().get("k", dc="dc2"), "kv.get() got an unexpected keyword argument 'dc'"),
    ],
)
def test_what_an_error_says(call: Any, says: str) -> None:
    with pytest.raises(TypeError) as raised:
        call(Operations())
    assert says in str(raised.value)


class OwnOptions(TypedDict, total=False):
    """A user's own options."""

    loud: bool


def _operation() -> Operation[bytes]:
    return Operation("own", Request("GET", "/v1/own"), lambda response: response.body)


class Own(Namespace[Any]):
    """A user's own calls."""

    @operation
    def typed(self, **options: Unpack[OwnOptions]) -> Operation[bytes]:
        """Take the options of a TypedDict beside it."""
        return _operation()

    @operation
    def untyped(self, /, *names: str, **options: Any) -> Operation[bytes]:
        """Take anything."""
        return _operation()


def test_calls_of_a_user() -> None:
    own: Any = Own()
    own.typed(loud=True)
    own.untyped(colour="red")
    with pytest.raises(TypeError, match=r"^own\.typed\(\) got an unexpected keyword argument 'lout'; did you mean 'loud'\?"):
        own.typed(lout=True)


def test_options_that_are_types_and_not_text() -> None:
    def get(self: Any, **options: Any) -> Operation[bytes]:
        return _operation()

    get.__annotations__ = {"options": Unpack[OwnOptions]}
    assert keywords(get) == frozenset({"loud"})
    get.__annotations__ = {"options": int}
    keywords.cache_clear()
    assert keywords(get) is None


class TestTransactions:
    """Consul reads the namespace and partition of each operation; it ignores those of a transaction's query."""

    def test_what_a_call_says(self) -> None:
        built = Operations().kv.delete("k", namespace="team", partition="p", datacenter="dc2")
        assert built.request.query == (("dc", "dc2"),)
        assert json.loads(built.request.read_body() or b"") == [
            {"KV": {"Verb": verb, "Key": "k", "Namespace": "team", "Partition": "p"}} for verb in ("get", "delete")
        ]

    def test_what_a_client_says(self) -> None:
        settings = Settings(namespace="team")
        operations = [kv_get("k"), {"KV": {**kv_get("other")["KV"], "Namespace": "own"}}, {"Node": {"Verb": "get"}}]
        request = settings.apply(Operations().txn.commit(operations))  # type: ignore[arg-type] # a node with less than it needs
        assert json.loads(request.read_body() or b"") == [
            {"KV": {"Verb": "get", "Key": "k", "Namespace": "team"}},
            {"KV": {"Verb": "get", "Key": "other", "Namespace": "own"}},
            {"Node": {"Verb": "get"}},
        ]
        assert request.query == ()
