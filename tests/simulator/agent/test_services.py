"""The agent's services: registration, maintenance, and how they reach the catalog.

https://developer.hashicorp.com/consul/api-docs/agent/service
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_9, V1_X
from tests.simulator.agent.calls import DEREGISTER_WEB, NO_RIGHTS, NO_TOKEN, OWN_CHECK, OWN_READS, REGISTER_WEB, WRITES_ALL, WRITES_WEB
from tests.simulator.differential.calls import (
    DEREGISTER,
    LOST,
    NOBODY,
    ONE,
    OTHER,
    REGISTER_CHECK,
    REGISTER_SERVICE,
    TWO_TOKENS,
    Call,
    by,
    each_case,
    get,
    put,
    with_rules,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, nodes

_HTTP: dict[str, Any] = {"Name": "http", "Port": 80, "Default": True}


#: A service with tags and metadata, and one without.
_SERVICES: tuple[dict[str, Any], ...] = ({}, {"Tags": [], "Meta": {}})

#: Some of them have members that Consul does not know.
_PROXIES: tuple[dict[str, Any], ...] = (
    *({"MeshGateway": {"Mode": "local"}}, {"MeshGateway": {"Mode": ""}}, {"MeshGateway": {"X": 1}}, {"mesh_gateway": {"Mode": "local"}}),
    *({"Expose": {"Checks": True}}, {"Expose": {"Checks": False}}, {"Expose": {"X": 1}}, {"Expose": {"Paths": []}}),
    {"Expose": {"Paths": [{"Path": "/a", "ListenerPort": 1, "LocalPathPort": 2, "Protocol": "http"}]}},
    *({"Expose": {"Paths": [{"path": "/a", "listener_port": 1, "local_path_port": 2}]}}, {"Expose": {"Paths": [{"X": 1}]}}),
    *({"TransparentProxy": {"OutboundListenerPort": 1}}, {"TransparentProxy": {"X": 1}}, {"TransparentProxy": {"dialed_directly": True}}),
    *({"AccessLogs": {"Enabled": True}}, {"AccessLogs": {"X": 1}}, {"EnvoyExtensions": [{"X": 1}]}, {"MutualTLSMode": "strict"}),
    *({"Upstreams": [{"DestinationName": "db", "LocalBindPort": 3, **more}]} for more in ({"MeshGateway": {"X": 1}}, {"X": 1}, {})),
    {"Upstreams": [{"destination_name": "db", "local_bind_port": 3, "mesh_gateway": {"Mode": "local"}}]},
)


def _registrations(services: Iterable[dict[str, Any]]) -> list[Call]:
    """Return calls that register each of some forms of a service, and look at it. What reached the catalog is compared anyway."""
    reads = (get("/v1/agent/services"), get("/v1/agent/checks"))
    return [
        call
        for service in services
        for call in (put(REGISTER_SERVICE, {"Name": "web", **service}), *reads, put("/v1/agent/service/deregister/web"))
    ]


def _sidecar(**more: Any) -> dict[str, Any]:
    return {"Connect": {"SidecarService": {"Check": {"TTL": "1h"}, **more}}}


CASES = {
    "rules of Ports": _registrations(
        [
            *(
                {"Ports": [{**_HTTP, **member}]}
                for member in ({}, {"Default": False}, {"Name": ""}, {"Port": 0}, {"Port": -1}, {"Port": 65536})
            ),
            *({"Ports": [_HTTP, other]} for other in ({"Name": "b", "Port": 81}, {**_HTTP, "Name": "b"}, _HTTP, {"Name": "b", "Port": 80})),
            *({"Ports": [_HTTP, other]} for other in ({"Name": "http"}, {"Name": "http", "Port": 80, "Default": True}, {"Port": 0}, {})),
            *({"Ports": [{**_HTTP, "Name": name}] * 2} for name in (" ", 'a"b', "a\nb")),
            *({"Ports": [{}]}, {"Ports": [{"Name": "a", "Port": 1}, {"Name": "b", "Port": 2}]}),
            *({"Ports": [_HTTP], **more} for more in ({"Port": 80}, {"Port": 0}, {"Address": "10.0.0.1"}, {"Connect": {"Native": True}})),
            {"Ports": [_HTTP], "Connect": {"SidecarService": {}}},
            *({"Ports": [_HTTP], "Kind": "connect-proxy", "Proxy": {"DestinationServiceName": "x"}, **more} for more in ({}, {"Port": 1})),
        ]
    ),
    "named ports in the catalog": [
        call
        for ports in ([_HTTP, {"Name": "b", "Port": 81}], [])
        for call in (
            put(REGISTER_SERVICE, {"Name": "web", "Ports": ports}),
            *(get(f"/v1/{path}") for path in ("catalog/service/web", "health/service/web", "catalog/node-services/test-node")),
        )
    ],
    "members and names that Consul does not know are refused": _registrations(
        [
            *(
                {"Check": {"TTL": "1h", **unknown}}
                for unknown in ({"X": 1}, {"output_max_size": 5}, {"check_id": "c"}, {"alias_node": "n"})
            ),
            *(
                {"Check": {"TTL": "1h", **known}}
                for known in ({"tls_skip_verify": True}, {"grpc_use_tls": True}, {"disable_redirects": True})
            ),
            *({"Kind": "connect-proxy", "Port": 1, "Proxy": {"DestinationServiceName": "x", **proxy}} for proxy in _PROXIES),
            *({"Connect": {"SidecarService": {"Check": {"TTL": "1h"}, "Proxy": proxy}}} for proxy in _PROXIES),
            *({"X": 1}, {"socket_path": "/s"}, {"Weights": {"X": 1}}, {"Connect": {"X": 1}}, {"Namespace": "x"}),
        ]
    ),
    "an address with a zone is a name, and an IPv4 address in IPv6 is IPv4": _registrations(
        {"Address": address, "Port": 80}
        for address in ("fe80::1%eth0", "::%eth0", "::ffff:1.2.3.4", "FE80::1", "[fe80::1]", "127.0.0.01", "010.0.0.1", "1.2.3", "١.2.3.4")
    ),
    "a sidecar has its own tags, metadata and the rest of a service": _registrations(
        {"Port": 80, "Tags": ["t"], "Meta": {"m": "v"}, "EnableTagOverride": True, "Connect": {"SidecarService": sidecar}, **more}
        for more in _SERVICES
        for sidecar in (
            *({"Tags": tags, "Meta": meta} for tags, meta in ((["s"], {"m": "s"}), ([], {}), (None, None), (["a", "b"], {"x": "y"}))),
            *({"EnableTagOverride": True}, {"Weights": {"Passing": 3, "Warning": 1}}, {"Name": "other", "Port": 7777}, {"Port": -1}),
            *({"Address": "10.0.0.3"}, {"TaggedAddresses": {"lan": {"Address": "10.1.1.1", "Port": 5}}}, {"Check": {"TTL": "1h"}}),
            *({"Proxy": proxy} for proxy in ({"DestinationServiceName": "x"}, {"LocalServicePort": 99}, {"Config": {"a": 1}})),
        )
    ),
    "a sidecar takes over the address of its service": _registrations(
        # With a check of its own, since a sidecar's usual check runs at a time of the agent's choosing.
        {"Port": 80, "Connect": {"SidecarService": {"Check": {"TTL": "1h"}}}, **service}
        for service in (
            {"Address": "10.0.0.9"},
            {"Address": "web.test"},
            {"Port": 0},
            {"Tags": ["t"], "Meta": {"m": "v"}},
            {"Check": {"TTL": "1h"}},
        )
    ),
    "an invalid sidecar": _registrations(
        {"Port": 80, "Connect": {"SidecarService": sidecar}}
        for sidecar in (
            *({"ID": "x"}, {"Connect": {"SidecarService": {}}}, {"Meta": {"a b": "c"}}),
            *({"Check": check} for check in ({"TTL": "1h", "Interval": "1h"}, {"Interval": "1h"}, {"TTL": "1h", "Status": "well"})),
            {"Checks": [{"TTL": "0s"}]},
        )
    ),
    "an address is shown by its kind": [
        put(REGISTER_SERVICE, {"Name": "web", "Address": "::1", "Port": 80}),
        get("/v1/agent/service/web"),
        put(REGISTER_SERVICE, {"Name": "web", "Address": "web.test", "Port": 80}),
        get("/v1/agent/service/web"),
    ],
    "weights are checked before metadata": [put(REGISTER_SERVICE, {"Name": "web", "Weights": {"Passing": 0}, "Meta": {"": "x"}})],
    "unknown services and checks are refused in the words of each version": [
        *(put(f"/v1/agent/{path}", None, ("enable", "true")) for path in ("service/deregister/x", "service/maintenance/x", "check/pass/x")),
        *(get(f"/v1/agent/health/service/{how}", ("format", "text")) for how in ("id/x", "name/x", "id/", "name/")),
    ],
    "since 1.9 the agent assumes that the catalog has what it knows": [
        call
        for lost in ({"CheckID": "c1"}, {"ServiceID": "web"})
        for again in (
            put(REGISTER_SERVICE, {"Name": "web", "Check": OWN_CHECK}),
            put(REGISTER_SERVICE, {"Name": "web", "Check": {**OWN_CHECK, "TTL": "20m"}}),
            put(REGISTER_SERVICE, {"Name": "web", "Check": {**OWN_CHECK, "Notes": "x"}}),
            put(REGISTER_SERVICE, {"Name": "web", "Port": 1, "Check": OWN_CHECK}),
            put(REGISTER_SERVICE, {"Name": "web", "Checks": [OWN_CHECK, {**OWN_CHECK, "CheckID": "c2"}]}),
            put("/v1/agent/check/register", {"Name": "c3", "TTL": "10m", "ServiceID": "web"}),
            put("/v1/agent/check/pass/c1"),
        )
        for call in (
            put(REGISTER_SERVICE, {"Name": "web", "Check": OWN_CHECK}),
            put(DEREGISTER, {"Node": "test-node", **lost}),
            again,
            get("/v1/health/node/test-node"),
            get("/v1/catalog/node-services/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
}


#: What 1.8.7 does not have.
LATER_CASES = {
    "a check of a Windows service is refused, and its service with it": _registrations(
        [
            {"Check": {"OSService": "x", "Interval": "1h"}},
            {"Checks": [{"TTL": "1h"}, {"OSService": "x", "Interval": "1h"}]},
            {"Check": {"OSService": "x", "Interval": "1h", "Args": ["true"]}},
            {"Port": 80, "Connect": {"SidecarService": {"Check": {"OSService": "x", "Interval": "1h"}}}},
        ]
    ),
    "a known service has changed when its check of a Windows service is refused": [
        put(REGISTER_SERVICE, {"Name": "web", "Port": 80, "Check": {"TTL": "1h"}}),
        put(
            REGISTER_SERVICE, {"Name": "web", "Port": 81, "Checks": [{"TTL": "1h", "CheckID": "c2"}, {"OSService": "x", "Interval": "1h"}]}
        ),
        *(get("/v1/agent/services"), get("/v1/agent/checks"), get("/v1/catalog/service/web")),
    ],
    "a sidecar with named ports, or a socket": _registrations(
        [
            {"Port": 80, "Connect": {"SidecarService": {"Ports": [_HTTP]}}},
            {"Port": 80, "Connect": {"SidecarService": {"Connect": {"Native": True}}}},
            {"Port": 80, "Connect": {"SidecarService": {"SocketPath": "/s", "Locality": {"Region": "r"}}}},
            {"SocketPath": "/s", "Connect": {"SidecarService": {}}},
            {"SocketPath": "/s", "Connect": {"SidecarService": {"Proxy": {"LocalServiceAddress": "10.1.1.1"}}}},
            {"SocketPath": "/s", **_sidecar(Proxy={"LocalServiceAddress": "10.1.1.1", "LocalServicePort": 3})},
            {"Port": 80, "Connect": {"SidecarService": {"Proxy": {"LocalServiceSocketPath": "/t", "LocalServicePort": 3}}}},
            *({"Port": 80, **_sidecar(Proxy={"DestinationServiceName": name})} for name in ("*", " ", "db")),
            *(_sidecar(Port=port, Ports=[_HTTP], Connect={"Native": True}) for port in (0, 80)),
        ]
    ),
}


ACL_CASES = {
    "registering over what the agent knows needs the right to that too": [
        *WRITES_WEB,
        put(REGISTER_SERVICE, {"Name": "db"}),
        put(REGISTER_CHECK, {"ID": "c1", "Name": "c1", "TTL": "1h", "ServiceID": "db"}),
        put(REGISTER_CHECK, {"ID": "c2", "Name": "c2", "TTL": "1h"}),
        *by(REGISTER_WEB, ONE),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "db"}), ONE, NOBODY),
        *(
            call
            for check in ("c1", "c2", "c3")
            for call in by(put(REGISTER_CHECK, {"ID": check, "Name": "c", "TTL": "1h", "ServiceID": "web"}), ONE, NOBODY)
        ),
    ],
    "a sidecar needs the right to its name": [
        *WRITES_WEB,
        *with_rules(1, 'service_prefix "web" { policy = "write" }'),
        *by(put(REGISTER_SERVICE, {"Name": "web", **_sidecar()}), ONE, OTHER),
        *by(put(REGISTER_SERVICE, {"Name": "web", **_sidecar(Name="web")}), ONE, OTHER),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "w2", **_sidecar(Name="web")}), ONE),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "w3", **_sidecar(Token="{x1}")}), ONE),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "w4", **_sidecar(Token="{x0}")}), OTHER),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "w5", **_sidecar(Token="unknown")}), ONE),
    ],
    "a sidecar is written to the catalog with its own token": [
        *WRITES_WEB,
        *with_rules(1, 'service_prefix "web" { policy = "write" } node "test-node" { policy = "write" }'),
        *by(put(REGISTER_SERVICE, {"Name": "web", **_sidecar(Token="{x1}")}), ONE),
        put("/v1/acl/token/{t1}", {}),
        *by(put(REGISTER_SERVICE, {"Name": "web", "Port": 1}), ONE),
        put("/v1/agent/service/deregister/web-sidecar-proxy"),
    ],
    "an agent replaces a service of the catalog only with the right to it": [
        *with_rules(0, 'service "web" { policy = "write" }'),
        put("/v1/catalog/register", {"Node": "test-node", "Address": "127.0.0.1", "Service": {"Service": "db", "ID": "w1"}}),
        *by(put(REGISTER_SERVICE, {"Name": "web", "ID": "w1", "Check": {"TTL": "1h"}}), ONE),
        *by(put(REGISTER_CHECK, {"ID": "c1", "Name": "c1", "TTL": "1h", "ServiceID": "w1"}), ONE),
        put("/v1/agent/check/pass/c1"),
        *by(put("/v1/agent/service/deregister/w1"), ONE),
        put(DEREGISTER, {"Node": "test-node", "ServiceID": "w1"}),
    ],
    "1.8 deregisters a service with the token that registered it": [
        *WRITES_ALL,
        *by(REGISTER_WEB, ONE),
        *(NO_TOKEN, DEREGISTER_WEB, *OWN_READS, REGISTER_WEB, *OWN_READS, DEREGISTER_WEB, *OWN_READS),
    ],
    "1.8 does not deregister a service whose token lost its rights": [
        *WRITES_ALL,
        *by(REGISTER_WEB, ONE),
        *(
            NO_RIGHTS,
            DEREGISTER_WEB,
            *OWN_READS,
            put("/v1/agent/service/register", {"Name": "db"}),
            *OWN_READS,
            REGISTER_WEB,
            DEREGISTER_WEB,
            *OWN_READS,
        ),
    ],
    "1.8 names the missing right for a change of the agent": [
        *TWO_TOKENS,
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h"}), ONE, NOBODY),
        *by(put("/v1/agent/check/register", {"ID": "c1", "Name": "c1", "TTL": "1h", "ServiceID": "nothing"}), ONE, LOST),
        put("/v1/agent/service/register", {"Name": "db"}),
        *by(put("/v1/agent/check/register", {"ID": "c2", "Name": "c2", "TTL": "1h", "ServiceID": "db"}), ONE, NOBODY),
        *by(put("/v1/agent/service/deregister/db"), ONE, NOBODY),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
@each_case(LATER_CASES)
def test_later_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    if sides.simulator.settings.version < V1_X:
        pytest.skip("1.8.7 does not have it")
    assert sides.replay(calls) == []


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_a_service_is_deregistered_after_its_critical_time_of_at_least_a_minute(agent: SimulatedAgent) -> None:
    for name, patience in (("soon", "1s"), ("later", "2m")):
        check = {"TTL": "1h", "DeregisterCriticalServiceAfter": patience}
        agent.put("/v1/agent/service/register", {"Name": name, "Check": check})
    agent.advance(59)
    assert [*agent.get("/v1/agent/services")] == ["later", "soon"]
    agent.advance(2)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.put("/v1/agent/check/pass/service:later")
    agent.put("/v1/agent/check/fail/service:later")
    agent.advance(119)
    assert [*agent.get("/v1/agent/services")] == ["later"]
    agent.advance(2)
    assert agent.get("/v1/agent/services") == {}


def test_since_1_9_a_known_service_is_written_again_only_at_the_next_repair(agent: SimulatedAgent) -> None:
    """Since 1.9; before, whatever is registered is written."""

    def is_there() -> bool:
        return bool(agent.get("/v1/catalog/service/web"))

    service = {"Name": "web", "Check": {"TTL": "1h", "CheckID": "c"}}
    agent.put("/v1/agent/service/register", service)
    agent.put("/v1/catalog/deregister", {"Node": "consul", "ServiceID": "web"})
    agent.put("/v1/agent/service/register", service)
    assert is_there() == (agent.simulator.settings.version < V1_9)
    agent.advance(61)
    assert is_there()
    assert [check["CheckID"] for check in agent.get("/v1/health/checks/web")] == ["c"]


def test_a_service_is_deregistered_with_a_check_that_expires_at_the_same_time(agent: SimulatedAgent) -> None:
    checks = ({"TTL": "1s", "Status": "passing", "DeregisterCriticalServiceAfter": "1m"}, {"TTL": "61s", "Status": "passing"})
    agent.put("/v1/agent/service/register", {"Name": "web", "Checks": checks})
    agent.advance(61)
    assert agent.get("/v1/agent/services") == agent.get("/v1/agent/checks") == {}
    agent.advance(1000)
    assert agent.get("/v1/health/checks/web") == []


def test_maintenance_mode_is_a_critical_check(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web"})
    agent.put("/v1/agent/service/register", {"Name": "db"})
    agent.put("/v1/agent/service/maintenance/web?enable=true&reason=new%20disk")
    assert (agent.get("/v1/health/service/web?passing"), nodes(agent.get("/v1/health/service/db?passing"))) == ([], ["consul"])
    assert agent.answer("GET", "/v1/agent/health/service/id/web").status == 503
    agent.put("/v1/agent/service/maintenance/web?enable=false")
    assert nodes(agent.get("/v1/health/service/web?passing")) == ["consul"]
    agent.put("/v1/agent/maintenance?enable=true")
    assert agent.get("/v1/health/service/db?passing") == []


def test_the_agent_restores_its_tags_unless_others_may_override_them(agent: SimulatedAgent) -> None:
    agent.put("/v1/agent/service/register", {"Name": "web", "Tags": ["own"]})
    agent.put("/v1/agent/service/register", {"Name": "free", "Tags": ["own"], "EnableTagOverride": True})
    for name in ("web", "free"):
        agent.put("/v1/catalog/register", {"Node": "consul", "Address": "127.0.0.1", "Service": {"Service": name, "Tags": ["theirs"]}})
    agent.advance(61)
    assert [agent.get(f"/v1/catalog/service/{name}")[0]["ServiceTags"] for name in ("web", "free")] == [["own"], ["theirs"]]
