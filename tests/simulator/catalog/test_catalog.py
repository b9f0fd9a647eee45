"""The catalog: registration, reads and their indexes.

https://developer.hashicorp.com/consul/api-docs/catalog
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import (
    DEREGISTER,
    EVERYBODY,
    LOST,
    N1,
    NOBODY,
    ONE,
    REGISTER,
    REGISTER_SERVICE,
    TWO_TOKENS,
    TXN,
    Call,
    by,
    each_case,
    get,
    put,
    with_rules,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, nodes, register

_ID = "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"
_PROXY: dict[str, Any] = {"Service": "web-proxy", "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": "web"}}
_MORE_OF_A_PROXY: tuple[dict[str, Any], ...] = (
    {"Mode": "transparent"},
    {"TransparentProxy": {"OutboundListenerPort": 808}},
    {"AccessLogs": {"Enabled": True, "Type": "stdout"}},
    {"Upstreams": [{"DestinationName": "db", "DestinationPeer": "p", "LocalBindPort": 80}]},
    {"Upstreams": [{"DestinationName": "db", "LocalBindSocketPath": "/s", "LocalBindSocketMode": "0600"}]},
)
_DEFINITIONS = (
    {"HTTP": "h", "Interval": "1h", "Timeout": "90s", "Header": {"a": ["b"]}, "Foo": 1},
    {"TCP": "t", "Interval": 40 * 10**9, "TLSSkipVerify": True, "TCPUseTLS": True, "TLSServerName": "n"},
    {"UDP": "u", "Interval": "3s", "DisableRedirects": True, "OSService": "o"},
    {"H2PING": "h", "Interval": "3s", "H2PingUseTLS": True},
    {"GRPC": "g", "Interval": "3s", "GRPCUseTLS": True},
    {"ScriptArgs": ["a"], "Interval": "3s"},
    {"ScriptArgs": ["a"], "Interval": "3s", "DockerContainerID": "d", "Shell": "s"},
    {"AliasService": "a"},
    {"TTL": "3s", "OutputMaxSize": 4},
    {"IntervalDuration": "5s", "TimeoutDuration": 10**9, "Interval": "9s", "HTTP": "h"},
    {"Interval": "soon"},
    {"Interval": ""},
)
_CATALOG_WEB = put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web"}})


_HTTP: dict[str, Any] = {"Name": "http", "Port": 80, "Default": True}

CASES = {
    "a service without a name, whatever else it has": [
        call
        for service in ({}, {"ID": ""}, {"Tags": ["a"]}, {"Port": 80}, {"ID": "w1"}, {"Kind": "connect-proxy"}, None)
        for call in (put(REGISTER, {**N1, "Service": service}), get("/v1/catalog/node/n1"), get("/v1/catalog/services"))
    ],
    "max_stale is a duration, and above 0 it means stale": [
        get(path, ("max_stale", longest), *more)
        for path in (
            *("/v1/catalog/nodes", "/v1/kv/a", "/v1/health/service/web", "/v1/session/list", "/v1/query", "/v1/status/leader"),
            *("/v1/config/", "/v1/connect/intentions", "/v1/agent/services", "/v1/operator/raft/configuration"),
        )
        for longest in ("abc", "", "1s", "10", "-1s", "0s")
        for more in ((), (("consistent", None),), (("index", "x"),), (("stale", None),))
    ],
    "rules of Ports": [
        call
        for ports in (
            *([{**_HTTP, **member}] for member in ({}, {"Default": False}, {"Name": ""}, {"Port": 0}, {"Port": -1})),
            *([_HTTP, other] for other in ({"Name": "b", "Port": 81}, {**_HTTP, "Name": "b"}, _HTTP)),
            *([], [{}], [{**_HTTP, "Name": " "}], [_HTTP, {**_HTTP, "Port": 0}]),
        )
        for more in ({}, {"Port": 80}, {"Connect": {"Native": True}})
        for call in (
            put(REGISTER, {**N1, "Service": {"Service": "web", "Ports": ports, **more}}),
            *(get(f"/v1/{path}") for path in ("catalog/service/web", "catalog/node/n1", "health/service/web")),
            put(DEREGISTER, {"Node": "n1"}),
        )
    ],
    "a known node id with the name in another case is the same node; 1.8 renames it, and its services go": [
        put(REGISTER, {**N1, "ID": _ID, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(REGISTER, {**N1, "Node": "N1", "ID": _ID}),
        *(get(f"/v1/{path}") for path in ("health/node/n1", "catalog/node/n1", "catalog/nodes", "health/service/web")),
    ],
    "the removal of a node's check changes the index of its services": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(DEREGISTER, {"Node": "n1", "CheckID": "c"}),
        *(
            get(f"/v1/{path}")
            for path in ("catalog/services", "catalog/nodes", "catalog/node/n1", "health/service/web", "health/state/any")
        ),
    ],
    "the removal of the last instance keeps an index": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}}),
        put(REGISTER, {**N1, "Service": {"Service": "db"}}),
        put(DEREGISTER, {"Node": "n1", "ServiceID": "web"}),
        *(get(f"/v1/{path}") for path in ("catalog/service/web", "catalog/service/none", "health/service/web", "catalog/connect/db")),
    ],
    "a removed node keeps an index": [
        put(REGISTER, N1),
        put(DEREGISTER, {"Node": "n1"}),
        get("/v1/catalog/node/n1"),
        get("/v1/catalog/node-services/n1"),
    ],
    "a known id renames its node": [
        put(REGISTER, {**N1, "ID": "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01"}),
        put(REGISTER, {"Node": "n2", "Address": "10.0.0.2", "ID": "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01"}),
        get("/v1/catalog/nodes"),
    ],
    "the last value of a metadata filter counts": [
        put(REGISTER, {**N1, "NodeMeta": {"rack": "a"}}),
        get("/v1/catalog/nodes", ("node-meta", "rack:b"), ("node-meta", "rack:a")),
        get("/v1/health/checks/web", ("node-meta", "rack:a")),
    ],
    "the service of a check is compared with its case": [
        put(REGISTER, {**N1, "Service": {"Service": "Web"}, "Check": {"Name": "c", "ServiceID": "web"}}),
    ],
    "rules for proxies": [
        put(REGISTER, {**N1, "Service": {"Service": "p", "Kind": "connect-proxy"}}),
        put(REGISTER, {**N1, "Service": {**_PROXY, "Connect": {"Native": True}}}),
        put(REGISTER, {**N1, "Service": {"Service": "n", "Connect": {"Native": True}}}),
        put(REGISTER_SERVICE, {"Name": "p", "Kind": "connect-proxy"}),
    ],
    "tags do not filter the instances to connect to": [
        put(REGISTER, {**N1, "Service": _PROXY}),
        get("/v1/catalog/connect/web", ("tag", "a")),
        get("/v1/health/connect/web", ("tag", "a")),
    ],
    "names in another case are the same": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(REGISTER, {**N1, "Node": "N1"}),
        *(get(f"/v1/{path}") for path in ("catalog/node/n1", "catalog/service/web", "health/node/N1", "health/service/web")),
        put(REGISTER, {"Node": "N1", "Address": "10.0.0.2", "Check": {"Name": "c"}}),
        *(get(f"/v1/{path}") for path in ("catalog/node/n1", "catalog/service/web", "health/node/N1", "health/service/web")),
    ],
    "the list of nodes ignores namespaces": [get("/v1/catalog/nodes", ("ns", "x")), get("/v1/catalog/services", ("ns", "x"))],
    "invalid weights are ignored": [
        put(REGISTER, N1),
        *(
            put(TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "web", "Port": 1, "Weights": weights}}}])
            for weights in (
                *({"Passing": passing, "Warning": warning} for passing, warning in ((0, 0), (0, 3), (3, 0), (3, -1))),
                {"Passing": 3},
            )
        ),
        put(REGISTER, {**N1, "Service": {"Service": "web", "Weights": {"Passing": 0, "Warning": 2}}}),
        get("/v1/catalog/service/web"),
        put(REGISTER_SERVICE, {"Name": "own", "Weights": {"Passing": 3}}),
        get("/v1/agent/services"),
    ],
    "a check's definition has the members of its version, and durations as Go writes them": [
        *(put(REGISTER, {**N1, "Check": {"Name": f"c{number}", "Definition": given}}) for number, given in enumerate(_DEFINITIONS)),
        *(
            put(TXN, [{"Check": {"Verb": "set", "Check": {"Node": "n1", "CheckID": f"t{number}", "Type": "tcp", "Definition": given}}}])
            for number, given in enumerate(_DEFINITIONS)
        ),
        get("/v1/health/node/n1"),
    ],
    "a proxy keeps its upstreams and its transparent mode": [
        *(
            call
            for more in _MORE_OF_A_PROXY
            for call in (
                put(REGISTER, {**N1, "Service": {**_PROXY, "Proxy": {**_PROXY["Proxy"], **more}}}),
                get("/v1/catalog/node/n1"),
                put(REGISTER_SERVICE, {"Name": "p", "Kind": "connect-proxy", "Port": 1, "Proxy": {**_PROXY["Proxy"], **more}}),
                get("/v1/agent/services"),
            )
        )
    ],
    "the removal of a node's check does not change the index of usage": [
        put(REGISTER, {**N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(DEREGISTER, {"Node": "n1", "CheckID": "c"}),
        get("/v1/operator/usage"),
        get("/v1/catalog/services"),
    ],
    "1.8.7 writes a service again if the name of its node is in another case": [
        put(REGISTER, {"Node": "N1", "Address": "10.0.0.1", "Service": {"Service": "web"}}),
        put(REGISTER, {**N1, "Service": {"Service": "web"}}),
        get("/v1/catalog/node/n1"),
        get("/v1/health/service/web"),
        put(REGISTER, {**N1, "Service": {"Service": "web"}}),
        get("/v1/catalog/node/n1"),
    ],
    "checks by the metadata of nodes have the index of their service": [
        put(REGISTER, {**N1, "Service": {"Service": "db"}}),
        put(REGISTER, {"Node": "n2", "Address": "10.0.0.2", "Service": {"Service": "web"}}),
        get("/v1/health/checks/db", ("node-meta", "rack:a")),
        get("/v1/catalog/node/n1"),
        get("/v1/health/checks/none", ("node-meta", "rack:a")),
        get("/v1/catalog/services"),
    ],
    "a check belongs to the service with exactly its id": [
        put(REGISTER, {**N1, "Service": {"Service": "web", "ID": "W1"}}),
        put(REGISTER, {**N1, "Check": {"CheckID": "c", "Name": "c", "ServiceID": "w1"}}),
        get("/v1/health/node/n1"),
        put(REGISTER, {**N1, "Service": {"Service": "web", "ID": "w1"}, "Check": {"CheckID": "c", "Name": "c", "ServiceID": "W1"}}),
        get("/v1/health/node/n1"),
    ],
    "a service has a locality": [
        put(REGISTER_SERVICE, {"Name": "web", "Locality": {"Region": "a"}}),
        *(get(f"/v1/{path}") for path in ("agent/services", "health/service/web", "catalog/service/web")),
    ],
}


ACL_CASES = {
    "replacing a service by its exact id needs the right to it": [
        *with_rules(0, 'service "db" { policy = "write" } node_prefix "" { policy = "write" }'),
        _CATALOG_WEB,
        *(
            call
            for service in ({"Service": "db", "ID": "web"}, {"Service": "db", "ID": "WEB"}, {"Service": "db"}, {"Service": "consul"})
            for check in ({}, {"Check": {"CheckID": "c", "Name": "c", "ServiceID": "db"}})
            for call in by(put(REGISTER, {**N1, "Service": service, **check}), ONE, NOBODY)
        ),
        *(get(f"/v1/{path}") for path in ("catalog/node/n1", "health/node/n1")),
    ],
    "a check of an unknown service is refused": [
        put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Check": {"CheckID": "c", "Name": "c", "ServiceID": "web"}}),
    ],
    "the list of services shows services on nodes that the token may read; 1.8 does not look at the node": [
        *TWO_TOKENS,
        _CATALOG_WEB,
        *by(get("/v1/catalog/services"), *EVERYBODY),
    ],
    "a node without a coordinate is not found, without headers of the servers": by(get("/v1/coordinate/node/n1"), NOBODY, LOST, None),
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_an_unchanged_registration_keeps_the_index(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Service={"Port": 80})
    before = agent.index("/v1/catalog/service/web")
    register(agent, "n", "web", Service={"Port": 80})
    assert agent.index("/v1/catalog/service/web") == before
    register(agent, "n", "web", Service={"Port": 81})
    assert agent.index("/v1/catalog/service/web") > before


def test_each_service_has_an_index_of_its_own(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    register(agent, "m", "db")
    assert agent.index("/v1/health/service/web") < agent.index("/v1/health/service/db")


def test_a_check_of_a_node_counts_for_all_of_its_services(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    register(agent, "m", "db")
    web, db = agent.index("/v1/health/service/web"), agent.index("/v1/health/service/db")
    register(agent, "n", Check={"Name": "disk", "Status": "critical"})
    assert (agent.index("/v1/health/service/web") > web, agent.index("/v1/health/service/db")) == (True, db)
    assert agent.get("/v1/health/service/web?passing") == []


def test_the_removal_of_the_last_instance_wakes_queries(agent: SimulatedAgent) -> None:
    register(agent, "n", "web")
    index = agent.index("/v1/health/service/web")
    waiting = agent.park(f"/v1/health/service/web?index={index}")
    agent.put("/v1/catalog/deregister", {"Node": "n", "ServiceID": "web"})
    assert waiting.response is not None
    gone = agent.index("/v1/health/service/web")
    assert (waiting.response.body, gone > index) == (b"[]", True)
    register(agent, "m", "db")
    assert agent.index("/v1/health/service/web") == gone


def test_deregistering_removes_the_checks_of_a_service_and_everything_of_a_node(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Check={"Name": "port", "ServiceID": "web"})
    register(agent, "n", "db", Check={"Name": "disk"})
    agent.put("/v1/catalog/deregister", {"Node": "n", "ServiceID": "web"})
    assert [check["CheckID"] for check in agent.get("/v1/health/node/n")] == ["disk"]
    agent.put("/v1/catalog/deregister", {"Node": "n"})
    assert (agent.get("/v1/health/node/n"), agent.get("/v1/catalog/service/db"), agent.get("/v1/catalog/node/n")) == ([], [], None)


def test_names_are_found_in_any_case(agent: SimulatedAgent) -> None:
    register(agent, "Node", "Web")
    assert nodes(agent.get("/v1/catalog/service/wEB")) == ["Node"]
    assert agent.get("/v1/catalog/node/nODE")["Node"]["Node"] == "Node"


def test_a_check_needs_an_existing_service(agent: SimulatedAgent) -> None:
    given = {"Node": "n", "Address": "10.0.0.1", "Check": {"Name": "c", "ServiceID": "x"}}
    assert agent.refusal("PUT", "/v1/catalog/register", given)[0] == 500
    assert agent.get("/v1/health/node/n") == []


def test_instances_have_all_of_the_requested_tags_and_metadata(agent: SimulatedAgent) -> None:
    register(agent, "n", "web", Service={"Tags": ["a", "b"]}, NodeMeta={"zone": "1"})
    register(agent, "m", "web", Service={"Tags": ["a"]}, NodeMeta={"zone": "2"})
    assert nodes(agent.get("/v1/catalog/service/web?tag=a&tag=b")) == ["n"]
    assert nodes(agent.get("/v1/health/service/web?node-meta=zone:2")) == ["m"]


def test_near_sorts_by_distance(agent: SimulatedAgent) -> None:
    for node, place in (("far", 0.9), ("close", 0.1), ("here", 0.0)):
        register(agent, node, "web")
        coordinate = {"Vec": [place] + [0] * 7, "Error": 1.5, "Adjustment": 0, "Height": 1e-05}
        agent.put("/v1/coordinate/update", {"Node": node, "Coord": coordinate})
    assert nodes(agent.get("/v1/catalog/service/web?near=here")) == ["here", "close", "far"]
