"""Whatever the answer, an operation gives a value or one of our exceptions, and the exception can be shown, sent and kept."""

from __future__ import annotations

import json
import pickle
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


@given(st.lists(st.tuples(st.sampled_from([200, 404, 409, 500]), _BODIES), min_size=4, max_size=4))
def test_every_flow(answers: list[tuple[int, bytes]]) -> None:
    api = Operations()
    flows: list[Any] = [
        api.kv.set("k", "v"),
        api.kv.get_many(["a", "b"]),
        api.kv.put_many({"a": 1}),
        api.kv.delete_many(["a"]),
        api.acl.clone("x"),
        api.acl.destroy("x"),
    ]
    for flow in flows:
        script = Script([Response(status, body=body) for status, body in answers])
        try:
            script.run(flow)
        except ConsulateException as error:
            assert error.method
        except StopIteration:
            pytest.fail("a flow ended in the middle of a call")
        except RuntimeError as error:
            # The script ran out of answers: a flow may go on for longer than four.
            assert isinstance(error.__cause__, StopIteration)
