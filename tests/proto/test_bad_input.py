"""What the core refuses before there is anything to send, and the small builders of transactions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.codec import encode
from consul_proto.decode import texts
from consul_proto.endpoints import txn
from consul_proto.endpoints.kv import KV
from consul_proto.errors import DecodeError
from consul_proto.message import Request, Response
from consul_proto.namespace import Namespace, Pure, Sync, operation, unchanged
from consul_proto.operation import Operation
from tests.proto.flows import Script

api: Any = Operations()

_CYCLE: dict[str, Any] = {}
_CYCLE["itself"] = _CYCLE

_DEEP: dict[str, Any] = {}
for _ in range(100_000):
    _DEEP = {"x": _DEEP}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a Docker check without a command": (
        lambda: api.agent.check.register("c", docker_container_id="d", interval=1),
        "Docker check needs args",
    ),
    "a check of no kind": (lambda: api.agent.check.register("c"), "not none"),
    "a check of two kinds": (lambda: api.agent.check.register("c", tcp="a", udp="b", interval=1), "not tcp, udp"),
    "a check without an interval": (lambda: api.agent.check.register("c", tcp="a"), "with tcp needs an interval"),
    "a TTL check with an interval": (lambda: api.agent.check.register("c", ttl=10, interval=1), "with ttl takes no interval"),
    "an unknown status": (lambda: api.agent.check.update("c", "fine"), "passing, warning, critical"),
    "a service with an interval alone": (lambda: api.agent.service.register("s", interval=1), "exactly one kind"),
    "a service with an option of a check that it does not have": (
        lambda: api.agent.service.register("s", timeout=1, notes="n"),
        "options of a check need a check: timeout, notes; give one with check=, httpcheck= or ttl=",
    ),
    "a service without a name": (lambda: api.agent.service.register(""), "a service name must not be empty"),
    "a check without a name": (lambda: api.agent.check.register("", ttl=1), "a check name must not be empty"),
    "a key that a transaction would take": (lambda: api.kv.put("a//b", 1), "'a//b' as 'a/b'; only a transaction takes it"),
    "a key with a surrogate": (lambda: api.kv.get("\ud800"), "a key must not contain surrogates"),
    "a value with a surrogate": (lambda: api.kv.put("k", "\ud800"), "the value contains surrogates"),
    "a filter with a surrogate": (lambda: api.agent.services(filter="\ud800"), "filter must not contain surrogates"),
    "a value that is NaN": (lambda: api.kv.put("k", float("nan")), "what JSON can express"),
    "metadata that are a cycle": (lambda: api.agent.service.register("s", proxy=_CYCLE), "Proxy cannot be written as JSON: Circular"),
    "metadata that are deep": (lambda: api.agent.service.register("s", proxy=_DEEP), "Proxy is nested too deeply"),
    "flags of other keys": (lambda: api.kv.put_many({"a": 1}, flags={"b": 1}), "flags are given for keys that are not written: 'b'"),
    "flags that are too large": (lambda: api.kv.put_many({"a": 1}, flags=2**64), "flags must be between 0"),
    "a tree that has no path, blocking": (lambda: api.kv.items("a//", index=7), "Consul would read 'a//' as"),
    "a port that is too large": (lambda: api.agent.service.register("s", port=65536), "between 0 and 65535, not 65536"),
    "an event's tag without its service": (lambda: api.event.fire("e", tag="t"), "needs a service"),
    "an unknown state": (lambda: api.health.state("fine"), "any, unknown"),
    "an empty separator": (lambda: api.kv.find("p", separator=""), "separator must not be empty"),
    "two conditions": (lambda: api.kv.put("k", "v", cas=1, release="s"), "cannot be combined"),
    "a tree and an index": (lambda: api.kv.delete("k", recurse=True, cas=1), "cannot be combined"),
    "a TTL that is too long": (lambda: api.session.create(ttl="25h"), "at most 24 hours, not '25h'"),
    "an unknown behavior": (lambda: api.session.create(behavior="keep"), "'release' or 'delete'"),
    "an unknown type of ACL": (lambda: api.acl.create("n", "root"), "'client' or 'management'"),
    "legacy rules with a surrogate": (lambda: api.acl.legacy.rules_translate("\ud800"), "rules must not contain surrogates"),
    "an ACL ID with a line feed": (lambda: api.acl.info("a\nb"), "an ACL ID must not be empty"),
    "a cached read that is consistent": (lambda: api.health.service("s", cached=True, consistency="consistent"), "cannot be combined"),
    "an unknown consistency": (lambda: api.kv.get("k", consistency="strong"), "'strong'"),
    "an age that is not whole": (
        lambda: api.health.service("s", cached=True, max_age=1.5),
        "a whole number of seconds, not 1.5",
    ),
    "an index below 0": (lambda: api.kv.get("k", index=-1), "index must be between 0"),
    "an empty datacenter": (lambda: api.kv.get("k", datacenter=""), "datacenter must not be empty"),
}

WRONG_TYPES: dict[str, tuple[Callable[[], Any], str]] = {
    "tags that are one str": (lambda: api.agent.service.register("s", tags="a"), "tags must be a list"),
    "a port that is a str": (lambda: api.agent.service.register("s", port="80"), "a port must be an int"),
    "a port of the catalog that is a str": (
        lambda: api.catalog.register("n", "a", service={"Port": "80"}),
        "a port must be an int, not str",
    ),
    "an index of a blocking form that is a str": (lambda: api.kv.get("k").blocking(index="7"), "index must be an int, not str"),
    "a hash of a blocking form that is a number": (lambda: api.agent.service.get("s").blocking(hash=7), "hash must be a str, not int"),
    "a port that is a bool": (lambda: api.agent.service.register("s", port=True), "a port must be an int"),
    "an option that no service has": (
        lambda: api.agent.service.register("s", colour="red"),
        "keyword argument 'colour'",
    ),
    "an option that no check has": (
        lambda: api.agent.check.register("c", ttl=10, colour="red"),
        "keyword argument 'colour'",
    ),
    "an option that no read has": (lambda: api.kv.get("k", colour="red"), "kv.get() got an unexpected keyword argument 'colour'"),
    "an index that is a str": (lambda: api.kv.get("k", index="1"), "index must be an int, not str"),
    "a datacenter that is a number": (lambda: api.kv.get("k", datacenter=2), "datacenter must be a str, not int"),
    "a key that is no str": (lambda: api.kv.get(1), "a key must be a str"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_are_refused(name: str) -> None:
    call, says = REFUSED[name]
    with pytest.raises(ValueError, match=r"\w") as raised:
        call()
    assert says in str(raised.value)


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_types_that_are_refused(name: str) -> None:
    call, says = WRONG_TYPES[name]
    with pytest.raises(TypeError) as raised:
        call()
    assert says in str(raised.value)


def test_a_secret_is_not_told() -> None:
    with pytest.raises(ValueError, match="an ACL ID") as raised:
        api.acl.destroy("s3cr3t\n")
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (txn.kv_set("k", "v", 3), {"Verb": "set", "Key": "k", "Value": "dg==", "Flags": 3}),
        (txn.kv_cas("k", 1, 7), {"Verb": "cas", "Key": "k", "Value": "MQ==", "Flags": 0, "Index": 7}),
        (txn.kv_lock("k", None, "s"), {"Verb": "lock", "Key": "k", "Value": "", "Flags": 0, "Session": "s"}),
        (txn.kv_unlock("k", b"\x00", "s"), {"Verb": "unlock", "Key": "k", "Value": "AA==", "Flags": 0, "Session": "s"}),
        (txn.kv_get("k"), {"Verb": "get", "Key": "k"}),
        (txn.kv_get_tree(""), {"Verb": "get-tree", "Key": ""}),
        (txn.kv_check_index("k", 7), {"Verb": "check-index", "Key": "k", "Index": 7}),
        (txn.kv_check_session("k", "s"), {"Verb": "check-session", "Key": "k", "Session": "s"}),
        (txn.kv_check_not_exists("k"), {"Verb": "check-not-exists", "Key": "k"}),
        (txn.kv_delete("k"), {"Verb": "delete", "Key": "k"}),
        (txn.kv_delete_tree("p/"), {"Verb": "delete-tree", "Key": "p/"}),
        (txn.kv_delete_cas("k", 7), {"Verb": "delete-cas", "Key": "k", "Index": 7}),
    ],
    ids=lambda value: value.get("Verb", "") if isinstance(value, dict) else "",
)
def test_operations_of_a_transaction(built: Any, expected: dict[str, Any]) -> None:
    assert built == {"KV": expected}


def test_a_key_of_a_transaction_is_checked_too() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        txn.kv_get("")


def test_calls_are_functions_of_their_namespace() -> None:
    kv: KV[Pure] = KV()
    assert KV.get(kv, "k").request == kv.get("k").request
    assert not kv.put("k", "v").is_read
    assert kv.get("k").is_read
    assert Operations().discovery_chain.read_with_overrides("web").is_read
    with pytest.raises(TypeError, match=r"^kv\.put\(\) got an unexpected keyword argument 'index'"):
        api.kv.put("k", "v", index=1, colour=2)


def test_a_list_that_is_null_is_empty() -> None:
    null = Response(200, body=b"null")
    assert texts(null) == []
    assert api.catalog.services().decode(null) == []
    assert api.agent.services().decode(null) == []
    assert api.catalog.nodes().decode(null) == []
    with pytest.raises(DecodeError, match="an object of lists, got an object"):
        api.catalog.services().decode(Response(200, body=b'{"a": 1}'))
    assert encode(bytearray(b"a")) == b"a"


@pytest.mark.parametrize("body", [b"{}", b'"web"', b"[1]", b'{"ImportedServices": "web"}'])
def test_imported_services_of_another_shape(body: bytes) -> None:
    with pytest.raises(DecodeError, match="expected a list of objects, or an object with a list of ImportedServices"):
        Operations().imported_services.list().decode(Response(200, body=body))


class Own(Namespace[Sync]):
    """A group of a user's own."""

    @operation
    def leader(self, suffix: str = "") -> Operation[str]:
        """Return something."""
        return Operation("own", Request("GET", "/v1/status/leader" + suffix), texts)  # type: ignore[arg-type] # never decoded here


class Louder(Own):
    @operation
    def leader(self, suffix: str = "") -> Operation[str]:
        """Return something louder."""
        built: Any = Own.leader(self, suffix + "!")
        return Operation("louder", built[1].request, built[1].read)


def test_what_a_namespace_does_with_an_operation() -> None:
    own = Own(lambda operation: ("ran", operation))
    ran: Any = own.leader("x")
    assert (ran[0], ran[1].request.path) == ("ran", "/v1/status/leaderx")
    assert str(inspect.signature(own.leader)) == "(suffix: 'str' = '') -> 'str'"
    assert str(inspect.signature(Own(unchanged).leader)) == "(suffix: 'str' = '') -> 'Operation[str]'"
    louder = Louder(lambda operation: ("ran", operation))
    for _ in range(2):
        ran = louder.leader("x")
        assert (ran[1].name, ran[1].request.path) == ("louder", "/v1/status/leaderx!")


def test_a_signature_whose_annotations_are_types() -> None:
    def get(self: Any) -> Operation[str]:
        raise NotImplementedError

    get.__annotations__ = {"return": Operation[str]}
    group: Any = type("Group", (Namespace,), {"get": operation(get)})(lambda operation: operation)
    assert inspect.signature(group.get).return_annotation is str


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda: api.status.leader(), b"17"),
        (lambda: api.kv.get("k"), b'[{"Key": 1}]'),
        (lambda: api.kv.get("k"), b"{}"),
        (lambda: api.kv.keys(), b"[1]"),
        (lambda: api.session.create(), b'{"ID": 1}'),
        (lambda: api.kv.put("k", "v"), b'"true"'),
        (lambda: api.agent.checks(), b'{"a": 1}'),
        (lambda: api.agent.reload(), b"<html>Please log in</html>"),
        (lambda: api.event.list(), b'[{"Payload": "!"}]'),
        (lambda: api.kv.get("k"), b"[] and more"),
        (lambda: api.agent.service.health_by_id("s"), b"{}"),
    ],
)
def test_answers_of_another_shape(call: Callable[[], Any], body: bytes) -> None:
    with pytest.raises(DecodeError) as raised:
        call().decode(Response(200, body=body))
    assert body.decode() not in str(raised.value)


def test_a_bulk_read_of_another_shape() -> None:
    with pytest.raises(DecodeError, match="a result with a KV entry"):
        Script([Response(200, body=b'{"Results": [{"Node": {}}]}')]).run(api.kv.get_many(["a"]))


def test_a_boolean_in_any_spacing() -> None:
    assert api.kv.put("k", "v").decode(Response(200, body=b" true\n\n")) is True
