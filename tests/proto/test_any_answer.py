"""Whatever the answer, an operation gives a value or one of our exceptions, and the exception can be shown, sent and kept."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consul_proto.api import Operations
from consul_proto.errors import ConsulateException
from consul_proto.message import Headers, Response
from consul_proto.operation import Operation
from consul_proto.stream import Stream
from tests.proto.flows import Script
from tests.proto.golden.rows import REQUESTS as ROWS

#: One operation for each reader: each row of the golden requests has its own.
_OPERATIONS: list[Operation[Any] | Stream[Any]] = [row.call(Operations()) for row in ROWS]

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Key",
                    "Value",
                    "Flags",
                    "ModifyIndex",
                    "ID",
                    "Errors",
                    "Results",
                    "What",
                    "OpIndex",
                    "KV",
                    "AggregatedStatus",
                    "Payload",
                    "a",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)

_BODIES = st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))


def _one_of(names: Sequence[str]) -> st.SearchStrategy[dict[str, object]]:
    """Nearly an object with these members: some may be missing or of another type."""
    return st.fixed_dictionaries({}, optional={name: st.text("ab", max_size=2) | _JSON | st.booleans() for name in names})


_LINKS = st.lists(_one_of(["ID", "Name"]) | st.just({"ID": "a", "Name": "a"}), max_size=2)

#: Nearly the tokens and policies of the ACL system, and lists of them.
_TOKENS_AND_POLICIES = st.builds(
    lambda record, links, is_list: json.dumps([record | links] if is_list else record | links).encode("utf-8", "surrogatepass"),
    st.just({"AccessorID": "a", "SecretID": "a", "Description": "", "Local": False, "ID": "a", "Name": "a", "Rules": ""})
    | _one_of(["AccessorID", "SecretID", "Description", "Local", "ID", "Name", "Rules"]),
    st.just({}) | st.builds(lambda links: {"Policies": links}, _LINKS | _JSON),
    st.booleans(),
)

_HEADERS = st.lists(
    st.tuples(st.sampled_from(["Content-Type", "Location", "X-Consul-Index", "Content-Encoding"]), st.text(max_size=10)), max_size=4
)


def _check(operation: Operation[Any] | Stream[Any], response: Response) -> None:
    try:
        operation.decode(response)
    except ConsulateException as error:
        assert str(error).startswith(f"{operation.request.method} ")
        restored = pickle.loads(pickle.dumps(error))
        assert type(restored) is type(error)
        assert str(restored) == str(error)
        assert vars(restored) == vars(error)
        assert repr(error)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(100, 999) | st.sampled_from([200, 200, 404, 409, 429, 503]), _HEADERS, _BODIES)
@example(200, [], b"[" * 20_000 + b"]" * 20_000)
@example(200, [], b"1" * 5_000)
@example(200, [], b"NaN")
@example(200, [], b"[NaN]")
@example(200, [], b'[{"Key": "\\ud800", "Flags": 1, "ModifyIndex": 1, "Value": "\\ud800"}]')
@example(200, [], b'[{"Key": "k", "Flags": 1, "ModifyIndex": 1, "Value": 17}]')
@example(200, [], b"\xff\xfe[]")
@example(200, [], b"")
@example(503, [], b"")
@example(409, [], b'{"Errors": [{"OpIndex": 0, "What": 1}]}')
def test_every_operation(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    response = Response(status, Headers(headers), body)
    for operation in _OPERATIONS:
        _check(operation, response)


#: How Consul 1.22 answers the legacy ACL endpoints, after which the documented ACL calls go on with tokens and policies.
_GONE = (404, b"Invalid URL path: not a recognized HTTP API endpoint")


@given(
    st.sampled_from([[], [_GONE]]),
    st.lists(st.tuples(st.sampled_from([200, 200, 403, 404, 409, 500]), _BODIES | _TOKENS_AND_POLICIES), min_size=4, max_size=4),
)
def test_every_flow(first: list[tuple[int, bytes]], answers: list[tuple[int, bytes]]) -> None:
    api = Operations()
    flows: list[Any] = [
        api.kv.set("k", "v"),
        api.kv.get_many(["a", "b"]),
        api.kv.put_many({"a": 1}),
        api.kv.delete_many(["a"]),
        *(api.acl.create("n", rules="r"), api.acl.update("x", "n", rules="r"), api.acl.info("x")),
        *(api.acl.list(), api.acl.clone("x"), api.acl.destroy("x")),
    ]
    for flow in flows:
        script = Script([Response(status, body=body) for status, body in [*first, *answers]])
        try:
            script.run(flow)
        except ConsulateException as error:
            assert error.method
        except StopIteration:
            pytest.fail("a flow ended in the middle of a call")
        except RuntimeError as error:
            # The script ran out of answers: a flow may go on for longer than four.
            assert isinstance(error.__cause__, StopIteration)
