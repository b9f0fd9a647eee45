"""What once differed between the simulator and the real agents, each by its name, asked of both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.differential.calls import Call, get, post, put
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.strategies.kv import SESSIONS

_REGISTER, _DEREGISTER, _TXN = "/v1/catalog/register", "/v1/catalog/deregister", "/v1/txn"
_REGISTER_OWN, _OWN_CHECK = "/v1/agent/service/register", {"TTL": "10m", "CheckID": "c1"}
_SERVICE, _CHECK = "/v1/agent/service/register", "/v1/agent/check/register"
_ID = "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"
_N1 = {"Node": "n1", "Address": "10.0.0.1"}
_PROXY: dict[str, Any] = {"Service": "web-proxy", "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": "web"}}
_MORE_OF_A_PROXY: tuple[dict[str, Any], ...] = (
    {"Mode": "transparent"},
    {"TransparentProxy": {"OutboundListenerPort": 808}},
    {"AccessLogs": {"Enabled": True, "Type": "stdout"}},
    {"Upstreams": [{"DestinationName": "db", "DestinationPeer": "p", "LocalBindPort": 80}]},
    {"Upstreams": [{"DestinationName": "db", "LocalBindSocketPath": "/s", "LocalBindSocketMode": "0600"}]},
)
_INTENTIONS = "/v1/connect/intentions"

#: What a filter may name, and what it may not; and what is asked of each.
_OF_INTENTIONS = (
    *("Description", "SourceNS", "SourceName", "DestinationNS", "DestinationName", "SourceType", "Action", "Meta", "Meta.k"),
    *("Precedence", "DefaultAddr", "DefaultPort", "SourcePartition", "SourcePeer", "SourceSamenessGroup", "Permissions", "CreatedAt"),
)
_OF_MEMBERS = ("Name", "Addr", "Addr.x", "Port", "Tags", "Tags.role", "Status", "ProtocolMin", "DelegateCur", "Nothing")
_WANTED = (
    *('== "a"', "!= 9", "== 9", "== 300", "== 70000", "== -1", "== 9223372036854775808", "is empty", "is not empty"),
    *('contains "k"', "contains 127", "contains 300", 'matches "^a"'),
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

#: Numbers and expressions, as they are written in filters.
_NUMBERS = (
    *('"0x1f90"', '"0X1F90"', '"1_0"', '"0b1"', '"010"', '"017620"', '"0o17620"', '"0_7"', '"_1"', '"1_"', '"1__0"', '"0x_1"', '"0x"'),
    *('"08"', '"+5"', '"-5"', '"- 5"', '"0b2"', '"0xg"', '"٣"', '"١٢"', '""', '"99999999999999999999x"', '"9223372036854775808"'),
    *('"9223372036854775808x"', '"-9223372036854775808"', '"-0x8000000000000000"', '"1 "', '"8_080"', '"0x1F9_0"', '"0b_"', '"+"'),
    *('"1.0"', '"1e3"', '"0_x1"', '"0__1"', '"99999999999999999999__"', "0x1f90", "1_0", "010", "08", "-5", "+5", "1.5", "-0", "8080", "٣"),
    *("`0x1f90`", '"a\\"b"', '"a\\\\b"', '"a\\u0007"', '"\\u00e9"', "`a\tb`", '`a"b`', '"70000x"', '"256x"', '"65536_"'),
)
_EXPRESSIONS = (
    *("(", r"(\d", "[a", 'a"(', "*", "a)", r"\8", "a{2,1}", "x{1001}", "x{2,}", "[z-a]", "(?i", "(?=a)", "\\", "[[:foo:]]", "w**", "w+?*"),
    *("(|+", r"\d+", "(?i)WEB", "(?P<n>w)(?P<n>e)", r"web\z", r"web\Z", "web$", "[[:alpha:]]", "[^[:alpha:]]", r"\Qw\E", r"\Q*\E"),
    *("(?U)w+", "w{1,2}", "w{,2}", r"[\w[&&]", "[]a]", "^(web|db)$", r"\_", "٣"),
)

CASES = {
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
    "an operation on a key that there is not": [put(_TXN, [{"KV": {"Verb": "zz", "Key": "{p}a"}}])],
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
    "weights of which one cannot be are as none": [
        put(_REGISTER, _N1),
        *(
            put(_TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "web", "Port": 1, "Weights": weights}}}])
            for weights in (
                *({"Passing": passing, "Warning": warning} for passing, warning in ((0, 0), (0, 3), (3, 0), (3, -1))),
                {"Passing": 3},
            )
        ),
        put(_REGISTER, {**_N1, "Service": {"Service": "web", "Weights": {"Passing": 0, "Warning": 2}}}),
        get("/v1/catalog/service/web"),
        put(_SERVICE, {"Name": "own", "Weights": {"Passing": 3}}),
        get("/v1/agent/services"),
    ],
    "a proxy in a transaction is none in 1.8": [
        put(_REGISTER, _N1),
        put(_TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "p", "Kind": "connect-proxy"}}}]),
        put(_TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "p", "Kind": "mesh-gateway", "Port": 1}}}]),
    ],
    "a check's definition has the members of its version, and durations as Go writes them": [
        *(put(_REGISTER, {**_N1, "Check": {"Name": f"c{number}", "Definition": given}}) for number, given in enumerate(_DEFINITIONS)),
        *(
            put(_TXN, [{"Check": {"Verb": "set", "Check": {"Node": "n1", "CheckID": f"t{number}", "Type": "tcp", "Definition": given}}}])
            for number, given in enumerate(_DEFINITIONS)
        ),
        get("/v1/health/node/n1"),
    ],
    "an intention is changed in its place, and of each source there is one": [
        post(_INTENTIONS, {"SourceName": "api", "DestinationName": "db", "Action": "allow"}, "Q1"),
        post(_INTENTIONS, {"SourceName": "other", "DestinationName": "db", "Action": "deny", "Description": "d"}, "Q0"),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "renamed", "DestinationName": "db", "Action": "deny"}),
        get(_INTENTIONS),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "api", "DestinationName": "db", "Action": "deny"}),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "api", "Action": "deny"}),
        put(f"{_INTENTIONS}/{{Q0}}", {"SourceName": "renamed", "DestinationName": "db", "Action": "sometimes"}),
        Call("DELETE", f"{_INTENTIONS}/{{Q0}}"),
        get(_INTENTIONS),
        Call("DELETE", f"{_INTENTIONS}/{{Q1}}"),
    ],
    "intentions are asked about with the namespace, too": [
        post(_INTENTIONS, {"SourceName": "*", "DestinationName": "db", "Action": "deny"}, "Q0"),
        *(
            get(f"{_INTENTIONS}/check", ("source", source), ("destination", destination))
            for source in ("web", "default/web", "x/web", "/web", "web/", "*/web")
            for destination in ("db", "default/db", "a/default/db", "x/db", "a/b/c/db")
        ),
        *(
            get(f"{_INTENTIONS}/match", ("by", "destination"), ("name", name))
            for name in ("db", "default/db", "x/db", "a/b/db", "a/b/c/db")
        ),
        *(
            get(f"{_INTENTIONS}/exact", ("source", source), ("destination", "db"))
            for source in ("*", "default/*", "x/*", "a/default/*", "a/b/c/*")
        ),
        Call("DELETE", f"{_INTENTIONS}/{{Q0}}"),
    ],
    "a gateway may be for any service": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}}),
        put(_REGISTER, {**_N1, "Service": _PROXY}),
        put(
            "/v1/config",
            {"Kind": "terminating-gateway", "Name": "out", "Services": [{"Name": "web", "SNI": "s"}, {"Name": "*"}, {"Name": "none"}]},
        ),
        get("/v1/catalog/gateway-services/out"),
        put(_REGISTER, {**_N1, "Service": {"Service": "db"}}),
        get("/v1/catalog/gateway-services/out"),
        put(_DEREGISTER, {"Node": "n1", "ServiceID": "db"}),
        get("/v1/catalog/gateway-services/out"),
        Call("DELETE", "/v1/config/terminating-gateway/out"),
    ],
    "what a query finds is as the servers have it, without a list where there are no tags": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}, "Check": {"Name": "c", "Status": "passing"}}),
        post("/v1/query", {"Name": "q", "Service": {"Service": "web"}}, "Q0"),
        get("/v1/query/q/execute"),
    ],
    "a service says where it is": [
        put(_SERVICE, {"Name": "web", "Locality": {"Region": "a"}}),
        *(get(f"/v1/{path}") for path in ("agent/services", "health/service/web", "catalog/service/web")),
    ],
    "a subset has the name that it was given": [
        put("/v1/config", {"Kind": "service-resolver", "Name": "web", "Subsets": {"v1": {"filter": "Service.Meta.v == 1"}}}),
        get("/v1/config/service-resolver/web"),
        Call("DELETE", "/v1/config/service-resolver/web"),
    ],
    "a proxy keeps all that is said of its upstreams, and how it is transparent": [
        *(
            call
            for more in _MORE_OF_A_PROXY
            for call in (
                put(_REGISTER, {**_N1, "Service": {**_PROXY, "Proxy": {**_PROXY["Proxy"], **more}}}),
                get("/v1/catalog/node/n1"),
                put(_SERVICE, {"Name": "p", "Kind": "connect-proxy", "Port": 1, "Proxy": {**_PROXY["Proxy"], **more}}),
                get("/v1/agent/services"),
            )
        )
    ],
    "an ingress gateway says more than it was told": [
        put("/v1/config", {"Kind": "ingress-gateway", "Name": "in", "Listeners": [{"Port": 1, "Services": [{"Name": "web"}]}]}),
        get("/v1/config/ingress-gateway/in"),
        Call("DELETE", "/v1/config/ingress-gateway/in"),
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
    "what the agent knows it believes to be in the catalog, since 1.9": [
        call
        for lost in ({"CheckID": "c1"}, {"ServiceID": "web"})
        for again in (
            put(_REGISTER_OWN, {"Name": "web", "Check": _OWN_CHECK}),
            put(_REGISTER_OWN, {"Name": "web", "Check": {**_OWN_CHECK, "TTL": "20m"}}),
            put(_REGISTER_OWN, {"Name": "web", "Check": {**_OWN_CHECK, "Notes": "x"}}),
            put(_REGISTER_OWN, {"Name": "web", "Port": 1, "Check": _OWN_CHECK}),
            put(_REGISTER_OWN, {"Name": "web", "Checks": [_OWN_CHECK, {**_OWN_CHECK, "CheckID": "c2"}]}),
            put("/v1/agent/check/register", {"Name": "c3", "TTL": "10m", "ServiceID": "web"}),
            put("/v1/agent/check/pass/c1"),
        )
        for call in (
            put(_REGISTER_OWN, {"Name": "web", "Check": _OWN_CHECK}),
            put(_DEREGISTER, {"Node": "test-node", **lost}),
            again,
            get("/v1/health/node/test-node"),
            get("/v1/catalog/node-services/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
    "the same check twice at once is one that the agent knows": [
        call
        for service in (
            {"Check": _OWN_CHECK, "Checks": [_OWN_CHECK]},
            {"Checks": [_OWN_CHECK, {**_OWN_CHECK, "Name": "x"}]},
            {"Checks": [{**_OWN_CHECK, "Status": "passing"}, _OWN_CHECK]},
            {"Checks": [_OWN_CHECK, {**_OWN_CHECK, "Status": "passing"}]},
        )
        for call in (
            put(_REGISTER_OWN, {"Name": "web"}),
            put(_REGISTER_OWN, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
            put(_REGISTER_OWN, {"Name": "web", **service}),
            get("/v1/health/node/test-node"),
            put("/v1/agent/service/deregister/web"),
        )
    ],
    "the end of a node's check is no news of how much is used": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}, "Check": {"Name": "c"}}),
        put(_DEREGISTER, {"Node": "n1", "CheckID": "c"}),
        get("/v1/operator/usage"),
        get("/v1/catalog/services"),
    ],
    "in 1.8.7 a service is written anew where its node is in another case": [
        put(_REGISTER, {"Node": "N1", "Address": "10.0.0.1", "Service": {"Service": "web"}}),
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}}),
        get("/v1/catalog/node/n1"),
        get("/v1/health/service/web"),
        put(_REGISTER, {**_N1, "Service": {"Service": "web"}}),
        get("/v1/catalog/node/n1"),
    ],
    "the checks of a service by the metadata of its nodes have the index of the service": [
        put(_REGISTER, {**_N1, "Service": {"Service": "db"}}),
        put(_REGISTER, {"Node": "n2", "Address": "10.0.0.2", "Service": {"Service": "web"}}),
        get("/v1/health/checks/db", ("node-meta", "rack:a")),
        get("/v1/catalog/node/n1"),
        get("/v1/health/checks/none", ("node-meta", "rack:a")),
        get("/v1/catalog/services"),
    ],
    "a check belongs to a service of that very id": [
        put(_REGISTER, {**_N1, "Service": {"Service": "web", "ID": "W1"}}),
        put(_REGISTER, {**_N1, "Check": {"CheckID": "c", "Name": "c", "ServiceID": "w1"}}),
        get("/v1/health/node/n1"),
        put(_REGISTER, {**_N1, "Service": {"Service": "web", "ID": "w1"}, "Check": {"CheckID": "c", "Name": "c", "ServiceID": "W1"}}),
        get("/v1/health/node/n1"),
    ],
    "intentions are filtered": [
        post(_INTENTIONS, {"SourceName": "a", "DestinationName": "b", "Action": "allow", "Meta": {"k": "v"}}, names="Q9"),
        *(get(_INTENTIONS, ("filter", f"{selector} {wanted}")) for selector in _OF_INTENTIONS for wanted in _WANTED),
        Call("DELETE", f"{_INTENTIONS}/{{Q9}}"),
    ],
    "members are filtered since 1.9": [
        get("/v1/agent/members", ("filter", f"{selector} {wanted}")) for selector in _OF_MEMBERS for wanted in _WANTED
    ],
    "numbers in filters are in any of Go's notations": [
        put(_SERVICE, {"Name": "web", "Port": 8080}),
        *(get("/v1/agent/services", ("filter", f"Port == {number}")) for number in _NUMBERS),
        *(get("/v1/agent/members", ("filter", f"{compared} {number}")) for compared in ("Port ==", "Addr contains") for number in _NUMBERS),
        get("/v1/agent/services", ("filter", 'EnableTagOverride == `a"b`')),
    ],
    "expressions are Go's": [
        put(_SERVICE, {"Name": "web"}),
        *(get("/v1/agent/services", ("filter", f"Service matches `{expression}`")) for expression in _EXPRESSIONS),
        *(
            put("/v1/event/fire/deploy", b"", *query, ("dc", "x"))
            for expression in _EXPRESSIONS
            for query in ((("node", expression),), (("service", "web"), ("tag", expression)), (("service", expression), ("tag", "(")))
        ),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
def test_an_event_is_listed_where_it_is_for_the_agent(sides: Sides) -> None:
    """Of the last one, both are to have heard: an event that is not for the agent is not waited for."""
    sides.clear()
    assert sides.differences(put(_SERVICE, {"Name": "web", "ID": "w1", "Tags": ["v1", "blue"]})) == []
    filters = (
        *((("node", node),) for node in ("nope", "^test-node$", "EST", "(?i)EST")),
        *((("service", service),) for service in ("web", "w1", "consul", ".")),
        *((("service", "^w1$"), ("tag", tag)) for tag in ("^v1$", "nope", "lu", "")),
        *((("service", "."), ("node", "nope")), (("tag", "lu"), ("service", "web"))),
    )
    for number, query in enumerate(filters):
        assert [answer.status for answer in sides.answers(put(f"/v1/event/fire/e{number}", b"", *query))] == [200, 200]
    assert sides.differences(put("/v1/event/fire/last", b"")) == []
    listed = [[event["Name"] for event in json.loads(answer.body)] for answer in sides.answers(get("/v1/event/list"))]
    assert listed[0][-7:] == listed[1][-7:] == [*(f"e{number}" for number in (1, 3, 5, 7, 8, 10, 11)), "last"][-7:]
