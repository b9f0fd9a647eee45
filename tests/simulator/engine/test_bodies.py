"""Invalid bodies: the simulator refuses them in the words of real agents, and never fails."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Settings, Simulator
from consul_proto.simulator.acl import bodies as acl_bodies
from consul_proto.simulator.catalog import bodies
from consul_proto.simulator.engine.versions import SIMULATED, Version
from consul_proto.simulator.go.json import Anything, Duration, ListOf, MapOf, Shape, Struct, Text
from tests.agents import Agent, Binary, start_agent
from tests.simulator.differential.calls import Call
from tests.simulator.differential.comparison import Sides

#: The type of the body of each endpoint.
BODIES: dict[tuple[str, str], Shape] = {
    ("PUT", "/v1/catalog/register"): bodies.CATALOG_REGISTER,
    ("PUT", "/v1/catalog/deregister"): bodies.CATALOG_DEREGISTER,
    ("PUT", "/v1/agent/service/register"): bodies.SERVICE_REGISTER,
    ("PUT", "/v1/agent/check/register"): bodies.CHECK_REGISTER,
    ("PUT", "/v1/agent/check/update/x"): bodies.CHECK_UPDATE,
    ("PUT", "/v1/session/create"): bodies.SESSION,
    ("PUT", "/v1/coordinate/update"): bodies.COORDINATE,
    ("PUT", "/v1/operator/autopilot/configuration"): bodies.AUTOPILOT,
    ("PUT", "/v1/txn"): bodies.TXN,
    ("POST", "/v1/query"): bodies.QUERY,
    ("POST", "/v1/connect/intentions"): bodies.INTENTION,
}

#: The same for endpoints of ACLs.
ACL_BODIES: dict[tuple[str, str], Shape] = {
    ("PUT", "/v1/acl/policy"): acl_bodies.ACL_POLICY,
    ("PUT", "/v1/acl/role"): acl_bodies.ACL_ROLE,
    ("PUT", "/v1/acl/token"): acl_bodies.ACL_TOKEN,
    ("PUT", "/v1/acl/binding-rule"): acl_bodies.ACL_RULE,
    ("PUT", "/v1/acl/auth-method"): acl_bodies.ACL_METHOD,
    ("PUT", "/v1/acl/create"): acl_bodies.ACL_LEGACY,
    ("PUT", "/v1/acl/update"): acl_bodies.ACL_LEGACY,
    ("POST", "/v1/acl/login"): acl_bodies.ACL_LOGIN,
    ("POST", "/v1/internal/acl/authorize"): acl_bodies.ACL_AUTHORIZE,
    ("PUT", "/v1/acl/bootstrap"): acl_bodies.ACL_BOOTSTRAP,
}

#: Types that are left out: Go's names for them are a page long, also in the errors of other types.
_ANONYMOUS = re.compile(r"struct \{.*", re.DOTALL)

#: The start of a real agent has one entry more or less before the one that this names.
_RESET_INDEX = re.compile(r"(reset index: )\d+")

#: A value of each kind, and edge cases.
_VALUES: tuple[object, ...] = (
    *(None, True, 0, -1, 1.5, 1e300, 2**70, "", "x", "10s", "\ud800"),
    *([], [None], [1], ["x"], [{}], {}, {"a": 1}, {"a": None}),
)


def places(shape: Shape) -> Iterator[tuple[Shape, Any]]:
    """Return each type inside a type, with a function that puts a value there and returns the body."""
    yield shape, lambda value: value
    if isinstance(shape, ListOf):
        yield from ((inner, lambda value, put=put: [put(value)]) for inner, put in places(shape.of))
    elif isinstance(shape, MapOf):
        yield from ((inner, lambda value, put=put: {"a": put(value)}) for inner, put in places(shape.of))
    elif isinstance(shape, Struct):
        for name, member in shape.members.items():
            yield from ((inner, lambda value, put=put, name=name: {name: put(value)}) for inner, put in places(member))


def wrong(shape: Shape) -> Iterator[Any]:
    """Return bodies with one value of another kind, or one unknown member."""
    for inner, put in places(shape):
        if isinstance(inner, (Anything, Duration)):
            continue
        yield put([] if isinstance(inner, Text) else 1.5)
        yield put({}) if isinstance(inner, ListOf) else put("x") if not isinstance(inner, Text) else put(True)
        if isinstance(inner, Struct) and inner.unknown == "refused":
            yield put({"Nothing": 1})


def shortened(body: bytes) -> str:
    """Return a refusal without Go's names of anonymous types and without a reset index. JSON is without the blanks that 1.8 always adds."""
    if body[:1] in (b"{", b"["):
        return json.dumps(json.loads(body))
    return _RESET_INDEX.sub(r"\1<index>", _ANONYMOUS.sub("struct {", body.decode().strip()))


@pytest.mark.parametrize(("method", "path"), BODIES, ids=lambda part: part)
def test_values_of_another_kind_are_refused_like_by_real_agents(sides: Sides, method: str, path: str) -> None:
    differ = []
    for body in wrong(BODIES[method, path]):
        real, simulated = sides.answers(Call(method, path, body=json.dumps(body).encode()))
        texts = [(answer.status, shortened(answer.body)) for answer in (real, simulated)]
        if texts[0] != texts[1]:
            differ.append((body, *texts))
    assert differ == []


@pytest.fixture(scope="module")
def real_acl_agent(binary: Binary) -> Iterator[Agent]:
    """A new real agent with ACLs."""
    with start_agent(binary, acls=True) as agent:
        yield agent


def test_values_of_another_kind_are_refused_like_by_real_agents_with_acls(real_acl_agent: Agent) -> None:
    secret = real_acl_agent.management_token or ""
    version = Version.parse(real_acl_agent.version)
    simulator = Simulator(Settings(version=version, acls=True, management_token=secret))
    differ = []
    for (method, path), shape in ACL_BODIES.items():
        for wrong_body in wrong(shape):
            body, token = json.dumps(wrong_body).encode(), {"X-Consul-Token": secret}
            connection = http.client.HTTPConnection(real_acl_agent.host, real_acl_agent.port, timeout=30)
            with closing(connection):
                connection.request(method, path, body, token)
                real = connection.getresponse()
                texts = [(real.status, shortened(real.read()))]
            answer = simulator.handle(Request(method, path, headers=Headers(token.items()), body=body), 0.0)
            assert isinstance(answer, Response)
            texts.append((answer.status, shortened(answer.body)))
            if texts[0] != texts[1]:
                differ.append((path, wrong_body, *texts))
    assert differ == []


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "{", "[", '{"Name', '{"Name":', '{"Name":"x"', "nul", "tru", "x", "{} x", '{"a":1,}', '{"a" 1}', '{"a":1 "b":2}'),
        *("[1 2]", '{"a":tru}', '{"a":NaN}', '{"a":"\n"}', '{"a":"\\x"}', '{"a":01}', '{"a":1e999}', "null", "9" * 5000, "[[1,2],{}"),
        *("\ufeff{}", '{"Name":"\\ud800"}', '{"name":"a","NAME":"b"}'),
    ],
)
def test_invalid_json_is_refused_like_by_real_agents(sides: Sides, body: str) -> None:
    for path in ("/v1/catalog/deregister", "/v1/txn"):
        real, simulated = sides.answers(Call("PUT", path, body=body.encode()))
        texts = [(answer.status, shortened(answer.body)) for answer in (real, simulated)]
        if path == "/v1/txn" and real.status == 200:
            texts = [(answer.status, str(json.loads(answer.body)["Results"])) for answer in (real, simulated)]
        assert texts[0] == texts[1]


#: Numbers that no float64 holds where a duration or anything may stand, and literals that turn into others.
_TOO_LARGE = (
    ("/v1/session/create", '{"LockDelay": 1e999}'),
    ("/v1/session/create", '{"LockDelay": -1e999}'),
    ("/v1/agent/check/register", '{"Name": "c", "TTL": 1e999}'),
    ("/v1/agent/service/register", '{"Name": "w", "Check": {"TTL": 1e999}}'),
    ("/v1/agent/service/register", '{"Name": "w", "Proxy": {"Config": {"a": [1e999]}}}'),
    ("/v1/session/create", "trunulle"),
    ("/v1/session/create", '{"a": falnull}'),
)


@pytest.mark.parametrize(("path", "body"), _TOO_LARGE)
def test_numbers_too_large_and_mixed_literals_are_refused_like_by_real_agents(sides: Sides, path: str, body: str) -> None:
    assert sides.differences(Call("PUT", path, body=body.encode())) == []


@pytest.mark.parametrize(("path", "body"), _TOO_LARGE)
@pytest.mark.parametrize("version", SIMULATED, ids=str)
def test_numbers_too_large_and_mixed_literals_are_refused(version: Version, path: str, body: str) -> None:
    answer = Simulator(Settings(version=version)).handle(Request("PUT", path, body=body.encode()), 0.0)
    assert isinstance(answer, Response)
    says = b"1e999 into Go" if "1e999" in body else b"in literal"
    assert (answer.status, says in answer.body) == (400, True)


@pytest.mark.parametrize("version", SIMULATED, ids=str)
def test_any_body_gets_an_answer(version: Version) -> None:
    secret = "5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a01"
    with_acls = Simulator(Settings(version=version, acls=True, management_token=secret))
    without = Simulator(Settings(version=version))
    for simulator, table in ((without, BODIES), (with_acls, ACL_BODIES)):
        headers = Headers([("X-Consul-Token", secret)] if simulator is with_acls else [])
        for (method, path), shape in table.items():
            for _, put in places(shape):
                for value in _VALUES:
                    request = Request(method, path, headers=headers, body=json.dumps(put(value)).encode())
                    simulator.handle(request, 0.0)  # a bug would raise an exception here
            for path_of_one in (path, f"{path}/5f8d2b1e-0f5a-4a40-9d0c-5a1d7c6f0a02"):
                simulator.handle(Request("PUT", path_of_one, headers=headers, body=b"[" * 100_000), 0.0)
