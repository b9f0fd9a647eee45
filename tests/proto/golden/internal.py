"""Golden rows of `internal`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

import json
from typing import Any

from tests.proto.golden.row import AnswerRow, RequestRow


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


_QUESTION = {"Resource": "key", "Segment": "app/", "Access": "write"}

_STATE = {"Datacenter": "dc1", "UpdatedAt": "2026-11-28T08:47:54.0Z", "PrimaryModifyIndex": 21, "CreateIndex": 21, "ModifyIndex": 21}

_STATE_ANSWER: dict[str, Any] = {
    "State": _STATE,
    "Index": 21,
    "LastContact": 0,
    "KnownLeader": True,
    "ConsistencyLevel": "",
    "NotModified": False,
    "Backend": 0,
    "ResultsFilteredByACLs": False,
}

_GATEWAYS: dict[str, Any] = {"dc1": [{"Node": {"Node": "n1"}, "Service": {"ID": "gateway"}, "Checks": []}]}

_VIPS = {"Found": True, "UnassignedFrom": [{"ServiceName": {"Name": "web"}, "Peer": ""}]}


def _node(tags: list[str] | None) -> dict[str, Any]:
    service = {
        "ID": "api-ui",
        "Service": "api",
        "Tags": tags,
        "Address": "",
        "Meta": None,
        "Port": 81,
        "Weights": {"Passing": 1, "Warning": 1},
        "EnableTagOverride": False,
        "Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}},
        "Connect": {},
        "PeerName": "",
        "CreateIndex": 34,
        "ModifyIndex": 34,
    }
    return {
        "ID": "304a68c7-0c73-49bd-8f3e-9e0b072ff9c4",
        "Node": "test-node",
        "Address": "127.0.0.1",
        "TaggedAddresses": {"lan": "127.0.0.1", "wan": "127.0.0.1"},
        "Meta": {"consul-network-segment": "", "consul-version": "1.22.5"},
        "Services": [service],
        "Checks": [],
    }


_SERVICE: dict[str, Any] = {
    "Name": "web",
    "Datacenter": "dc1",
    "Tags": ["v1"],
    "Nodes": ["test-node"],
    "ExternalSources": None,
    "InstanceCount": 1,
    "ChecksPassing": 2,
    "ChecksWarning": 0,
    "ChecksCritical": 1,
    "GatewayConfig": {},
    "TransparentProxy": False,
    "ConnectNative": False,
}

_IN_MESH = {**_SERVICE, "ConnectedWithProxy": True, "ConnectedWithGateway": True}

_COUNTED = {"Total": 1, "Passing": 1, "Warning": 0, "Critical": 0}

_OVERVIEW: dict[str, Any] = {
    "Nodes": [_COUNTED],
    "Services": [{"Name": "consul", **_COUNTED}],
    "Checks": [{"Name": "Serf Health Status", **_COUNTED}],
}

_INTENTION: dict[str, Any] = {
    "SourceNS": "default",
    "SourceName": "api",
    "DestinationNS": "default",
    "DestinationName": "web",
    "SourceType": "consul",
    "Action": "allow",
    "Precedence": 9,
    "CreateIndex": 28,
    "ModifyIndex": 28,
}

_DECISION = {"Allowed": True, "HasPermissions": False, "ExternalSource": "", "HasExact": True, "DefaultAllow": False}

_TOPOLOGY: dict[str, Any] = {
    "Protocol": "tcp",
    "TransparentProxy": False,
    "Upstreams": [{**_SERVICE, "Source": "proxy-registration", "Intention": _DECISION}],
    "Downstreams": [],
    "FilteredByACLs": False,
}

_METRICS = b'{"status":"success","data":{"resultType":"vector","result":[]}}'

#: The options of most reads, and their query.
_READ: dict[str, Any] = {"datacenter": "dc2", "consistency": "stale", "index": 7, "wait": "10s"}
_READ_QUERY = "dc=dc2&stale&index=7&wait=10s"
_SCOPE: dict[str, Any] = {"namespace": "n", "partition": "p"}
_SCOPE_QUERY = "ns=n&partition=p"

_UI = "/v1/internal/ui"

REQUESTS = [
    RequestRow(
        "internal.acl_authorize",
        lambda api: api.internal.acl_authorize([{"Resource": "key", "Segment": "app/", "Access": "write"}], datacenter="dc2"),
        "POST",
        "/v1/internal/acl/authorize?dc=dc2",
        _body([_QUESTION]),
    ),
    RequestRow(
        "internal.service_virtual_ip",
        lambda api: api.internal.service_virtual_ip("web", ["240.0.0.9"], namespace="n", partition="p"),
        "PUT",
        "/v1/internal/service-virtual-ip?ns=n&partition=p",
        b'{"Service": "web", "ManualVIPs": ["240.0.0.9"]}',
    ),
    RequestRow(
        "internal.service_virtual_ip",
        lambda api: api.internal.service_virtual_ip("web", []),
        "PUT",
        "/v1/internal/service-virtual-ip",
        b'{"Service": "web", "ManualVIPs": []}',
    ),
    RequestRow(
        "internal.federation_state.list",
        lambda api: api.internal.federation_state.list(**_READ),
        "GET",
        f"/v1/internal/federation-states?{_READ_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.federation_state.mesh_gateways",
        lambda api: api.internal.federation_state.mesh_gateways(**_READ),
        "GET",
        f"/v1/internal/federation-states/mesh-gateways?{_READ_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.federation_state.get",
        lambda api: api.internal.federation_state.get("dc3", **_READ),
        "GET",
        f"/v1/internal/federation-state/dc3?{_READ_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.nodes",
        lambda api: api.internal.ui.nodes(**_READ, **_SCOPE, filter='Node == "n"'),
        "GET",
        f"{_UI}/nodes?{_READ_QUERY}&{_SCOPE_QUERY}&filter=Node%20%3D%3D%20%22n%22",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.node",
        lambda api: api.internal.ui.node("n1", **_READ, **_SCOPE, peer="two"),
        "GET",
        f"{_UI}/node/n1?{_READ_QUERY}&{_SCOPE_QUERY}&peer=two",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.services",
        lambda api: api.internal.ui.services(**_READ, **_SCOPE, peer="two", filter="Kind is empty"),
        "GET",
        f"{_UI}/services?{_READ_QUERY}&{_SCOPE_QUERY}&peer=two&filter=Kind%20is%20empty",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.exported_services",
        lambda api: api.internal.ui.exported_services("two", **_READ, **_SCOPE),
        "GET",
        f"{_UI}/exported-services?peer=two&{_READ_QUERY}&{_SCOPE_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.catalog_overview",
        lambda api: api.internal.ui.catalog_overview(datacenter="dc2", consistency="consistent"),
        "GET",
        f"{_UI}/catalog-overview?dc=dc2&consistent",
        None,
    ),
    RequestRow(
        "internal.ui.gateway_services_nodes",
        lambda api: api.internal.ui.gateway_services_nodes("exit", **_READ, **_SCOPE),
        "GET",
        f"{_UI}/gateway-services-nodes/exit?{_READ_QUERY}&{_SCOPE_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.gateway_intentions",
        lambda api: api.internal.ui.gateway_intentions("exit", **_READ, **_SCOPE),
        "GET",
        f"{_UI}/gateway-intentions/exit?{_READ_QUERY}&{_SCOPE_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.service_topology",
        lambda api: api.internal.ui.service_topology("web", **_READ, **_SCOPE),
        "GET",
        f"{_UI}/service-topology/web?kind=&{_READ_QUERY}&{_SCOPE_QUERY}",
        None,
        wait=10.625,
    ),
    RequestRow(
        "internal.ui.service_topology",
        lambda api: api.internal.ui.service_topology("entry", kind="ingress-gateway"),
        "GET",
        f"{_UI}/service-topology/entry?kind=ingress-gateway",
        None,
    ),
    RequestRow(
        "internal.ui.metrics_proxy",
        lambda api: api.internal.ui.metrics_proxy("api/v1/a b"),
        "GET",
        f"{_UI}/metrics-proxy/api/v1/a%20b",
        None,
    ),
]

ANSWERS = [
    AnswerRow(
        "internal.acl_authorize",
        lambda api: api.internal.acl_authorize([]),
        200,
        _body([{**_QUESTION, "Allow": True}]),
        [{**_QUESTION, "Allow": True}],
    ),
    AnswerRow("internal.service_virtual_ip", lambda api: api.internal.service_virtual_ip("api", ["240.0.0.9"]), 200, _body(_VIPS), _VIPS),
    AnswerRow("internal.federation_state.list", lambda api: api.internal.federation_state.list(), 200, _body([_STATE]), [_STATE]),
    AnswerRow(
        "internal.federation_state.mesh_gateways",
        lambda api: api.internal.federation_state.mesh_gateways(),
        200,
        _body({**_GATEWAYS, "dc2": None}),
        {**_GATEWAYS, "dc2": []},
    ),
    AnswerRow(
        "internal.federation_state.get", lambda api: api.internal.federation_state.get("dc1"), 200, _body(_STATE_ANSWER), _STATE_ANSWER
    ),
    AnswerRow("internal.ui.nodes", lambda api: api.internal.ui.nodes(), 200, _body([_node(None)]), [_node([])]),
    AnswerRow("internal.ui.node", lambda api: api.internal.ui.node("test-node"), 200, _body(_node(["v1"])), _node(["v1"])),
    AnswerRow("internal.ui.services", lambda api: api.internal.ui.services(), 200, _body([_IN_MESH]), [_IN_MESH]),
    AnswerRow("internal.ui.exported_services", lambda api: api.internal.ui.exported_services("two"), 200, _body([_IN_MESH]), [_IN_MESH]),
    AnswerRow("internal.ui.catalog_overview", lambda api: api.internal.ui.catalog_overview(), 200, _body(_OVERVIEW), _OVERVIEW),
    AnswerRow(
        "internal.ui.gateway_services_nodes",
        lambda api: api.internal.ui.gateway_services_nodes("exit"),
        200,
        _body([_SERVICE]),
        [_SERVICE],
    ),
    AnswerRow(
        "internal.ui.gateway_intentions", lambda api: api.internal.ui.gateway_intentions("exit"), 200, _body([_INTENTION]), [_INTENTION]
    ),
    AnswerRow("internal.ui.service_topology", lambda api: api.internal.ui.service_topology("api"), 200, _body(_TOPOLOGY), _TOPOLOGY),
    AnswerRow("internal.ui.metrics_proxy", lambda api: api.internal.ui.metrics_proxy("api/v1/query"), 200, _METRICS, _METRICS),
]
