"""Sessions, events, and the leader."""

from __future__ import annotations

from scripts.recording.recorder import Recorder

_UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def record(recorder: Recorder) -> None:
    """Record session.*, event.* and status.*."""
    _sessions(recorder)
    _events(recorder)
    for operation, path in (("status.leader", "/v1/status/leader"), ("status.peers", "/v1/status/peers")):
        recorder.case(operation, "found", path)
        recorder.denials(operation, path)


def _sessions(recorder: Recorder) -> None:
    create, path = "session.create", "/v1/session/create"
    recorder.case("session.list", "none", "/v1/session/list")
    recorder.case("session.node", "none", "/v1/session/node/test-node")
    recorder.case(create, "no-body", path)
    made = recorder.case(create, "all-members", path, body={"Name": "job", "TTL": "30s", "LockDelay": "1s", "Behavior": "delete"}).json()
    recorder.case(create, "no-checks", path, body={"Checks": []})
    recorder.case(create, "short-ttl", path, body={"TTL": "1s"}, status=500)
    recorder.case(create, "bad-ttl", path, body={"TTL": "soon"}, status=500)
    recorder.case(create, "unknown-node", path, body={"Node": "nobody"}, status=500)
    recorder.case(create, "unknown-check", path, body={"Checks": ["nothing"]}, status=500)
    recorder.prepare("PUT", "/v1/catalog/register", {
        "Node": "test-node", "SkipNodeUpdate": True, "Check": {"CheckID": "broken", "Name": "broken", "Status": "critical"}
    })  # fmt: skip
    recorder.case(create, "critical-check", path, body={"Checks": ["broken"]}, status=500)
    recorder.case(create, "bad-behavior", path, body={"Behavior": "shrug"}, status=500)
    recorder.case(create, "not-json", path, body="{", status=400)
    recorder.case(create, "unknown-member", path, body={"Nmae": "job"})
    recorder.case(create, "wrong-type", path, body={"Name": 1}, status=400)
    recorder.denials(create, path, body={"Name": "job"})
    assert isinstance(made, dict)
    _one_session(recorder, str(made["ID"]))


def _one_session(recorder: Recorder, session: str) -> None:
    info = recorder.case("session.info", "found", f"/v1/session/info/{session}")
    recorder.case("session.info", "wait-over", f"/v1/session/info/{session}", [("index", info.index()), ("wait", "10ms")])
    recorder.case("session.info", "unknown", f"/v1/session/info/{_UNKNOWN}")
    recorder.case("session.info", "not-a-uuid", "/v1/session/info/job", status=500 if recorder.old else 200)
    recorder.case("session.info", "no-id", "/v1/session/info/", status=400)
    recorder.denials("session.info", f"/v1/session/info/{session}")
    recorder.case("session.list", "several", "/v1/session/list")
    recorder.denials("session.list", "/v1/session/list")
    recorder.case("session.node", "several", "/v1/session/node/test-node")
    recorder.case("session.node", "unknown", "/v1/session/node/nobody")
    recorder.case("session.node", "no-name", "/v1/session/node/", status=400)
    recorder.denials("session.node", "/v1/session/node/test-node")
    recorder.case("session.renew", "renewed", f"/v1/session/renew/{session}")
    recorder.case("session.renew", "unknown", f"/v1/session/renew/{_UNKNOWN}", status=404)
    recorder.case("session.renew", "not-a-uuid", "/v1/session/renew/job", status=500 if recorder.old else 404)
    recorder.case("session.renew", "no-id", "/v1/session/renew/", status=400)
    recorder.denials("session.renew", f"/v1/session/renew/{session}")
    recorder.denials("session.destroy", f"/v1/session/destroy/{session}")
    recorder.case("session.destroy", "destroyed", f"/v1/session/destroy/{session}")
    recorder.case("session.destroy", "unknown", f"/v1/session/destroy/{_UNKNOWN}")
    recorder.case("session.destroy", "not-a-uuid", "/v1/session/destroy/job", status=500 if recorder.old else 200)
    recorder.case("session.destroy", "no-id", "/v1/session/destroy/", status=400)


def _events(recorder: Recorder) -> None:
    fire, path = "event.fire", "/v1/event/fire/deploy"
    recorder.case("event.list", "none", "/v1/event/list")
    recorder.case(fire, "fired", path, [("node", "test-.*")], "v2")
    recorder.case(fire, "no-payload", path)
    recorder.case(fire, "filters", path, [("service", "consul"), ("tag", "v.*")], "v3")
    recorder.case(fire, "no-name", "/v1/event/fire/", status=400)
    recorder.case(fire, "too-large", path, body="x" * 600, status=500 if recorder.old else 413)
    recorder.case(fire, "bad-node-filter", path, [("node", "(")], "v2", status=500)
    recorder.case(fire, "tag-alone", path, [("tag", "v2")], "v2", status=500)
    recorder.denials(fire, path, body="v2")
    # The agent receives its own event over gossip.
    recorder.until("/v1/event/list?name=deploy", lambda answer: answer.json() != [])
    listed = recorder.case("event.list", "several", "/v1/event/list")
    recorder.case("event.list", "wait-over", "/v1/event/list", [("index", listed.index()), ("wait", "10ms")])
    recorder.case("event.list", "by-name", "/v1/event/list", [("name", "deploy")])
    recorder.case("event.list", "unknown-name", "/v1/event/list", [("name", "nothing")])
    recorder.denials("event.list", "/v1/event/list")
