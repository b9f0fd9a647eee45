"""Calls of every kind, each with a unique expected value, so that an answer to another call is detected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.concurrency.echo_server import index_of, value_of


@dataclass(frozen=True)
class Kind:
    """A kind of call.

    start: makes the call on a `Consul`, or the coroutine on an `AsyncConsul`. extract: returns the part of the value to compare.
    expected: returns that part for a key."""

    name: str
    start: Callable[[Any, str], Any]
    expected: Callable[[str], Any]
    extract: Callable[[Any], Any] = lambda value: value


KINDS = (
    Kind("get", lambda consul, key: consul.kv.get(key), value_of),
    Kind("read", lambda consul, key: consul.kv.read(key, consistency="stale"), value_of),
    Kind("record", lambda consul, key: consul.kv.get_record(key), index_of, lambda record: record["ModifyIndex"]),
    Kind("keys", lambda consul, key: consul.kv.keys(key), lambda key: [f"{key}{number}" for number in range(3)]),
    Kind("put", lambda consul, key: consul.kv.put(key, value_of(key)), lambda _key: True),
    Kind(
        "put with meta",
        lambda consul, key: consul.perform_with_meta(consul.ops.kv.put(key, value_of(key))),
        lambda key: (True, index_of(key)),
        lambda reply: (reply.value, reply.meta.index),
    ),
    Kind("set", lambda consul, key: consul.kv.set(key, value_of(key)), lambda _key: None),
    Kind("delete", lambda consul, key: consul.kv.delete(key), lambda _key: True),
    Kind("many", lambda consul, key: consul.kv.get_many([key, key + "+"]), lambda key: {each: value_of(each) for each in (key, key + "+")}),
    Kind("health", lambda consul, key: consul.health.service(key), lambda key: key, lambda found: found[0]["Service"]["Service"]),
    Kind("catalog", lambda consul, key: consul.catalog.service(key, tag="t"), lambda key: key, lambda found: found[0]["ServiceName"]),
    Kind("session", lambda consul, key: consul.session.info(key), lambda key: key, lambda session: session["ID"]),
    Kind("blocking", lambda consul, key: consul.kv.get(key, index=index_of(key), wait="5ms"), value_of),
)


@dataclass(frozen=True)
class Call:
    """One call, on its own key."""

    kind: Kind
    key: str

    def start(self, consul: Any) -> Any:
        """Make the call, or return its coroutine."""
        return self.kind.start(consul, self.key)

    def check(self, value: Any) -> None:
        """Raise AssertionError if the value belongs to another call."""
        actual, expected = self.kind.extract(value), self.kind.expected(self.key)
        assert actual == expected, f"{self.kind.name} of {self.key!r} got {actual!r}, not {expected!r}"


def calls(who: str, count: int, seed: int = 0, kinds: tuple[Kind, ...] = KINDS) -> list[Call]:
    """Return calls of random kinds, each with a unique key."""
    random = Random(f"{who} {seed}")
    return [Call(random.choice(kinds), f"{who}-{number}") for number in range(count)]
