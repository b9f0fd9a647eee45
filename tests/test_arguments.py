"""Wrong arguments of clients, views and single calls: each error names what the user called, and the right way, and nothing inside."""

from __future__ import annotations

import gc
import inspect
import pydoc
import re
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from consul_proto.message import Request, Response
from consul_proto.stream import Pieces, Stream
from consulate import AsyncConsul, Consul, Limits, api
from consulate.api.kv import KV
from consulate.configuration import AsyncCallOptions, CallOptions, ClientOptions, ViewOptions
from tests.faces import ASYNCIO, TRIO, URLLIB3, Face, outcome
from transports.memory import AsyncMemoryTransport, MemoryTransport

Make = Callable[..., Any]

on_both_clients = pytest.mark.parametrize("make", [Consul, AsyncConsul], ids=lambda make: str(make.__name__))
on_documented_classes = pytest.mark.parametrize("make", [KV, api.agent.Agent, api.txn.Txn], ids=lambda make: str(make.__name__))
on_every_mode = pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=str)

#: Names of functions and classes that no user calls.
_INNER = (
    "read_configuration",
    "configured",
    "budget",
    "Documented",
    "AnyClient",
    "_Client",
    "__init__",
    "Settings",
    "address_of",
    "Context",
)


def _refused(call: Callable[[], object], kind: type[Exception] = TypeError) -> str:
    """The words of the error of a call."""
    with pytest.raises(kind) as caught:
        call()
    says = str(caught.value)
    assert not [name for name in _INNER if name in says], says
    return says


def _made(make: Make) -> Any:
    """A client that answers each read with an empty list."""
    transport = MemoryTransport if make is Consul else AsyncMemoryTransport
    return make(transport=transport(lambda _request: Response(200, body=b"[]")))


_WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "a file as verify": ({"verify": "/ca.pem"}, "verify must be True or False, not str; name the authorities to trust with ca_file="),
    "basic_auth as one text": ({"basic_auth": "user:pw"}, 'a tuple of user and password, as in ("user", "password"), not str'),
    "basic_auth of one part": ({"basic_auth": ("user",)}, "basic_auth must be a tuple of user and password"),
    "basic_auth of two characters": ({"basic_auth": "up"}, "basic_auth must be a tuple of user and password"),
    "basic_auth of numbers": ({"basic_auth": (1, 2)}, "basic_auth must be a tuple of user and password"),
    "auth as for a proxy": ({"auth": ("u", "p")}, "a token, a TokenFile or a Login, not tuple; for a user and a password, use basic_auth="),
    "timeout as text": ({"timeout": "5"}, "timeout must be a number of seconds, or None for no limit, not str"),
    "timeout as a timedelta": ({"timeout": timedelta(seconds=5)}, "give its total_seconds()"),
    "timeout as a bool": ({"timeout": True}, "timeout must be a number of seconds, or None for no limit, not bool"),
    "a token that is a number": ({"token": 5}, "token must be a str, not int"),
    "a token of bytes": ({"token": b"x"}, "token must be a str, not bytes"),
    "a port as text": ({"port": "8500"}, "port must be an int, not str"),
    "limits as a dict": ({"limits": {"connections": 8}}, "limits must be a Limits, as in Limits(connections=8), not dict"),
    "a descriptor as token_file": ({"token_file": 3}, "token_file must be the path of a file, not int"),
    "an adapter by name": ({"adapter": "requests"}, "adapter must have "),
    "a number among the addresses": ({"host": ["h", 8500]}, "host must be a str, or a list of several agents' addresses, not list"),
    "an order that is a bool": ({"agent_order": True}, "agent_order must be a str, not bool"),
    "a client as transport": ({"transport": Limits()}, "transport must have send() and "),
}  # fmt: skip

_UNKNOWN: dict[str, str] = {
    "url": "did you mean 'host'? It may be a URL",
    "address": "did you mean 'host'?",
    "dc": "did you mean 'datacenter'?",
    "ns": "did you mean 'namespace'?",
    "http_auth": "did you mean 'basic_auth'?",
    "cert": "did you mean 'client_cert'?",
    "ssl": 'did you mean scheme="https"?',
    "stale": 'did you mean consistency="stale"?',
    "timeot": "did you mean 'timeout'?",
    "retry": "it belongs to one call: client.perform(operation, retry=...)",
    "hosts": "did you mean 'host'?",
    "load_balance_hosts": "did you mean 'agent_order'?",
    "zzz": "it takes adapter, agent_order, auth, basic_auth, ",
}


class TestAClient:
    @on_both_clients
    @pytest.mark.parametrize("wrong", _WRONG_VALUES)
    def test_a_value_of_the_wrong_type(self, make: Make, wrong: str) -> None:
        given, says = _WRONG_VALUES[wrong]
        error = _refused(lambda: make(**given))
        assert error.startswith(f"{make.__name__}(): {next(iter(given))} must ")
        assert says in error

    @on_both_clients
    @pytest.mark.parametrize("name", [*inspect.signature(Consul).parameters])
    def test_no_argument_takes_any_object(self, make: Make, name: str) -> None:
        assert _refused(lambda: make(**{name: object()})).startswith(f"{make.__name__}(): {name} must ")

    @on_both_clients
    @pytest.mark.parametrize("name", _UNKNOWN)
    def test_an_unknown_keyword(self, make: Make, name: str) -> None:
        says = _refused(lambda: make(**{name: "x"}))
        assert says.startswith(f"{make.__name__}() got an unexpected keyword argument {name!r}; {_UNKNOWN[name]}")

    @on_both_clients
    def test_too_many(self, make: Make) -> None:
        assert _refused(lambda: make(1, 2, 3, 4, 5, 6, 7)) == f"{make.__name__}(): too many positional arguments"

    @on_both_clients
    def test_an_unknown_codec(self, make: Make) -> None:
        assert _refused(lambda: make(kv_codec="yaml"), ValueError) == f'{make.__name__}(): kv_codec must be "json" or "text", not \'yaml\''

    @on_both_clients
    def test_an_unknown_order(self, make: Make) -> None:
        says = f'{make.__name__}(): agent_order must be "given" or "random", not \'nearest\''
        assert _refused(lambda: make(agent_order="nearest"), ValueError) == says

    def test_a_transport_for_the_other_client(self) -> None:
        assert "transport must have send() and aclose(), but MemoryTransport does not" in _refused(
            lambda: AsyncConsul(transport=MemoryTransport(_nothing))  # type: ignore[arg-type] # which is what it is about
        )
        assert "transport must have send() and close(), but AsyncMemoryTransport does not" in _refused(
            lambda: Consul(transport=AsyncMemoryTransport(_nothing))  # type: ignore[arg-type] # which is what it is about
        )

    @on_both_clients
    def test_help_lists_every_option(self, make: Make) -> None:
        shown = pydoc.render_doc(make, renderer=pydoc.plaintext)  # type: ignore[attr-defined] # not in typeshed
        for options, call in ((ClientOptions, make), (ViewOptions, make.using)):  # type: ignore[attr-defined] # of a client
            names = list(options.__annotations__)
            assert [name for name in inspect.signature(call).parameters if name in names] == names
            described = shown[shown.index(inspect.cleandoc(options.__doc__ or "").partition("\n")[0]) :]
            for name in names:
                assert re.search(rf"\b{name}(, \w+)*: \w", described), name
        assert "options" not in inspect.signature(make).parameters

    @on_both_clients
    def test_help_lists_the_options_of_one_call(self, make: Make) -> None:
        options = CallOptions if make is Consul else AsyncCallOptions
        for name in ("perform", "perform_with_meta", "open"):
            assert list(inspect.signature(getattr(make, name)).parameters)[2:] == list(options.__annotations__)


@on_documented_classes
class TestADocumentedClass:
    def test_a_wrong_argument(self, make: Make) -> None:
        name = make.__name__
        assert _refused(lambda: make()) == f"{name}(): missing a required argument: 'uri'"
        assert _refused(lambda: make(5)) == f"{name}(): uri must be a str, not int"
        assert _refused(lambda: make("http://h", token=5)) == f"{name}(): token must be a str, not int"
        assert _refused(lambda: make("http://h", adapter=5)) == f"{name}(): adapter must have transport(), but int does not"
        assert _refused(lambda: make("http://h", dc="x")).endswith("; did you mean 'datacenter'?")

    def test_help_shows_the_parameters(self, make: Make) -> None:
        assert list(inspect.signature(make).parameters) == ["uri", "adapter", "datacenter", "token"]


_OF_A_VIEW: dict[str, tuple[dict[str, Any], str]] = {
    "host": ({"host": "h"}, "using() got an unexpected keyword argument 'host'; it belongs to the client and its connections"),
    "verify": ({"verify": False}, "using() got an unexpected keyword argument 'verify'; it belongs to the client and its connections"),
    "dc": ({"dc": "dc2"}, "using() got an unexpected keyword argument 'dc'; did you mean 'datacenter'?"),
    "stale": ({"stale": True}, "using() got an unexpected keyword argument 'stale'; did you mean consistency=\"stale\"?"),
    "retry": ({"retry": False}, "using() got an unexpected keyword argument 'retry'; it belongs to one call: client.perform("),
    "timeout as text": ({"timeout": "5"}, "using(): timeout must be a number of seconds"),
    "a token that is a number": ({"token": 5}, "using(): token must be a str, not int"),
    "unknown": ({"zzz": 5}, "using() got an unexpected keyword argument 'zzz'; it takes consistency, datacenter, "),
}  # fmt: skip


@on_both_clients
@pytest.mark.parametrize("wrong", _OF_A_VIEW)
def test_a_wrong_argument_of_a_view(make: Make, wrong: str) -> None:
    given, says = _OF_A_VIEW[wrong]
    assert _refused(lambda: _made(make).using(**given)).startswith(says)


_OF_ONE_CALL: dict[str, tuple[dict[str, Any], str]] = {
    "timeout as text": ({"timeout": "5"}, "(): timeout must be a number of seconds, or None for no limit, not str"),
    "retry as a number": ({"retry": 3}, "(): retry must be True or False, not int"),
    "a token": ({"token": "t"}, "() got an unexpected keyword argument 'token'; it is a setting of the client: client.using(token=...)"),
    "dc": ({"dc": "dc2"}, "() got an unexpected keyword argument 'dc'; it is a setting of the client: client.using(datacenter=...)"),
    "index": ({"index": 3}, "() got an unexpected keyword argument 'index'; it takes "),
}  # fmt: skip


class _Asked:
    """A client in memory, for each mode."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def outcome(self, call: Callable[[Any], Any]) -> Any:
        """What a call gives, awaited where it is to be awaited: a value or an exception."""

        async def scenario(client: Any) -> Any:
            try:
                later = call(client)
            except Exception as error:
                return error
            return await outcome(later)

        make = MemoryTransport if self._face.backend is None else AsyncMemoryTransport
        return self._face.run(scenario, transport=make(lambda _request: Response(200, body=b"[]")))


@pytest.fixture
def asked(face: Face) -> _Asked:
    return _Asked(face)


@on_every_mode
@pytest.mark.parametrize("name", ["perform", "perform_with_meta"])
class TestOneCall:
    @pytest.mark.parametrize("wrong", _OF_ONE_CALL)
    def test_a_wrong_option(self, asked: _Asked, name: str, wrong: str) -> None:
        given, says = _OF_ONE_CALL[wrong]
        error = asked.outcome(lambda client: getattr(client, name)(client.ops.catalog.nodes(), **given))
        assert type(error) is TypeError
        assert str(error).startswith(f"{name}{says}")

    def test_a_handle_that_is_none(self, asked: _Asked, name: str) -> None:
        error = asked.outcome(lambda client: getattr(client, name)(client.ops.catalog.nodes(), cancel=object()))
        assert type(error) is TypeError
        assert "cancel must be a Cancel" in str(error) or "cancel its task" in str(error)

    def test_a_call_that_was_run_already(self, asked: _Asked, name: str) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            error = asked.outcome(lambda client: getattr(client, name)(_value(client)))
            gc.collect()
        assert type(error) is TypeError
        assert "perform_with_meta() take an operation or a flow, not an object of " in str(error)
        assert "perform(client.ops.kv.get(...)), not perform(client.kv.get(...))" in str(error)
        assert warned == []

    @pytest.mark.parametrize("given", [None, "k", 5, [], print, Stream("s", Request("GET", "/v1/s"), Pieces)], ids=repr)
    def test_what_is_no_call(self, asked: _Asked, name: str, given: object) -> None:
        error = asked.outcome(lambda client: getattr(client, name)(given))
        assert type(error) is TypeError
        assert f"not an object of {type(given).__name__}; " in str(error)
        assert ("open() reads a stream" in str(error)) == isinstance(given, Stream)

    def test_a_flow_that_yields_something_else(self, asked: _Asked, name: str) -> None:
        error = asked.outcome(lambda client: getattr(client, name)(number for number in [1]))
        assert type(error) is TypeError
        assert str(error).startswith("a flow must yield operations and sleeps, not an object of int")


def _value(client: Any) -> Any:
    """What `client.catalog.nodes()` gives a user: a value, or a coroutine that was not awaited."""
    inner = getattr(client, "_target", client)
    return inner.catalog.nodes()


def _operation(client: Any) -> Any:
    return client.ops.catalog.nodes()


@on_every_mode
def test_open_takes_a_stream(asked: _Asked) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for give in (_value, _operation, id):
            error = asked.outcome(lambda client, give=give: client.open(give(client)))  # type: ignore[misc] # it is of any client
            assert type(error) is TypeError
            assert str(error).startswith("open() takes a stream, not an object of ")
        gc.collect()
    assert warned == []


def test_right_arguments_are_taken() -> None:
    client = Consul("h", 8500, "dc1", "t", "http", basic_auth=("u", "p"), timeout=5, verify=False, limits=Limits(connections=1))
    assert repr(client) == "<Consul http://h:8500>"
    with _made(Consul) as memory:
        assert memory.perform(memory.ops.catalog.nodes(), timeout=0.5, retry=False) == []


@pytest.mark.parametrize(
    "wrong", [{"connections": "8"}, {"blocking": 1.5}, {"response_size": "1"}, {"idle": "60"}, {"connections": True}], ids=str
)
def test_limits_of_the_wrong_type(wrong: Any) -> None:
    assert _refused(lambda: Limits(**wrong)).startswith(f"Limits(): {next(iter(wrong))} must be ")


def _nothing(_request: Request) -> Response:
    return Response(200)
