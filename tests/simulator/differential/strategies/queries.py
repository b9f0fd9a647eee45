"""Random calls for prepared queries. There are few names and instances, so that queries find something."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies.kv import choose, some


def _one(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


_NAMES = ("q", "q", "web-", "web", "Q", "")
#: The ids and names of queries in calls.
_CALLED = ("{Q0}", "{Q0}", "{Q1}", "q", "web-", "web-x", "web-db", "web-x-y", "Q", "web")

_TEMPLATE = some(
    {
        "Type": _one("name_prefix_match", "name_prefix_match", "name_prefix_match", "", "other"),
        "Regexp": _one("", "^web-(.*)$", "^(w)(.*?)-(.*)$", "nothing", "(", "x|(y)", "(?P<n>w)"),
        "RemoveEmptyTags": st.booleans(),
    }
)

#: What a template fills in.
_FILLED = (
    *("${name.suffix}", "${name.full}", "${name.prefix}", "${match(0)}", "${match(1)}", "${match(2)}", "${match(9)}", "${match(-1)}"),
    *(
        "a${name.suffix}b${match(1)}",
        "$${name.full}",
        "${ name.suffix }",
        "${name.other}",
        "${match(x)}",
        "${name.full",
        "${agent.segment}",
    ),
    *("${match(1)", "$name", "${}"),
)

_SERVED = _one("web", "web", "web", "db", "Web", "${name.suffix}", "${match(1)}", "${match(2)}", *_FILLED[6:])

_FAILOVER = some(
    {
        "NearestN": _one(0, 1, 3, -1, "1"),
        "Datacenters": _one(None, [], ["dc1"], ["dc9"], ["dc9", "${name.suffix}"], [""], "dc9"),
    }
)

_MORE = some(
    {
        "Failover": st.one_of(_FAILOVER, st.none()),
        "OnlyPassing": _one(True, False, "x"),
        "IgnoreCheckIDs": _one(None, [], ["c1"], ["c1", "c2"], ["C1"], ["${name.suffix}"]),
        "Near": _one("", "_agent", "n1", "test-node", "_ip", "${name.suffix}", "nobody"),
        "Tags": _one(None, [], ["a"], ["A"], ["!b"], ["a", "!b"], [""], ["!"], ["${match(2)}"], ["", "${name.suffix}", "!${match(9)}"]),
        "NodeMeta": _one(None, {}, {"rack": "a"}, {"rack": "${match(1)}"}, {"rack": ""}, {"${name.full}": "a"}, {"": ""}, {"rack": 1}),
        "ServiceMeta": _one(None, {}, {"k": "v"}, {"k": "${name.suffix}"}, {"other": ""}),
        "Connect": st.booleans(),
    }
)

_DNS = _one({}, None, {"TTL": "10s"}, {"TTL": ""}, {"TTL": "x"}, {"TTL": "-1s"}, {"TTL": "5"}, {"TTL": 5}, {"TTL": "0"}, {"TTL": "1h0.5s"})

_QUERY = st.builds(
    lambda name, service, more, others: {"Name": name, "Service": {"Service": service, **more}, **others},
    _one(*_NAMES),
    _SERVED,
    _MORE,
    st.one_of(
        st.builds(lambda template: {"Template": template}, _TEMPLATE),
        st.just({}),
        some(
            {
                "DNS": _DNS,
                "Session": _one("", "{s0}", "{s0}", "{s1}", "{s2}", "short"),
                "Token": _one("", "secret"),
                "ID": _one("", "{Q0}", "x"),
                "Template": st.one_of(_TEMPLATE, st.none()),
            }
        ),
    ),
)

#: A query that is always a template.
_PREFIXED = st.builds(
    lambda name, template, service, more: {
        "Name": name,
        "Template": {"Type": "name_prefix_match", **template},
        "Service": {"Service": service, **more},
    },
    _one("", "web-", "web-", "w", "q"),
    some({"Regexp": _one("", "^web-(.*)$", "^(w)(.*?)-(.*)$"), "RemoveEmptyTags": st.booleans()}),
    _SERVED,
    _MORE,
)

#: A query that mostly finds something.
_PLAIN = st.builds(
    lambda name, service, more: {"Name": name, "Service": {"Service": service, **dict(list(more.items())[:1])}},
    _one("q", "web", "Q"),
    _one("web", "web", "db"),
    st.one_of(st.just({}), _MORE),
)

_INVALID = _one(
    *(b"", b"{", b"[]", b'{"Name": 1}', b'{"Service": "web"}', b'{"Name": "q", "Service": {}}', b'{"Name": "q", "Service": null}'),
    *(b'{"name": "q", "service": {"service": "web", "onlypassing": true}}', b'{"Name": "q", "Other": 1, "Service": {"Service": "web"}}'),
    *(b'{"Service": {"Service": "web"}}', b'{"Name": "q", "Template": {"Type": 1}}', b'{"Name": "q"}', b"{}", b'{"Template": {}}'),
)

_BODY = st.one_of(_QUERY.map(_json), _QUERY.map(_json), _PREFIXED.map(_json), _PREFIXED.map(_json), *[_PLAIN.map(_json)] * 3, _INVALID)

_DC = _one((), (), (), (), (), (), (("dc", "elsewhere"),), (("dc", "dc1"),))

_CREATE = st.builds(lambda body, query, name: Call("POST", "/v1/query", query, body, names=name), _BODY, _DC, _one("Q0", "Q0", "Q1"))

_CHANGE = st.builds(
    lambda method, called, body, query: Call(method, f"/v1/query/{called}", query, body if method == "PUT" else None),
    _one("PUT", "PUT", "DELETE"),
    _one("{Q0}", "{Q0}", "{Q1}", "q", "", "00000000-0000-0000-0000-000000000000"),
    _BODY,
    _DC,
)

_SHARED: tuple[tuple[tuple[str, str | None], ...], ...] = (
    *[()] * 5,
    *((("stale", None),), (("consistent", None),), (("stale", None), ("consistent", None)), (("dc", "elsewhere"),), (("ns", "x"),)),
    *((("index", "1"), ("wait", "1ms")), (("index", "{i0}"), ("wait", "1ms")), (("index", "x"),), (("cached", None),)),
    (("partition", "x"),),
)

_LISTED = st.builds(
    lambda path, query, name: Call("GET", f"/v1/query{path}", query, names=name),
    _one("", "", "/{Q0}", "/{Q1}", "/", "/q", "/00000000-0000-0000-0000-000000000000"),
    _one(*_SHARED),
    _one("", "i0"),
)

_OF_EXECUTE = (
    *((("near", "n1"),), (("near", "_agent"),), (("near", "test-node"),), (("near", ""),), (("near", "_ip"),)),
    *((("limit", "0"),), (("limit", "5"),), (("limit", "-1"),), (("limit", "x"),), (("limit", "+5"),), (("limit", "1"),)),
    *((("passing", None),), (("connect", None),), (("connect", "true"),), (("connect", "false"),), (("connect", "x"),)),
    *((("limit", "99999999999999999999"),), (("connect", "0"),), (("connect", "T"),), (("limit", "1_0"),), (("limit", ""),)),
)

#: The simulator does not cache executions.
_UNCACHED = [query for query in _SHARED if ("cached", None) not in query]

_EXECUTE = st.builds(
    lambda called, verb, query: Call("GET", f"/v1/query/{called}/{verb}", query),
    _one(*_CALLED),
    _one("execute", "execute", "execute", "explain"),
    st.one_of(_one(*_OF_EXECUTE), _one(*_UNCACHED)),
)

_CHECK = st.builds(
    lambda identity, status, service: {"CheckID": identity, "Name": identity, "Status": status, "ServiceID": service},
    _one("c1", "c2"),
    _one("passing", "passing", "warning", "critical"),
    _one("", "web", "db"),
)

_INSTANCE = st.builds(
    lambda name, more: {"Service": name, **more},
    _one("web", "web", "db", "Web"),
    some(
        {
            "Tags": _one(None, [], ["a"], ["A", "b"], ["x"], [""]),
            "Meta": _one(None, {"k": "v"}, {"k": "x"}),
            "Port": _one(0, 80),
            "Connect": _one({"Native": True}, {}),
        }
    ),
)

_PROXY = {"Service": "web-proxy", "Kind": "connect-proxy", "Port": 80, "Proxy": {"DestinationServiceName": "web"}}

_REGISTER = st.builds(
    lambda node, more: Call("PUT", "/v1/catalog/register", (), _json({"Node": node, "Address": "10.0.0.1", **more})),
    _one("n1", "n1", "n2"),
    some(
        {
            "Service": st.one_of(_INSTANCE, _INSTANCE, _INSTANCE, st.just(_PROXY)),
            "Checks": st.lists(_CHECK, max_size=2),
            "NodeMeta": _one({}, {"rack": "a"}, {"rack": "x"}, {"rack": "db"}),
        }
    ),
)

_DEREGISTER = st.builds(
    lambda node, more: Call("PUT", "/v1/catalog/deregister", (), _json({"Node": node, **more})),
    _one("n1", "n2"),
    _one({}, {"ServiceID": "web"}, {"ServiceID": "db"}, {"CheckID": "c1"}, {"CheckID": "c2"}),
)

_COORDINATES = st.builds(
    lambda path, query: Call("GET", f"/v1/coordinate/{path}", query),
    _one("nodes", "datacenters", "node/n1", "node/test-node", "node/"),
    _one(*_SHARED),
)

_OTHER = _one(
    *(Call(method, f"/v1/query{path}") for method in ("PUT", "POST", "DELETE", "OPTIONS") for path in ("", "/{Q0}", "/{Q0}/execute")),
    *(Call("GET", f"/v1/query/{path}") for path in ("execute", "/execute", "explain", "{Q0}/x", "{Q0}/", "a/b/execute", "q%20/execute")),
    Call("PUT", "/v1/session/destroy/{s0}"),
)

CALLS = choose(
    _CREATE, _CREATE, _CREATE, _CHANGE, _LISTED, _EXECUTE, _EXECUTE, _EXECUTE, _REGISTER, _REGISTER, _DEREGISTER, _COORDINATES, _OTHER
)
