"""internal.*: the endpoints that Consul does not document."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.recording.recorder import Recorder

_UI = "/v1/internal/ui"
_STATE = "/v1/internal/federation-state"
_AUTHORIZE = "/v1/internal/acl/authorize"
_VIPS = "/v1/internal/service-virtual-ip"
_METRICS = f"{_UI}/metrics-proxy/api/v1/query"

_QUESTIONS = [{"Resource": "key", "Segment": "app/", "Access": "write"}, {"Resource": "operator", "Access": "read"}]

_GATEWAY = {
    "Kind": "terminating-gateway",
    "Name": "exit",
    "Services": [{"Name": "web"}],
}


def _has_ui_config(version: str) -> bool:
    return tuple(map(int, version.split("."))) >= (1, 9)


def without_ui(version: str) -> Mapping[str, object]:
    """Return the configuration of an agent without a UI."""
    return {"ui_config": {"enabled": False}} if _has_ui_config(version) else {}


def with_metrics(version: str, backend: str) -> Mapping[str, object]:
    """Return the configuration of an agent with a metrics proxy. backend: the URL of the metrics backend."""
    proxy = {"base_url": f"{backend}/prometheus", "path_allowlist": ["/prometheus/api/v1/query"]}
    return {"ui_config": {"enabled": True, "metrics_proxy": proxy}} if _has_ui_config(version) else {}


def record(recorder: Recorder) -> None:
    """Record internal.* on an agent with ACLs."""
    _authorize(recorder)
    _federation_states(recorder)
    _prepare(recorder)
    _vips(recorder)
    _ui(recorder)
    _mesh(recorder)
    recorder.case("internal.ui.metrics_proxy", "no-proxy", _METRICS, status=404)
    _clean_up(recorder)


def _authorize(recorder: Recorder) -> None:
    operation = "internal.acl_authorize"
    recorder.case(operation, "allowed", _AUTHORIZE, body=_QUESTIONS)
    recorder.case(operation, "nothing-asked", _AUTHORIZE, body=[])
    recorder.case(operation, "no-token", _AUTHORIZE, body=_QUESTIONS, token="anonymous")
    recorder.case(operation, "unknown-token", _AUTHORIZE, body=_QUESTIONS, token="unknown", status=403)
    recorder.case(operation, "bad-resource", _AUTHORIZE, body=[{"Resource": "keys", "Access": "read"}], status=400)
    recorder.case(operation, "bad-access", _AUTHORIZE, body=[{"Resource": "key", "Segment": "a", "Access": "reed"}], status=400)
    recorder.case(operation, "too-many", _AUTHORIZE, body=[_QUESTIONS[1]] * 65, status=400)
    recorder.case(operation, "not-json", _AUTHORIZE, body="{", status=400)
    recorder.case(operation, "unknown-dc", _AUTHORIZE, [("dc", "elsewhere")], _QUESTIONS, status=500)


def _federation_states(recorder: Recorder) -> None:
    group = "internal.federation_state"
    recorder.until(f"{_STATE}s", lambda answer: answer.json() != [])
    recorder.case(f"{group}.list", "one", f"{_STATE}s")
    recorder.denials(f"{group}.list", f"{_STATE}s")
    recorder.case(f"{group}.mesh_gateways", "none", f"{_STATE}s/mesh-gateways")
    recorder.denials(f"{group}.mesh_gateways", f"{_STATE}s/mesh-gateways")
    recorder.case(f"{group}.get", "found", f"{_STATE}/dc1")
    recorder.case(f"{group}.get", "unknown", f"{_STATE}/elsewhere", status=404)
    recorder.case(f"{group}.get", "no-name", f"{_STATE}/", status=400)
    recorder.denials(f"{group}.get", f"{_STATE}/dc1")


def _prepare(recorder: Recorder) -> None:
    """Register a service with a proxy upstream of another, a gateway, and an intention."""
    recorder.prepare("PUT", "/v1/config", _GATEWAY)
    recorder.prepare("PUT", "/v1/connect/intentions/exact", {"Action": "allow"}, [("source", "api"), ("destination", "web")]) if (
        recorder.has("connect.intentions.upsert")
    ) else None
    web = {"Name": "web", "ID": "web-ui", "Port": 80, "Tags": ["v1"], "Connect": {"SidecarService": {}}}
    upstream = {"Proxy": {"Upstreams": [{"DestinationName": "web", "LocalBindPort": 9191}]}}
    api = {"Name": "api", "ID": "api-ui", "Port": 81, "Connect": {"SidecarService": upstream}}
    for service in (web, api, {"Kind": "terminating-gateway", "Name": "exit", "ID": "exit-ui", "Port": 8443}):
        recorder.prepare("PUT", "/v1/agent/service/register", service)
    recorder.until("/v1/catalog/service/exit", lambda answer: answer.json() != [])


def _vips(recorder: Recorder) -> None:
    operation = "internal.service_virtual_ip"
    recorder.case(operation, "assigned", _VIPS, body={"Service": "web", "ManualVIPs": ["240.0.0.9"]})
    recorder.case(operation, "taken", _VIPS, body={"Service": "api", "ManualVIPs": ["240.0.0.9"]})
    recorder.case(operation, "removed", _VIPS, body={"Service": "api", "ManualVIPs": []})
    recorder.case(operation, "unknown-service", _VIPS, body={"Service": "nobody", "ManualVIPs": ["240.0.0.10"]})
    recorder.case(operation, "bad-address", _VIPS, body={"Service": "web", "ManualVIPs": ["x"]}, status=500)
    recorder.case(operation, "not-json", _VIPS, body="{", status=400)
    recorder.denials(operation, _VIPS, body={"Service": "web", "ManualVIPs": ["240.0.0.9"]})


def _ui(recorder: Recorder) -> None:
    recorder.case("internal.ui.nodes", "several", f"{_UI}/nodes")
    recorder.case("internal.ui.nodes", "filtered-away", f"{_UI}/nodes", [("filter", 'Node == "nobody"')])
    recorder.denials("internal.ui.nodes", f"{_UI}/nodes")
    recorder.case("internal.ui.node", "found", f"{_UI}/node/test-node")
    recorder.case("internal.ui.node", "unknown", f"{_UI}/node/nobody", status=404)
    recorder.case("internal.ui.node", "no-name", f"{_UI}/node/", status=400)
    recorder.denials("internal.ui.node", f"{_UI}/node/test-node")
    recorder.case("internal.ui.services", "several", f"{_UI}/services")
    recorder.case("internal.ui.services", "filtered-away", f"{_UI}/services", [("filter", 'Service.Service == "nobody"')])
    recorder.denials("internal.ui.services", f"{_UI}/services")
    recorder.case("internal.ui.exported_services", "no-peer", f"{_UI}/exported-services", status=500)
    recorder.denials("internal.ui.exported_services", f"{_UI}/exported-services", [("peer", "two")])
    recorder.case("internal.ui.catalog_overview", "one", f"{_UI}/catalog-overview")
    recorder.denials("internal.ui.catalog_overview", f"{_UI}/catalog-overview")


def _mesh(recorder: Recorder) -> None:
    for name in ("gateway-services-nodes", "gateway-intentions"):
        operation, path = f"internal.ui.{name.replace('-', '_')}", f"{_UI}/{name}"
        recorder.case(operation, "found", f"{path}/exit")
        recorder.case(operation, "unknown", f"{path}/nobody")
        recorder.case(operation, "no-name", f"{path}/", status=400)
        recorder.denials(operation, f"{path}/exit")
    operation, path = "internal.ui.service_topology", f"{_UI}/service-topology"
    recorder.case(operation, "found", f"{path}/web", [("kind", "")])
    recorder.case(operation, "upstream", f"{path}/api", [("kind", "")])
    recorder.case(operation, "unknown", f"{path}/nobody", [("kind", "")])
    recorder.case(operation, "no-name", f"{path}/", [("kind", "")], status=400)
    recorder.case(operation, "no-kind", f"{path}/web", status=400)
    recorder.case(operation, "bad-kind", f"{path}/web", [("kind", "x")], status=400)
    recorder.denials(operation, f"{path}/web", [("kind", "")])


def _clean_up(recorder: Recorder) -> None:
    for service in ("web-ui-sidecar-proxy", "api-ui-sidecar-proxy", "web-ui", "api-ui", "exit-ui"):
        recorder.prepare("PUT", f"/v1/agent/service/deregister/{service}")
    recorder.prepare("DELETE", "/v1/config/terminating-gateway/exit")


def record_metrics(recorder: Recorder) -> None:
    """Record the metrics proxy of an agent that has one."""
    recorder.case("internal.ui.metrics_proxy", "answered", _METRICS, [("query", "up")])
    recorder.case("internal.ui.metrics_proxy", "not-allowed", f"{_UI}/metrics-proxy/api/v1/labels", status=403)
    recorder.denials("internal.ui.metrics_proxy", _METRICS)


def record_without_ui(recorder: Recorder) -> None:
    """Record an agent whose UI, and whose ACLs, are off."""
    recorder.case("internal.ui.metrics_proxy", "no-ui", _METRICS, status=404)
    recorder.case("internal.acl_authorize", "acls-off", _AUTHORIZE, body=_QUESTIONS, status=401)
