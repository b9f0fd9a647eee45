"""What once differed of prepared queries, asked of the simulator and of the real agents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.differential.calls import Call, get, post, put
from tests.simulator.differential.comparison import Sides

_WEB = {"Service": "web"}
_TEMPLATE = {"Type": "name_prefix_match"}
_EXECUTE, _EXPLAIN = "/v1/query/q/execute", "/v1/query/web-x/explain"


def query(name: str = "q", **more: Any) -> Call:
    return post("/v1/query", {"Name": name, "Service": _WEB, **more}, "Q0")


def searched(service: str, **more: Any) -> Call:
    """A template for what begins with web-, that leads to a service."""
    return query("web-", Template=_TEMPLATE | more, Service={"Service": service})


def filled(service: str, **more: Any) -> list[Call]:
    """A template, what it comes to, and its end."""
    return [searched(service, **more), get(_EXPLAIN), Call("DELETE", "/v1/query/{Q0}")]


CASES = {
    "an instance without checks has none": [
        put("/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1", "Service": _WEB}),
        query(),
        get(_EXECUTE),
    ],
    "names are the same in another case, and none is an id": [query("Q"), query(), query("{Q0}"), get(_EXECUTE)],
    "there is one template for all names, and it is found by none of its ids": [
        query("", Template=_TEMPLATE),
        query("", Template=_TEMPLATE),
        get("/v1/query/{Q0}/execute"),
        get(_EXPLAIN),
    ],
    "a template names what there is": [
        call
        for service in ("${name.other}", "${match(x)}", "${other(1)}", "${name.full", "${}", "${match(1)", "${name.full}", "$")
        for call in filled(service)
    ],
    "a template has blanks and dollars": [
        call for service in ("$$${name.full}", "${ name.suffix }", "${match(-1)}", "${agent.segment}", "a$b") for call in filled(service)
    ],
    "a template finds parts of a name": [
        *filled("${match(1)}-${match(2)}", Regexp="^(.)eb-(.)$"),
        *filled("web", Regexp="("),
        *filled("web", RemoveEmptyTags=True),
    ],
    "what a query says has rules": [
        *(query(Service=_WEB | more) for more in ({"NodeMeta": {"a b": "c"}}, {"SamenessGroup": "x"})),
        query(Service=_WEB | {"Failover": {"NearestN": 1, "Targets": [{"Peer": "x"}]}}),
        query(Service=_WEB | {"Failover": {"NearestN": -1}}),
        query(Token="<hidden>"),
        *(query(DNS={"TTL": lasting}) for lasting in ("-1s", "x", "10s")),
    ],
    "a name is looked at before a session, and a datacenter before an id": [
        query(Session="5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"),
        query(),
        query(Session="short"),
        Call("POST", "/v1/query", (("dc", "x"),), b'{"ID": "x"}'),
    ],
    "a limit is a number, and connect a truth": [
        query(),
        *(get(_EXECUTE, ("limit", limit)) for limit in ("9" * 20, "x", "-1", "1", "")),
        get(_EXECUTE, ("connect", "x")),
        get(_EXECUTE, ("limit", "x"), ("dc", "x")),
        get("/v1/query/q/explain", ("limit", "x")),
        get("/v1/query/nope/execute", ("cached", None)),
    ],
    "what is done with a query is no name of one": [
        query("execute"),
        get("/v1/query/execute"),
        put("/v1/query/explain"),
        *(Call(method, f"/v1/query/{path}") for method in ("POST", "HEAD", "PATCH", "OPTIONS") for path in ("x", "x/execute")),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []
