"""The agent as a process: its machine, version, log, metrics and tokens."""

from __future__ import annotations

from scripts.recording.recorder import Recorder

_TOKEN = "/v1/agent/token/"


def record(recorder: Recorder) -> None:
    """Record agent.host to agent.token.update. What describes the machine is left out, and what does not end."""
    recorder.denials("agent.host", "/v1/agent/host")
    recorder.case("agent.version", "version", "/v1/agent/version", status=404 if recorder.old else 200)
    recorder.case("agent.metrics", "prometheus", "/v1/agent/metrics", [("format", "prometheus")], status=415 if recorder.old else 200)
    recorder.denials("agent.metrics", "/v1/agent/metrics")
    recorder.denials("agent.metrics_stream", "/v1/agent/metrics/stream")
    recorder.case("agent.monitor", "unknown-level", "/v1/agent/monitor", [("loglevel", "loud")], status=400)
    recorder.denials("agent.monitor", "/v1/agent/monitor", [("loglevel", "loud")])
    recorder.case("agent.reload", "reloaded", "/v1/agent/reload")
    recorder.denials("agent.reload", "/v1/agent/reload")
    recorder.denials("agent.leave", "/v1/agent/leave")
    update, path = "agent.token.update", f"{_TOKEN}replication"
    recorder.case(update, "replication", path, body={"Token": ""})
    recorder.case(update, "recovery", f"{_TOKEN}agent_recovery", body={"Token": ""}, status=404 if recorder.old else 200)
    recorder.case(update, "unknown-type", f"{_TOKEN}nothing", body={"Token": ""}, status=404)
    recorder.case(update, "no-body", path, status=400)
    recorder.denials(update, path, body={"Token": ""})


def record_without_acls(recorder: Recorder) -> None:
    """Record what an agent without ACLs says."""
    recorder.case("agent.token.update", "acls-off", f"{_TOKEN}replication", body={"Token": ""}, status=401)
