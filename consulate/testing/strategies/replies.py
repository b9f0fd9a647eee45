"""Strategies for answers to an operation: well-formed, refusing, and malformed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from consul_proto.decode import nothing
from consul_proto.message import Headers, Response
from consul_proto.paths import key_of
from consul_proto.types.acl import LegacyACL
from consul_proto.types.area import Area
from consul_proto.types.catalog import AgentServiceChecksInfo, CatalogNode
from consul_proto.types.check import AgentCheck
from consul_proto.types.connect_ca import CARootList
from consul_proto.types.operator import AutopilotHealth, LicenseReply
from consul_proto.types.query import PreparedQuery
from consul_proto.types.service import AgentService
from consul_proto.types.session import SessionEntry
from consul_proto.types.txn import KVPair
from consulate.testing.strategies.arguments import keys, names
from consulate.testing.strategies.returns import returned_by
from consulate.testing.strategies.shapes import of_type

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from consul_proto.message import Request
    from consul_proto.operation import Operation

Json = Any
Answers = Callable[["Request"], "SearchStrategy[Response]"]

_UUIDS = st.uuids().map(str)
_BASE64 = st.none() | st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode())


def _response(status: int, value: Json, kind: str = "application/json", index: int = 1) -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    seen = [("X-Consul-Index", str(index)), ("X-Consul-Knownleader", "true"), ("X-Consul-Lastcontact", "0")]
    return Response(status, Headers([("Content-Type", kind), *seen, ("Content-Length", str(len(body)))]), body)


def _good(values: SearchStrategy[Any], *statuses: int) -> Answers:
    answers = st.builds(_response, st.sampled_from(statuses or (200,)), values, index=st.integers(1, 2**32))
    return lambda _request: answers


def _list_of(shape: Any, *statuses: int) -> Answers:
    return _good(st.lists(of_type(shape), max_size=2), *statuses)


def _dict_of(shape: Any) -> Answers:
    return _good(st.dictionaries(names(), of_type(shape), max_size=2))


def _entries(request: Request) -> SearchStrategy[Response]:
    """Return a strategy for answers to a read of keys. They contain only keys that the request asks for."""
    asked = {name for name, _ in request.query}
    prefix = key_of(request.path)
    below = st.sampled_from([prefix] if prefix else ["a"]) | keys(prefix)
    if "keys" in asked:
        found: SearchStrategy[Any] = st.lists(below, min_size=1, max_size=4, unique=True).map(sorted)
    else:
        several = "recurse" in asked
        one = st.builds(
            lambda pair, key, value: {**pair, "Key": key, "Value": value}, of_type(KVPair), below if several else st.just(prefix), _BASE64
        )
        found = st.lists(one, min_size=1, max_size=3 if several else 1, unique_by=lambda pair: str(pair["Key"]))
    return _good(found)(request) | _good(st.just(b""), 404)(request)


#: The verbs whose results contain the value, and the verbs without a result.
_READS, _SILENT = ("get", "get-tree", "get-or-empty"), ("delete", "delete-tree", "delete-cas")


def _transaction(request: Request) -> SearchStrategy[Response]:
    steps = [step.get("KV", {}) for step in json.loads(request.read_body() or b"[]")]
    results = [
        st.builds(
            lambda pair, value, key: {"KV": {**pair, "Key": key, "Value": value}},
            of_type(KVPair),
            _BASE64 if step.get("Verb") in _READS else st.none(),
            st.just(step.get("Key", "k")),
        )
        for step in steps
        if step.get("Verb") not in _SILENT
    ]
    done = st.tuples(*results).map(lambda found: {"Results": list(found), "Errors": None})
    places = st.integers(0, max(len(steps) - 1, 0))
    says = st.sampled_from(['key "k" doesn\'t exist', "index is stale", "Permission denied"])
    error = st.fixed_dictionaries({"OpIndex": places, "What": says})
    failed = st.lists(error, min_size=1, max_size=2).map(lambda errors: {"Results": None, "Errors": errors})
    return _good(done)(request) | _good(failed, 409)(request)


def _events(several: bool) -> Answers:
    event = st.fixed_dictionaries(
        {
            "ID": _UUIDS, "Name": names(), "Payload": _BASE64, "NodeFilter": st.just(""), "ServiceFilter": st.just(""),
            "TagFilter": st.just(""), "Version": st.just(1), "LTime": st.integers(0, 99),
        }
    )  # fmt: skip
    return _good(st.lists(event, max_size=2) if several else event)


def _roots(request: Request) -> SearchStrategy[Response]:
    if ("pem", "true") in request.query:
        pem = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
        return st.just(_response(200, pem, "application/pem-certificate-chain"))
    return _good(of_type(CARootList))(request)


def _license(request: Request) -> SearchStrategy[Response]:
    if ("signed", None) in request.query:
        return st.just(_response(200, b"02MV4UU43BK5HGYYTOJZ", "text/plain"))
    return _good(of_type(LicenseReply))(request)


_DONE = _good(st.just(b""))
_TRUE = _good(st.just(True))
_ID = _good(st.fixed_dictionaries({"ID": _UUIDS}))


def _member(name: str, values: SearchStrategy[Any]) -> Answers:
    return _good(st.fixed_dictionaries({name: values}))


#: The operations whose answers cannot be derived from what their methods return.
_ANSWERS: dict[str, Answers] = {
    "acl.legacy.create": _ID,
    "acl.legacy.update": _ID,
    "acl.legacy.info": _good(st.lists(of_type(LegacyACL), max_size=1)),
    "acl.legacy.list": _list_of(LegacyACL),
    "acl.legacy.clone": _ID,
    "acl.legacy.destroy": _TRUE,
    "agent.check.list": _dict_of(AgentCheck),
    "agent.service.health_by_id": _good(of_type(AgentServiceChecksInfo), 200, 429, 503),
    "agent.service.health_by_name": _list_of(AgentServiceChecksInfo, 200, 429, 503),
    "agent.service.list": _dict_of(AgentService),
    "catalog.datacenters": _good(st.lists(names(), min_size=1, max_size=2)),
    "catalog.deregister": _TRUE,
    "catalog.node": _good(st.none() | of_type(CatalogNode)),
    "catalog.register": _TRUE,
    "catalog.services": _good(st.dictionaries(names(), st.lists(names(), max_size=2), max_size=3)),
    "connect.ca.roots": _roots,
    "connect.intentions.check": _member("Allowed", st.booleans()),
    "connect.intentions.create": _ID,
    "connect.intentions.update": _ID,
    "event.fire": _events(several=False),
    "event.list": _events(several=True),
    "internal.ui.metrics_proxy": _good(st.binary(max_size=12)),
    "kv.delete": _good(st.booleans()),
    "kv.get": _entries,
    "kv.put": _good(st.booleans()),
    "namespace.delete": _DONE,
    "operator.area.create": _ID,
    "operator.area.read": _good(st.lists(of_type(Area), max_size=1)),
    "operator.area.update": _ID,
    "operator.audit_hash": _member("Hash", st.just("hmac_sha256:00")),
    "operator.autopilot.health": _good(of_type(AutopilotHealth), 200, 429),
    "operator.license.get": _license,
    "operator.raft.transfer_leader": _member("Success", st.booleans()),
    "operator.utilization": _good(st.dictionaries(names(), st.integers(0, 9), max_size=2)),
    "peering.establish": _good(st.just({})),
    "peering.generate_token": _member("PeeringToken", _BASE64.filter(bool)),
    "query.create": _ID,
    "query.read": _good(st.lists(of_type(PreparedQuery), min_size=1, max_size=1)),
    "session.create": _ID,
    "session.destroy": _TRUE,
    "session.info": _good(st.lists(of_type(SessionEntry), max_size=1)),
    "session.renew": _good(st.lists(of_type(SessionEntry), min_size=1, max_size=1)),
    "status.leader": _good(st.sampled_from(("127.0.0.1:8300", ""))),
    "status.peers": _good(st.lists(st.just("127.0.0.1:8300"), max_size=3)),
    "txn": _transaction,
}

#: Refusals that any call can get, in Consul's words. https://developer.hashicorp.com/consul/api-docs/api-structure
_REFUSALS = (
    (400, b"Bad request"),
    (403, b"Permission denied"),
    (403, b"ACL not found"),
    (429, b"rate limit exceeded, try again later or against a different server"),
    (500, b"No cluster leader"),
    (500, b"rpc error making call: No cluster leader"),
    (500, b"No path to datacenter"),
    (503, b"rate limit exceeded for operation that can only be performed by the leader, try again later"),
)


def answers(operation: Operation[Any]) -> SearchStrategy[Response]:
    """Return a strategy for well-formed answers to an operation: success, or an object that does not exist.

    An operation that is not in the API, such as your own, gets an empty 200, as Consul answers many writes.
    """
    if operation.name in _ANSWERS:
        return _ANSWERS[operation.name](operation.request)
    returned = None if operation.read is nothing else returned_by(operation.name)
    return (_DONE if returned is None else _good(returned))(operation.request)


def refusals() -> SearchStrategy[Response]:
    """Return a strategy for well-formed answers that refuse any call: no permission, no leader, too many requests, and so on."""
    return st.sampled_from([_response(status, body, "text/plain; charset=utf-8") for status, body in _REFUSALS])


#: JSON with a shape that no answer has.
_STRANGE: tuple[Json, ...] = (None, 42, -1.5, "text", True, [], {}, [1], [None], [[]], {"a": 1}, {"ID": 3}, [{"Key": 1}], {"Results": 1})

#: Bytes that are not valid answers.
_GARBAGE = (b"", b"\x00", b"\xff\xfe[]", b"[{]", b"NaN", b"[" * 5000, b"<html><body>Please log in</body></html>", b"1" * 5000)


def _other_member(value: Json, path: int, other: Json) -> Json:
    """Return the value with one of its members, at any depth, replaced. path: the position of the member in a walk through the value."""
    places: list[tuple[Any, Any]] = []

    def walk(inside: Json) -> None:
        for key in list(inside) if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ():
            places.append((inside, key))
            walk(inside[key])

    value = json.loads(json.dumps(value))
    walk(value)
    if not places:
        return other
    container, key = places[path % len(places)]
    container[key] = other
    return value


def _malform(answer: Response) -> SearchStrategy[Response]:
    """Return a strategy for answers that differ from this one in one place."""

    def body(data: bytes) -> Response:
        headers = [(name, value) for name, value in answer.headers if name != "content-length"]
        return replace(answer, headers=Headers(headers), body=data)

    kinds: list[SearchStrategy[Response]] = [
        st.sampled_from(_GARBAGE).map(body),
        st.sampled_from(_STRANGE).map(lambda value: body(json.dumps(value).encode())),
        st.integers(0, max(len(answer.body) - 1, 0)).map(lambda length: body(answer.body[:length])),
        st.integers(100, 999).map(lambda status: replace(answer, status=status)),
    ]
    with suppress(ValueError):  # the answers of some calls are any bytes
        value = json.loads(answer.body)
        other = st.builds(_other_member, st.just(value), st.integers(0, 1000), st.sampled_from(_STRANGE))
        kinds.append(other.map(lambda spoiled: body(json.dumps(spoiled).encode())))
    return st.one_of(kinds)


def malformed_answers(operation: Operation[Any]) -> SearchStrategy[Response]:
    """Return a strategy for answers that Consul never gives: cut off, of another shape or status, not JSON, a member of another type.

    Some of them can still be decoded, if the decoder does not use the wrong part.
    """
    return answers(operation).flatmap(_malform)
