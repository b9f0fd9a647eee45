"""Network coordinates."""

from __future__ import annotations

from scripts.recording.recorder import Recorder

_POINT = {"Vec": [0] * 8, "Error": 1.5, "Adjustment": 0, "Height": 0.00001}


def record(recorder: Recorder) -> None:
    """Record coordinate.*."""
    update, path = "coordinate.update", "/v1/coordinate/update"
    body = {"Node": "test-node", "Coord": _POINT}
    recorder.case(update, "updated", path, body=body)
    recorder.case(update, "unknown-node", path, body={**body, "Node": "nobody"})
    recorder.case(update, "other-dimension", path, body={**body, "Coord": {**_POINT, "Vec": [0]}}, status=500)
    recorder.case(update, "not-json", path, body="{", status=400)
    recorder.case(update, "unknown-member", path, body={**body, "Nmae": "test-node"}, status=400)
    recorder.denials(update, path, body=body)
    # Servers write coordinates in batches, some seconds later.
    recorder.until("/v1/coordinate/nodes", lambda answer: answer.json() != [])
    recorder.case("coordinate.datacenters", "found", "/v1/coordinate/datacenters")
    listed = recorder.case("coordinate.nodes", "found", "/v1/coordinate/nodes")
    recorder.case("coordinate.nodes", "wait-over", "/v1/coordinate/nodes", [("index", listed.index()), ("wait", "10ms")])
    recorder.denials("coordinate.nodes", "/v1/coordinate/nodes")
    node = "/v1/coordinate/node/test-node"
    recorder.case("coordinate.node", "found", node)
    recorder.case("coordinate.node", "unknown", "/v1/coordinate/node/nobody", status=404)
    recorder.denials("coordinate.node", node)
