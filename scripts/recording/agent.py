"""The agent's own services, checks and members."""

from __future__ import annotations

from scripts.recording.recorder import Recorder

_WEB = {
    "ID": "web-1",
    "Name": "web",
    "Tags": ["primary", "v1"],
    "Port": 8080,
    "Meta": {"team": "blue"},
    "Check": {"CheckID": "web-ttl", "Name": "web alive", "TTL": "10m", "Status": "passing"},
}


def record(recorder: Recorder) -> None:
    """Record agent.*."""
    _members(recorder)
    _services(recorder)
    _checks(recorder)
    _local_health(recorder)
    _maintenance(recorder)
    _service_is_gone(recorder)


def _members(recorder: Recorder) -> None:
    recorder.case("agent.self", "found", "/v1/agent/self")
    recorder.denials("agent.self", "/v1/agent/self")
    lan = recorder.case("agent.members", "lan", "/v1/agent/members").json()
    recorder.case("agent.members", "wan", "/v1/agent/members", [("wan", "1")])
    recorder.case("agent.members", "segment-and-wan", "/v1/agent/members", [("wan", "1"), ("segment", "alpha")], status=400)
    recorder.case("agent.members", "segment", "/v1/agent/members", [("segment", "alpha")], status=500)
    recorder.denials("agent.members", "/v1/agent/members")
    assert isinstance(lan, list)
    own = f"127.0.0.1:{lan[0]['Port']}"
    recorder.case("agent.join", "joined", f"/v1/agent/join/{own}")
    recorder.case("agent.join", "refused", "/v1/agent/join/127.0.0.1:1", status=500)
    recorder.case("agent.join", "get", f"/v1/agent/join/{own}", method="GET", status=405)
    recorder.denials("agent.join", f"/v1/agent/join/{own}")
    recorder.case("agent.force_leave", "unknown-node", "/v1/agent/force-leave/nobody", status=500)
    recorder.case("agent.force_leave", "get", "/v1/agent/force-leave/nobody", method="GET", status=405)
    recorder.denials("agent.force_leave", "/v1/agent/force-leave/nobody")
    # A live node refutes that it has left, so this one stays.
    recorder.case("agent.force_leave", "alive", "/v1/agent/force-leave/test-node")


def _services(recorder: Recorder) -> None:
    register, path = "agent.service.register", "/v1/agent/service/register"
    recorder.case("agent.service.list", "none", "/v1/agent/services")
    recorder.case(register, "registered", path, body=_WEB)
    recorder.case(register, "replaced", path, [("replace-existing-checks", "true")], _WEB)
    recorder.case(register, "no-name", path, body={"ID": "x"}, status=400)
    recorder.case(register, "bad-address", path, body={"Name": "x", "Address": "0.0.0.0"}, status=400)
    recorder.case(register, "bad-check", path, body={"Name": "x", "Check": {"Interval": "1s"}}, status=400)
    recorder.case(register, "bad-meta", path, body={"Name": "x", "Meta": {"": "x"}}, status=400)
    recorder.case(register, "unknown-member", path, body={"Name": "x", "Nmae": "x"}, status=400)
    recorder.case(register, "not-json", path, body="{", status=400)
    recorder.case(register, "no-body", path, status=400)
    ports = {"Name": "x", "Ports": [{"Name": "http", "Port": 80, "Default": True}], "Connect": {"SidecarService": {}}}
    recorder.case(register, "ports-and-sidecar", path, body=ports, status=400)
    recorder.denials(register, path, body={"Name": "x"})
    recorder.case("agent.service.list", "one", "/v1/agent/services")
    recorder.case("agent.service.list", "filtered", "/v1/agent/services", [("filter", 'Service == "web"')])
    recorder.case("agent.service.list", "filtered-away", "/v1/agent/services", [("filter", 'Service == "db"')])
    recorder.case("agent.service.list", "bad-filter", "/v1/agent/services", [("filter", "Service ==")], status=500)
    recorder.denials("agent.service.list", "/v1/agent/services")
    get = "agent.service.get"
    found = recorder.case(get, "found", "/v1/agent/service/web-1")
    content_hash = next(value for name, value in found.headers if name.lower() == "x-consul-contenthash")
    recorder.case(get, "wait-over", "/v1/agent/service/web-1", [("hash", content_hash), ("wait", "10ms")])
    recorder.case(get, "hash-changed", "/v1/agent/service/web-1", [("hash", "0"), ("wait", "1s")])
    recorder.case(get, "bad-wait", "/v1/agent/service/web-1", [("hash", content_hash), ("wait", "soon")], status=400)
    recorder.case(get, "missing", "/v1/agent/service/nobody", status=404)
    recorder.denials(get, "/v1/agent/service/web-1")


def _checks(recorder: Recorder) -> None:
    register, path = "agent.check.register", "/v1/agent/check/register"
    recorder.case(register, "ttl", path, body={"ID": "ttl", "Name": "node alive", "TTL": "10m", "Notes": "by hand"})
    recorder.case(register, "args", path, body={"ID": "args", "Name": "true", "Args": ["/bin/true"], "Interval": "10m"})
    recorder.case(register, "of-a-service", path, body={"Name": "more", "ServiceID": "web-1", "TTL": "10m", "Status": "warning"})
    recorder.case(register, "no-name", path, body={"TTL": "10m"}, status=400)
    recorder.case(register, "bad-status", path, body={"Name": "x", "TTL": "10m", "Status": "well"}, status=400)
    recorder.case(register, "no-kind", path, body={"Name": "x"}, status=400)
    recorder.case(
        register, "unknown-service", path, body={"Name": "x", "TTL": "10m", "ServiceID": "nobody"}, status=500 if recorder.old else 404
    )
    recorder.case(register, "unknown-member", path, body={"Name": "x", "Tll": "10m"}, status=400)
    recorder.denials(register, path, body={"Name": "x", "TTL": "10m"})
    recorder.case("agent.check.list", "several", "/v1/agent/checks")
    recorder.case("agent.check.list", "filtered", "/v1/agent/checks", [("filter", 'CheckID == "ttl"')])
    recorder.case("agent.check.list", "bad-filter", "/v1/agent/checks", [("filter", "CheckID ==")], status=500)
    recorder.denials("agent.check.list", "/v1/agent/checks")
    unknown = 500 if recorder.old else 404
    for verb in ("pass", "warn", "fail"):
        operation, prefix = f"agent.check.{verb}", f"/v1/agent/check/{verb}"
        recorder.case(operation, "ttl", f"{prefix}/ttl", [("note", "by hand & more")])
        recorder.case(operation, "missing", f"{prefix}/nobody", status=unknown)
        recorder.case(operation, "not-ttl", f"{prefix}/args", status=500)
        recorder.denials(operation, f"{prefix}/ttl")
    update = "agent.check.update"
    recorder.case(update, "ttl", "/v1/agent/check/update/ttl", body={"Status": "passing", "Output": "long text"})
    recorder.case(update, "bad-status", "/v1/agent/check/update/ttl", body={"Status": "well"}, status=400)
    recorder.case(update, "not-json", "/v1/agent/check/update/ttl", body="{", status=400)
    recorder.case(update, "missing", "/v1/agent/check/update/nobody", body={"Status": "passing"}, status=unknown)
    recorder.case(update, "not-ttl", "/v1/agent/check/update/args", body={"Status": "passing"}, status=500)
    recorder.denials(update, "/v1/agent/check/update/ttl", body={"Status": "passing"})
    deregister = "agent.check.deregister"
    recorder.denials(deregister, "/v1/agent/check/deregister/args")
    recorder.case(deregister, "deregistered", "/v1/agent/check/deregister/args")
    recorder.case(deregister, "missing", "/v1/agent/check/deregister/args", status=unknown)


def _local_health(recorder: Recorder) -> None:
    by_id, by_name = "agent.service.health_by_id", "agent.service.health_by_name"
    for case, verb, status in (("passing", "pass", 200), ("warning", "warn", 429), ("critical", "fail", 503)):
        recorder.prepare("PUT", "/v1/agent/check/pass/more")
        recorder.prepare("PUT", f"/v1/agent/check/{verb}/web-ttl")
        recorder.case(by_id, case, "/v1/agent/health/service/id/web-1", status=status)
        recorder.case(by_name, case, "/v1/agent/health/service/name/web", status=status)
        recorder.case(by_id, f"{case}-text", "/v1/agent/health/service/id/web-1", [("format", "text")], status=status)
        recorder.case(by_name, f"{case}-text", "/v1/agent/health/service/name/web", [("format", "text")], status=status)
    recorder.prepare("PUT", "/v1/agent/check/pass/web-ttl")
    for case, query in (("missing", ()), ("missing-text", (("format", "text"),))):
        recorder.case(by_id, case, "/v1/agent/health/service/id/nobody", query, status=404)
        recorder.case(by_name, case, "/v1/agent/health/service/name/nobody", query, status=404)
    recorder.case(by_id, "no-id", "/v1/agent/health/service/id/", status=500)
    recorder.case(by_name, "no-name", "/v1/agent/health/service/name/", status=500)
    recorder.denials(by_id, "/v1/agent/health/service/id/web-1")
    recorder.denials(by_name, "/v1/agent/health/service/name/web")


def _maintenance(recorder: Recorder) -> None:
    unknown = 500 if recorder.old else 404
    for operation, path in (
        ("agent.maintenance", "/v1/agent/maintenance"),
        ("agent.service.maintenance", "/v1/agent/service/maintenance/web-1"),
    ):
        recorder.case(operation, "enabled", path, [("enable", "true"), ("reason", "new disk & more")])
        recorder.case(operation, "enabled-again", path, [("enable", "true")])
        recorder.case("agent.check.list", f"during-{operation}", "/v1/agent/checks", [("filter", 'CheckID matches "maintenance"')])
        recorder.case(operation, "disabled", path, [("enable", "false")])
        recorder.case(operation, "no-enable", path, status=400)
        recorder.case(operation, "bad-enable", path, [("enable", "perhaps")], status=400)
        recorder.denials(operation, path, [("enable", "true")])
    missing = "/v1/agent/service/maintenance/nobody"
    recorder.case("agent.service.maintenance", "missing", missing, [("enable", "true")], status=unknown)
    recorder.case("agent.service.maintenance", "no-id", "/v1/agent/service/maintenance/", [("enable", "true")], status=400)


def _service_is_gone(recorder: Recorder) -> None:
    deregister = "agent.service.deregister"
    recorder.denials(deregister, "/v1/agent/service/deregister/web-1")
    recorder.case(deregister, "deregistered", "/v1/agent/service/deregister/web-1")
    recorder.case(deregister, "missing", "/v1/agent/service/deregister/web-1", status=500 if recorder.old else 404)
    recorder.prepare("PUT", "/v1/agent/check/deregister/ttl")
