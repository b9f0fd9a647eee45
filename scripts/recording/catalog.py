"""The catalog and health."""

from __future__ import annotations

from scripts.recording.recorder import POWERLESS, Query, Recorder

_DB = {
    "Node": "db-node",
    "Address": "192.0.2.10",
    "TaggedAddresses": {"lan": "192.0.2.10", "wan": "198.51.100.10"},
    "NodeMeta": {"rack": "a1"},
    "Service": {"ID": "db-1", "Service": "db", "Tags": ["primary"], "Address": "", "Port": 5432, "Meta": {"engine": "postgres"}},
    "Check": {"Node": "db-node", "CheckID": "service:db-1", "Name": "db alive", "Status": "passing", "ServiceID": "db-1", "Output": "fine"},
}

_PROXY = {"Kind": "connect-proxy", "Name": "db-proxy", "Port": 20000, "Proxy": {"DestinationServiceName": "db"}}
_INGRESS = {
    "Kind": "ingress-gateway",
    "Name": "ingress",
    "Listeners": [{"Port": 8443, "Protocol": "tcp", "Services": [{"Name": "db"}]}],
}


def record(recorder: Recorder) -> None:
    """Record catalog.* and health.*."""
    _registrations(recorder)
    _mesh(recorder)
    _reads(recorder)
    _health(recorder)
    _deregistrations(recorder)


def _registrations(recorder: Recorder) -> None:
    register, path = "catalog.register", "/v1/catalog/register"
    recorder.case(register, "registered", path, body=_DB)
    recorder.case(register, "node-alone", path, body={"Node": "bare-node", "Address": "192.0.2.11"})
    recorder.case(register, "no-node", path, body={"Address": "192.0.2.12"}, status=500)
    recorder.case(register, "no-address", path, body={"Node": "x"}, status=500)
    recorder.case(register, "unknown-datacenter", path, body={"Node": "x", "Address": "192.0.2.12", "Datacenter": "elsewhere"}, status=500)
    recorder.case(register, "unknown-member", path, body={"Nmae": "x"}, status=400)
    recorder.case(register, "no-body", path, status=400)
    recorder.denials(register, path, body=_DB)


def _mesh(recorder: Recorder) -> None:
    recorder.prepare("PUT", "/v1/config", {"Kind": "service-defaults", "Name": "db", "Protocol": "tcp"})
    recorder.prepare("PUT", "/v1/config", _INGRESS)
    recorder.prepare("PUT", "/v1/agent/service/register", _PROXY)
    recorder.prepare("PUT", "/v1/agent/service/register", {"Kind": "ingress-gateway", "Name": "ingress", "Port": 8443})
    for path in ("/v1/health/connect/db", "/v1/health/ingress/db", "/v1/catalog/gateway-services/ingress"):
        recorder.until(path, lambda answer: answer.json() != [])


def _both(recorder: Recorder, operation: str, found: str, missing: str, empty: str, *, bad_filter: bool = True) -> None:
    """Record a read of something that exists, of something that does not, and without a name."""
    answer = recorder.case(operation, "found", found)
    recorder.case(operation, "unknown", missing)
    recorder.case(operation, "no-name", empty, status=400)
    recorder.case(operation, "wait-over", found, [("index", answer.index()), ("wait", "10ms")])
    if bad_filter:
        recorder.case(operation, "bad-filter", found, [("filter", "Node ==")], status=500)
    recorder.denials(operation, found)


def _reads(recorder: Recorder) -> None:
    recorder.case("catalog.datacenters", "one", "/v1/catalog/datacenters")
    for operation, path, refused in (
        ("catalog.nodes", "/v1/catalog/nodes", 500),
        ("catalog.services", "/v1/catalog/services", 200 if recorder.old else 500),
    ):
        queries: dict[str, Query] = {
            "all": (),
            "stale": [("stale", None)],
            "consistent": [("consistent", None)],
            "node-meta": [("node-meta", "rack:a1")],
            "none": [("node-meta", "rack:nowhere")],
        }
        for case, query in queries.items():
            recorder.case(operation, case, path, query)
        recorder.case(operation, "stale-and-consistent", path, [("stale", None), ("consistent", None)], status=400)
        recorder.case(operation, "bad-filter", path, [("filter", "Node ==")], status=refused)
        recorder.case(operation, "powerless-token", path, token=POWERLESS)
        recorder.denials(operation, path)
    recorder.case("catalog.nodes", "filtered", "/v1/catalog/nodes", [("filter", 'Meta.rack == "a1"')])
    recorder.case("catalog.nodes", "near", "/v1/catalog/nodes", [("near", "_agent")])
    recorder.case("catalog.services", "cached", "/v1/catalog/services", [("cached", None)])
    _both(recorder, "catalog.service", "/v1/catalog/service/db", "/v1/catalog/service/nobody", "/v1/catalog/service/")
    recorder.case("catalog.service", "tagged", "/v1/catalog/service/db", [("tag", "primary")])
    recorder.case("catalog.service", "tagged-away", "/v1/catalog/service/db", [("tag", "primary"), ("tag", "v9")])
    recorder.case("catalog.service", "powerless-token", "/v1/catalog/service/db", token=POWERLESS)
    _both(recorder, "catalog.connect", "/v1/catalog/connect/db", "/v1/catalog/connect/nobody", "/v1/catalog/connect/")
    _both(recorder, "catalog.node", "/v1/catalog/node/db-node", "/v1/catalog/node/nobody", "/v1/catalog/node/")
    recorder.case("catalog.node", "no-services", "/v1/catalog/node/bare-node")
    _both(
        recorder,
        "catalog.node_services",
        "/v1/catalog/node-services/db-node",
        "/v1/catalog/node-services/nobody",
        "/v1/catalog/node-services/",
    )
    gateway = "/v1/catalog/gateway-services"
    _both(recorder, "catalog.gateway_services", f"{gateway}/ingress", f"{gateway}/nobody", f"{gateway}/", bad_filter=False)


def _health(recorder: Recorder) -> None:
    for operation, path in (
        ("health.node", "/v1/health/node/db-node"),
        ("health.checks", "/v1/health/checks/db"),
        ("health.service", "/v1/health/service/db"),
        ("health.connect", "/v1/health/connect/db"),
        ("health.ingress", "/v1/health/ingress/db"),
    ):
        prefix = path.rpartition("/")[0]
        _both(recorder, operation, path, f"{prefix}/nobody", f"{prefix}/")
        if operation in ("health.service", "health.connect", "health.ingress"):
            recorder.case(operation, "passing", path, [("passing", None)])
            recorder.case(operation, "bad-passing", path, [("passing", "perhaps")], status=400)
            both = [("peer", "a"), ("sg", "b")]
            recorder.case(operation, "peer-and-sameness-group", path, both, status=200 if recorder.old else 400)
    recorder.case("health.service", "cached", "/v1/health/service/db", [("cached", None)])
    recorder.case("health.service", "cached-and-consistent", "/v1/health/service/db", [("cached", None), ("consistent", None)], status=400)
    recorder.case("health.service", "filtered-away", "/v1/health/service/db", [("filter", "Service.Port == 1")])
    recorder.case("health.service", "powerless-token", "/v1/health/service/db", token=POWERLESS)
    for state in ("any", "passing", "warning", "critical", "unheard-of"):
        recorder.case("health.state", state, f"/v1/health/state/{state}")
    recorder.case("health.state", "no-state", "/v1/health/state/", status=400)
    recorder.case("health.state", "bad-filter", "/v1/health/state/any", [("filter", "Node ==")], status=500)
    recorder.denials("health.state", "/v1/health/state/any")


def _deregistrations(recorder: Recorder) -> None:
    deregister, path = "catalog.deregister", "/v1/catalog/deregister"
    recorder.denials(deregister, path, body={"Node": "db-node", "ServiceID": "db-1"})
    recorder.case(deregister, "check", path, body={"Node": "db-node", "CheckID": "service:db-1"})
    recorder.case(deregister, "service", path, body={"Node": "db-node", "ServiceID": "db-1"})
    recorder.case(deregister, "node", path, body={"Node": "db-node"})
    recorder.case(deregister, "unknown-node", path, body={"Node": "db-node"})
    recorder.case(deregister, "no-node", path, body={}, status=500)
    recorder.case(deregister, "not-json", path, body="{", status=400)
    recorder.prepare("PUT", path, {"Node": "bare-node"})
    recorder.prepare("PUT", "/v1/agent/service/deregister/ingress")
    recorder.prepare("PUT", "/v1/agent/service/deregister/db-proxy")
