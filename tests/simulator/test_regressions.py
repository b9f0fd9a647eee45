"""What once differed between the simulator and the real agents, each by its name, asked of both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.differential import Ask, Sides
from tests.simulator.drawn import SESSIONS


def put(path: str, body: Any = None, *query: tuple[str, str | None], names: str = "") -> Ask:
    """A write; what is no bytes goes out as JSON."""
    return Ask("PUT", path, query, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), names)


def get(path: str, *query: tuple[str, str | None]) -> Ask:
    return Ask("GET", path, query)


_REGISTER, _DEREGISTER, _TXN = "/v1/catalog/register", "/v1/catalog/deregister", "/v1/txn"
_SERVICE, _CHECK = "/v1/agent/service/register", "/v1/agent/check/register"
_ID = "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"
_N1 = {"Node": "n1", "Address": "10.0.0.1"}
_PROXY = {"Service": "web-proxy", "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": "web"}}

DIFFERED = {
    "a write that takes no lock forgets how often the key was locked": [
        *SESSIONS,
        put("/v1/kv/{p}lock", b"v", ("acquire", "{s0}")),
        put("/v1/kv/{p}lock", b"w"),
        get("/v1/kv/{p}lock"),
        put("/v1/kv/{p}lock", b"w", ("acquire", "{s0}")),
        get("/v1/kv/{p}lock"),
    ],
    "a check that is set where its node is missing fails, compared and set it is passed over": [
        put(_TXN, [{"Check": {"Verb": "set", "Check": {"Node": "n1", "CheckID": "c"}}}]),
        put(_TXN, [{"Check": {"Verb": "cas", "Check": {"Node": "n1", "CheckID": "c"}}}]),
    ],
    "a transaction takes over neither Connect nor empty tags": [
        put(_REGISTER, _N1),
        put(_TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "web", "Port": 1, "Connect": {"Native": True}}}}]),
        put(_TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "db", "Tags": []}}}]),
        get("/v1/catalog/service/web"),
    ],
    "a node that comes by its id in another case is the same one, but in 1.8, where it is renamed and loses what it had": [
        put(_REGISTER, {**_N1, "ID": _ID, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(_REGISTER, {**_N1, "Node": "N1", "ID": _ID}),
        *(get(f"/v1/{path}") for path in ("health/node/n1", "catalog/node/n1", "catalog/nodes", "health/service/web")),
    ],
    "a service is read by its id alone": [put(_TXN, [{"Service": {"Verb": "get", "Node": "n1", "Service": {"Service": "web"}}}])],
    "the end of a node's check counts for services": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(_DEREGISTER, {"Node": "n1", "CheckID": "c"}),
        *(
            get(f"/v1/{path}")
            for path in ("catalog/services", "catalog/nodes", "catalog/node/n1", "health/service/web", "health/state/any")
        ),
    ],
    "the last instance of a service leaves its end behind": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}}),
        put(_REGISTER, {**_N1, "Service": {"Service": "db"}}),
        put(_DEREGISTER, {"Node": "n1", "ServiceID": "web"}),
        *(get(f"/v1/{path}") for path in ("catalog/service/web", "catalog/service/none", "health/service/web", "catalog/connect/db")),
    ],
    "a node that is gone has an index": [
        put(_REGISTER, _N1),
        put(_DEREGISTER, {"Node": "n1"}),
        get("/v1/catalog/node/n1"),
        get("/v1/catalog/node-services/n1"),
    ],
    "an id that is known renames its node": [
        put(_REGISTER, {**_N1, "ID": "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01"}),
        put(_REGISTER, {"Node": "n2", "Address": "10.0.0.2", "ID": "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01"}),
        get("/v1/catalog/nodes"),
    ],
    "the last value of a metadata filter counts": [
        put(_REGISTER, {**_N1, "NodeMeta": {"rack": "a"}}),
        get("/v1/catalog/nodes", ("node-meta", "rack:b"), ("node-meta", "rack:a")),
        get("/v1/health/checks/web", ("node-meta", "rack:a")),
    ],
    "a service that is not there is compared with its case": [
        put(_REGISTER, {**_N1, "Service": {"Service": "Web"}, "Check": {"Name": "c", "ServiceID": "web"}}),
    ],
    "a proxy has rules of its own": [
        put(_REGISTER, {**_N1, "Service": {"Service": "p", "Kind": "connect-proxy"}}),
        put(_REGISTER, {**_N1, "Service": {**_PROXY, "Connect": {"Native": True}}}),
        put(_REGISTER, {**_N1, "Service": {"Service": "n", "Connect": {"Native": True}}}),
        put(_SERVICE, {"Name": "p", "Kind": "connect-proxy"}),
    ],
    "the one check of a service comes before the many": [
        put(_SERVICE, {"Name": "web", "Check": {"TTL": "10m", "Notes": "one"}, "Checks": [{"TTL": "10m", "CheckID": "c1"}]}),
        get("/v1/agent/checks"),
    ],
    "an empty check is none": [put(_SERVICE, {"Name": "web", "Check": {}}), get("/v1/agent/checks")],
    "an address is told by its kind": [
        put(_SERVICE, {"Name": "web", "Address": "::1", "Port": 80}),
        get("/v1/agent/service/web"),
        put(_SERVICE, {"Name": "web", "Address": "web.test", "Port": 80}),
        get("/v1/agent/service/web"),
    ],
    "tags do not matter to what may be connected to": [
        put(_REGISTER, {**_N1, "Service": _PROXY}),
        get("/v1/catalog/connect/web", ("tag", "a")),
        get("/v1/health/connect/web", ("tag", "a")),
    ],
    "a name in another case is the same": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(_REGISTER, {**_N1, "Node": "N1"}),
        *(get(f"/v1/{path}") for path in ("catalog/node/n1", "catalog/service/web", "health/node/N1", "health/service/web")),
        put(_REGISTER, {"Node": "N1", "Address": "10.0.0.2", "Check": {"Name": "c"}}),
        *(get(f"/v1/{path}") for path in ("catalog/node/n1", "catalog/service/web", "health/node/N1", "health/service/web")),
    ],
    "an agent's check goes on under the name of its service before": [
        put(_SERVICE, {"Name": "web", "ID": "db", "Check": {"TTL": "10m"}}),
        put(_SERVICE, {"Name": "db"}),
        get("/v1/health/checks/web"),
    ],
    "weights are looked at before metadata": [put(_SERVICE, {"Name": "web", "Weights": {"Passing": 0}, "Meta": {"": "x"}})],
    "a check without a name is nameless before its status is bad": [put(_CHECK, {"TTL": "10m", "Status": "well"})],
    "what is not there is told in each version's words": [
        *(put(f"/v1/agent/{path}", None, ("enable", "true")) for path in ("service/deregister/x", "service/maintenance/x", "check/pass/x")),
        *(get(f"/v1/agent/health/service/{how}", ("format", "text")) for how in ("id/x", "name/x", "id/", "name/")),
    ],
    "namespaces are no matter to the list of nodes": [get("/v1/catalog/nodes", ("ns", "x")), get("/v1/catalog/services", ("ns", "x"))],
    "any other index of events is news": [put("/v1/event/fire/deploy", b"1"), get("/v1/event/list", ("index", "5"), ("wait", "1s"))],
    "a session hangs on checks that are well": [
        put(_REGISTER, {**_N1, "Check": {"Name": "c", "Status": "critical"}}),
        put("/v1/session/create", {"Node": "n1", "Checks": ["c"]}),
        put("/v1/session/create", {"Node": "n1"}),
        put("/v1/session/create", {"Node": "N1", "Checks": []}),
        get("/v1/session/node/n1"),
        put(_DEREGISTER, {"Node": "n1"}),
        get("/v1/session/list"),
    ],
    "the authority's roots are there, for which Consul's own test helpers wait": [
        get("/v1/connect/ca/roots"),
        get("/v1/connect/ca/roots", ("index", "1")),
        get("/v1/connect/ca/roots", ("pem", "0")),
        get("/v1/connect/ca/roots", ("pem", "x")),
        get("/v1/connect/ca/roots", ("dc", "x")),
        get("/v1/agent/connect/ca/roots", ("dc", "x")),
        put("/v1/agent/connect/ca/roots"),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("asks", [pytest.param(asks, id=name) for name, asks in DIFFERED.items()])
def test_it_differs_no_more(sides: Sides, asks: list[Ask]) -> None:
    sides.clear()
    for ask in asks:
        assert sides.differences(ask) == []
