"""Where an agent's stream differs from its queries, since 1.10: shown here, and not simulated."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from consul_proto.simulator.engine.versions import V1_10
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides


@pytest.mark.real
def test_a_stream_keeps_an_instance_whose_node_name_changed_case(sides: Sides) -> None:
    service = f"web-{uuid4().hex}"
    read = Call("GET", f"/v1/health/service/{service}")
    streamed = Call("GET", read.path, (("index", "1"), ("wait", "50ms")))
    sides.clear()
    sides.answers(streamed)
    steps = [
        {"Node": {"Verb": "set", "Node": {"Node": "N1", "Address": "10.0.0.1"}}},
        {"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": service}}},
    ]
    sides.answers(Call("PUT", "/v1/txn", body=json.dumps(steps).encode()))
    sides.answers(Call("PUT", "/v1/catalog/deregister", body=json.dumps({"Node": "N1"}).encode()))
    assert [json.loads(answer.body) for answer in sides.answers(read)] == [[], []]
    later = {"Node": "n2", "Address": "10.0.0.2", "Service": {"Service": service}}
    sides.answers(Call("PUT", "/v1/catalog/register", body=json.dumps(later).encode()))
    while "n2" not in (nodes := [_nodes(answer.body) for answer in sides.answers(streamed)])[0]:
        pass  # the stream is behind
    assert nodes == [["n2"] if sides.simulator.settings.version < V1_10 else ["N1", "n2"], ["n2"]]
    phantoms = sides.phantoms
    assert sides.differences(streamed) == []
    assert sides.phantoms - phantoms == (sides.simulator.settings.version >= V1_10)


def _nodes(body: bytes) -> list[str]:
    return sorted(entry["Node"]["Node"] for entry in json.loads(body))
