"""Random calls for the agent's own services and checks."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.catalog import NAMED_PORTS
from tests.simulator.differential.strategies.kv import choose, some

_IDS = ("web", "w1", "db", "nothing")
_CHECKS = ("c1", "c2", "service:web", "service:w1", "service:web:1", "nothing")


_KINDS = st.sampled_from(
    [
        *[{"TTL": "10m"}] * 6,
        *({"TTL": "1h", "Interval": "1m"}, {}, {"TTL": "0s"}, {"TTL": "-1s"}, {"TTL": "10m", "Notes": ""}),
        *(
            {"HTTP": "http://127.0.0.1:1"},
            {"HTTP": "http://127.0.0.1:1", "Interval": "1h", "TTL": "0s"},
            {"TCP": "127.0.0.1:1", "Interval": "1h"},
        ),
        *(
            {"GRPC": "127.0.0.1:1", "HTTP": "http://127.0.0.1:1", "Interval": "1h"},
            {"TCP": "127.0.0.1:1", "Args": ["true"], "Interval": "1h"},
        ),
        *({"TTL": "10m", "AliasService": "web"}, {"TTL": "10m", "Bogus": 1}, {"TTL": "10m", "output_max_size": 5}),
    ]
)

_CHECK = st.builds(
    lambda kind, more: {**kind, **more},
    _KINDS,
    some(
        {
            "Status": st.sampled_from(["passing", "warning", "critical", "", "well"]),
            "Notes": st.sampled_from(["", "note"]),
            "Name": st.sampled_from(["alive", ""]),
            "DeregisterCriticalServiceAfter": st.just("10m"),
            "OutputMaxSize": st.sampled_from([-1, 0, 3, 5000]),
            "FailuresBeforeCritical": st.sampled_from([0, 1, 3]),
            "FailuresBeforeWarning": st.sampled_from([0, 1, 2]),
        }
    ),
)

_SERVICE_CHECK = st.builds(lambda check, more: {**check, **more}, _CHECK, some({"CheckID": st.sampled_from(["c1", "c2"])}))

#: Without the checks of a sidecar that names none: a real agent begins to run them.
_SIDECAR = st.builds(
    lambda check, more: {"Check": check, **more},
    st.sampled_from([{"TTL": "10m"}, {"TTL": "10m", "CheckID": "c2"}, {"TTL": "1h", "Interval": "1h"}]),
    some(
        {
            "Tags": st.sampled_from([None, [], ["s"]]),
            "Meta": st.sampled_from([None, {}, {"m": "s"}, {"a b": "c"}]),
            "Port": st.sampled_from([0, -1, 7777]),
            "Address": st.sampled_from(["", "10.0.0.3"]),
            "EnableTagOverride": st.booleans(),
            "ID": st.sampled_from(["", "own"]),
            "Name": st.sampled_from(["", "own"]),
            "Proxy": st.sampled_from([{}, {"LocalServicePort": 99}, {"MeshGateway": {"Mode": "local"}}, {"Expose": {"Bogus": 1}}]),
        }
    ),
)

_SERVICE = st.builds(
    lambda name, more: {"Name": name, **more},
    st.sampled_from(["web", "web", "db", ""]),
    some(
        {
            "ID": st.sampled_from(["w1", "web", "db"]),
            "Tags": st.sampled_from([None, [], ["a"], ["b", "a"]]),
            "Port": st.sampled_from([0, 80]),
            "Address": st.sampled_from(["", "10.0.0.7", "0.0.0.0", "web.test", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "010.0.0.1"]),
            "Meta": st.sampled_from([None, {}, {"k": "v"}, {"": "x"}, {"a b": "c"}, {"consul-x": "y"}, {"k": "v" * 513}]),
            "Weights": st.sampled_from(
                [{"Passing": 3, "Warning": 2}, {"Passing": 0}, {"Passing": 1, "Warning": -1}, {"Passing": 65536}, {}]
            ),
            "EnableTagOverride": st.booleans(),
            "TaggedAddresses": st.sampled_from([{}, {"lan": {"Address": "10.0.0.7", "Port": 80}}]),
            "Check": _SERVICE_CHECK,
            "Checks": st.lists(_SERVICE_CHECK, max_size=2),
            "Ports": NAMED_PORTS,
            "Connect": st.builds(lambda sidecar: {"SidecarService": sidecar}, _SIDECAR),
        }
    ),
)

_REGISTER = st.builds(
    lambda service, query: Call("PUT", "/v1/agent/service/register", query, json.dumps(service).encode()),
    _SERVICE,
    st.sampled_from([(), (), (("replace-existing-checks", "true"),), (("replace-existing-checks", None),)]),
)

_REGISTER_CHECK = st.builds(
    lambda check, more: Call("PUT", "/v1/agent/check/register", (), json.dumps({**check, **more}).encode()),
    _CHECK,
    some({"ID": st.sampled_from(["c1", "c2"]), "ServiceID": st.sampled_from(["web", "w1", "nothing"])}),
)

_SAY = st.builds(
    lambda verb, check, query: Call("PUT", f"/v1/agent/check/{verb}/{check}", query),
    st.sampled_from(["pass", "warn", "fail"]),
    st.sampled_from(_CHECKS),
    st.sampled_from([(), (("note", "n"),)]),
)

_UPDATE = st.builds(
    lambda check, body: Call("PUT", f"/v1/agent/check/update/{check}", (), body),
    st.sampled_from(_CHECKS),
    st.sampled_from(
        [
            b'{"Status":"passing"}',
            b'{"Status":"critical","Output":"o"}',
            b'{"Status":"well"}',
            b"{",
            b"",
            b'{"Status":"warning","Output":""}',
        ]
    ),
)

_END = choose(
    st.builds(lambda service: Call("PUT", f"/v1/agent/service/deregister/{service}"), st.sampled_from(_IDS)),
    st.builds(lambda check: Call("PUT", f"/v1/agent/check/deregister/{check}"), st.sampled_from(_CHECKS)),
)

_MAINTENANCE = st.builds(
    lambda path, query: Call("PUT", path, query),
    st.sampled_from(["/v1/agent/maintenance", *(f"/v1/agent/service/maintenance/{service}" for service in ("web", "w1", "nothing", ""))]),
    st.sampled_from([(("enable", "true"),), (("enable", "false"),), (("enable", "true"), ("reason", "why")), (), (("enable", "x"),)]),
)

_READ = st.builds(
    lambda path: Call("GET", path),
    st.sampled_from(
        [
            *("/v1/agent/services", "/v1/agent/checks", "/v1/health/service/web", "/v1/health/state/any", "/v1/catalog/services"),
            *("/v1/catalog/service/web", "/v1/health/node/test-node", "/v1/catalog/node/test-node", "/v1/health/checks/web"),
            *(f"/v1/agent/service/{service}" for service in _IDS),
            *(f"/v1/agent/health/service/{how}/{service}" for how in ("id", "name") for service in (*_IDS, "")),
            *("/v1/catalog/nodes", "/v1/catalog/service/db"),
        ]
    ),
)

_TEXT = st.builds(
    lambda how, service: Call("GET", f"/v1/agent/health/service/{how}/{service}", (("format", "text"),)),
    st.sampled_from(["id", "name"]),
    st.sampled_from(_IDS),
)

_EVENT = st.builds(
    lambda name, size: Call("PUT", f"/v1/event/fire/{name}", (), b"x" * size),
    st.sampled_from(["e", "e" * 19, "e" * 200]),
    st.sampled_from([0, 14, 15, 299, 300, 301, 376, 377, 414, 415, 513]),
)

CALLS = choose(_REGISTER, _REGISTER, _REGISTER_CHECK, _SAY, _SAY, _UPDATE, _END, _MAINTENANCE, _READ, _READ, _TEXT, _EVENT)
