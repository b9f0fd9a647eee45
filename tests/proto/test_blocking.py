"""Every operation says whether it blocks and on what, and gives its blocking form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.arguments import keywords
from tests.proto.manifest import CALLS, Call

api: Any = Operations()

#: Rows that name the parameter; how an index is compared stands in the row's prose.
_COMPARED = {"event.list": "event"}

#: Streams of rows that can block: other calls of the same rows do.
_READ_AT_ONCE = {"kv.stream_records"}


@pytest.mark.parametrize("call", [call for call in CALLS if not call.is_stream], ids=str)
def test_an_operation_blocks_as_its_row_says(call: Call) -> None:
    operation: Any = call.operation()
    if call.is_flow or operation.name != call.row["id"]:
        return
    blocking = call.row["blocking"]
    assert operation.blocks == (_COMPARED.get(call.row["id"], blocking) if blocking != "no" else None)
    assert {option["name"] for option in call.row["query"]} & {"index", "hash"} == ({blocking} - {"no"})


@pytest.mark.parametrize("call", [call for call in CALLS if call.is_stream], ids=str)
def test_a_stream_does_not_block(call: Call) -> None:
    assert not {"index", "hash"} & set(keywords(call.definition.build) or ())
    assert call.row["blocking"] == "no" or call.name in _READ_AT_ONCE


@pytest.mark.parametrize("call", [call for call in CALLS if not call.is_flow and not call.is_stream], ids=str)
def test_the_blocking_form(call: Call) -> None:
    operation: Any = call.operation()
    if operation.blocks is None:
        for given in ({"index": 7}, {"hash": "h"}, {"wait": 1}, {}):
            with pytest.raises(ValueError, match=f"^{operation.name} does not block: Consul answers it at once; "):
                operation.blocking(**given)
        return
    on = {"hash": "h"} if operation.blocks == "hash" else {"index": 7}
    other = {"index": 7} if operation.blocks == "hash" else {"hash": "h"}
    blocking = operation.blocking(**on, wait="1m")
    assert blocking.request.query == (*operation.request.query, *((name, str(value)) for name, value in on.items()), ("wait", "1m"))
    assert blocking.request.wait == 63.75
    assert replace(blocking, request=operation.request) == operation
    assert blocking.request == call.operation(**on, wait="1m").request
    for wrong in (other, {**on, **other}, {"wait": 1}, {}):
        with pytest.raises(TypeError, match=f"^{operation.name} blocks on {next(iter(on))}=, the X-Consul-"):
            operation.blocking(**wrong)


@pytest.mark.parametrize(
    ("build", "target", "wait"),
    [
        (lambda: api.kv.get("k").blocking(index=7), "/v1/kv/k?index=7", 318.75),
        (lambda: api.kv.get("k").blocking(index=0), "/v1/kv/k?index=0", 0.0),
        (lambda: api.kv.get("k", index=3, wait="9s", consistency="stale").blocking(index=7), "/v1/kv/k?stale&index=7", 318.75),
        (lambda: api.kv.get("k").blocking(index=3, wait="9s").blocking(index=7, wait=16), "/v1/kv/k?index=7&wait=16s", 17.0),
        (lambda: api.health.service("web", cached=True).blocking(index=7), "/v1/health/service/web?cached&index=7", 318.75),
        (lambda: api.agent.service.get("web").blocking(hash="abc", wait=0), "/v1/agent/service/web?hash=abc&wait=0s", 318.75),
        (lambda: api.event.list("e").blocking(index=2**63), "/v1/event/list?name=e&index=9223372036854775808", 318.75),
    ],
)
def test_what_is_sent(build: Callable[[], Any], target: str, wait: float) -> None:
    operation = build()
    assert (operation.request.target, operation.request.wait) == (target, wait)


def test_values_are_checked() -> None:
    with pytest.raises(ValueError, match="index must be between 0"):
        api.kv.get("k").blocking(index=-1)
    with pytest.raises(ValueError, match="a duration must be a Go string"):
        api.kv.get("k").blocking(index=1, wait="soon")
    with pytest.raises(ValueError, match="hash must not be empty"):
        api.agent.service.get("web").blocking(hash="")
