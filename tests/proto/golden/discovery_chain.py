"""Golden rows of `discovery_chain`: what each call sends, and what it makes of recorded answers."""

from __future__ import annotations

from datetime import timedelta

from tests.proto.golden.row import AnswerRow, RequestRow

_ANSWER = b'{"Chain": {"ServiceName": "nothing", "Namespace": "default", "Partition": "default", "Datacenter": "dc1", "Default": true, "Protocol": "tcp", "StartNode": "resolver:nothing.default.default.dc1", "Nodes": {"resolver:nothing.default.default.dc1": {"Type": "resolver", "Name": "nothing.default.default.dc1", "Resolver": {"ConnectTimeout": "5s", "Default": true, "Target": "nothing.default.default.dc1"}}}, "Targets": {"nothing.default.default.dc1": {"ConnectTimeout": "5s", "ID": "nothing.default.default.dc1", "Service": "nothing", "Namespace": "default", "Partition": "default", "Datacenter": "dc1", "MeshGateway": {}, "Subset": {}, "TransparentProxy": {}}}, "AutoVirtualIPs": null, "ManualVirtualIPs": null}}'

_CHAIN = {
    "ServiceName": "nothing",
    "Namespace": "default",
    "Partition": "default",
    "Datacenter": "dc1",
    "Default": True,
    "Protocol": "tcp",
    "StartNode": "resolver:nothing.default.default.dc1",
    "Nodes": {
        "resolver:nothing.default.default.dc1": {
            "Type": "resolver",
            "Name": "nothing.default.default.dc1",
            "Resolver": {"ConnectTimeout": "5s", "Default": True, "Target": "nothing.default.default.dc1"},
        }
    },
    "Targets": {
        "nothing.default.default.dc1": {
            "ConnectTimeout": "5s",
            "ID": "nothing.default.default.dc1",
            "Service": "nothing",
            "Namespace": "default",
            "Partition": "default",
            "Datacenter": "dc1",
            "MeshGateway": {},
            "Subset": {},
            "TransparentProxy": {},
        }
    },
    "AutoVirtualIPs": None,
    "ManualVirtualIPs": None,
}

REQUESTS = [
    RequestRow("discovery_chain.read", lambda api: api.discovery_chain.read("web/a"), "GET", "/v1/discovery-chain/web%2Fa", None),
    RequestRow(
        "discovery_chain.read",
        lambda api: api.discovery_chain.read(
            "web", compile_dc="dc3", datacenter="dc2", namespace="team", partition="p", cached=True, max_age=30, stale_if_error=60
        ),
        "GET",
        "/v1/discovery-chain/web?compile-dc=dc3&dc=dc2&ns=team&partition=p&cached",
        None,
        {"cache-control": "max-age=30, stale-if-error=60"},
    ),
    RequestRow(
        "discovery_chain.read",
        lambda api: api.discovery_chain.read("web", index=7, wait="10s", consistency="consistent", max_stale=5),
        "GET",
        "/v1/discovery-chain/web?index=7&wait=10s&consistent&max_stale=5s",
        None,
        wait=10.625,
    ),
    RequestRow(
        "discovery_chain.read_with_overrides",
        lambda api: api.discovery_chain.read_with_overrides("web"),
        "POST",
        "/v1/discovery-chain/web",
        b"{}",
    ),
    RequestRow(
        "discovery_chain.read_with_overrides",
        lambda api: api.discovery_chain.read_with_overrides(
            "web",
            override_connect_timeout=timedelta(seconds=33),
            override_protocol="http",
            override_mesh_gateway={"Mode": "local"},
            compile_dc="dc3",
            datacenter="dc2",
            namespace="team",
            partition="p",
            consistency="stale",
            max_stale=5,
            index=7,
            wait="10s",
            cached=True,
            max_age=30,
            stale_if_error=60,
        ),
        "POST",
        "/v1/discovery-chain/web?compile-dc=dc3&dc=dc2&ns=team&partition=p&stale&max_stale=5s&index=7&wait=10s&cached",
        b'{"OverrideConnectTimeout": "33s", "OverrideProtocol": "http", "OverrideMeshGateway": {"Mode": "local"}}',
        {"cache-control": "max-age=30, stale-if-error=60"},
        wait=10.625,
    ),
]

ANSWERS = [
    AnswerRow("discovery_chain.read", lambda api: api.discovery_chain.read("nothing"), 200, _ANSWER, {"Chain": _CHAIN}),
    AnswerRow(
        "discovery_chain.read_with_overrides",
        lambda api: api.discovery_chain.read_with_overrides("nothing"),
        200,
        _ANSWER,
        {"Chain": _CHAIN},
    ),
]
