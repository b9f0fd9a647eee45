"""Recorded answers of real Consuls: exact values, and for each documented error its exception."""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consul_proto import errors
from consul_proto.api import Operations
from consul_proto.errors import ConsulateException
from consul_proto.failures import error_for
from consul_proto.json_decoder import Decode, decode_by_json, msgspec_decoder
from consul_proto.message import Headers, Request, Response
from tests.proto.flows import FLOWS
from tests.proto.golden.row import AnswerRow
from tests.proto.golden.rows import ANSWERS as ROWS
from tests.proto.manifest import CALLS, Call
from tests.proto.test_golden_requests import _MANIFEST

#: Row of the manifest -> its operation.
_OPERATIONS = {call.row["id"]: call.operation() for call in CALLS}

_SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*/*.json"))

#: Words that mean more than their status.
_SAID: dict[bytes, type[ConsulateException]] = {
    b"Coordinate support disabled": errors.ClientError,
    b"Cannot modify non-existent ": errors.NotFound,
    b"Cannot delete non-existent ": errors.NotFound,
    b" is not enabled": errors.ClientError,
    b"requires Consul Enterprise": errors.ClientError,
    b" keyring denied ": errors.Forbidden,
}

#: What Consul before 1.9 takes for a call by ID.
_BY_NAME = {"connect.intentions.upsert", "connect.intentions.read_exact", "connect.intentions.delete_exact"}

#: Status -> the exception, and what it says of `maybe_applied`. 429 and 503 of local health are results.
_KINDS: dict[int, tuple[type[ConsulateException], bool]] = {
    301: (errors.Redirected, False),
    307: (errors.Redirected, False),
    400: (errors.ClientError, False),
    401: (errors.ACLDisabled, False),
    403: (errors.Forbidden, False),
    404: (errors.NotFound, False),  # where it says so in words
    405: (errors.ClientError, False),
    409: (errors.ClientError, False),
    410: (errors.LegacyACLRemoved, False),
    413: (errors.ClientError, False),
    415: (errors.ClientError, False),
    429: (errors.RateLimited, False),
    500: (errors.ServerError, True),
}


#: "operation status body" -> the exception of ACL calls whose status does not say what the answer means.
_ACL_KINDS: dict[str, type[ConsulateException]] = {
    r"acl\.token\.(read|clone) 403 token does not exist: ACL not found": errors.NotFound,
    r"acl\.\w+\.update 500 [Cc]annot find .*": errors.NotFound,
    r"acl\.templated_policy\.\w+ 400 (Invalid templated policy Name: .*|templated policy .* does not exist)": errors.NotFound,
    r"acl\.login 403 ACL not found.*": errors.NotFound,
    r"acl\.(logout|token\.self) (401|404) Supplied token does not exist": errors.Forbidden,
    r"acl\.(role|binding_rule|auth_method)\.read\w* 404 \(empty, Vary\)": errors.NotFound,
}


@pytest.mark.parametrize("decoder", [decode_by_json, msgspec_decoder(msgspec)], ids=["json", "msgspec"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_answer_gives_its_value(row: AnswerRow, decoder: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consul_proto.message.best_decoder", lambda: decoder)
    operation = row.call(Operations())
    value = operation.decode(Response(row.status, Headers([("X-Consul-Index", "7")]), row.body))
    assert value == row.value
    assert type(value) is type(row.value)


#: Operations without a recorded answer: it is empty, or tells about the machine that it was recorded on.
_UNRECORDED = {"agent.host", "agent.leave", "agent.metrics", "agent.reload", "agent.version"}


def test_every_operation_has_an_answer() -> None:
    operations = {call.operation().name for call in CALLS if call.name not in FLOWS}
    assert len(operations) >= 42
    assert operations - {row.operation for row in ROWS} == _UNRECORDED


def _recorded(path: Path) -> tuple[dict[str, Any], Request, Response]:
    sample = json.loads(path.read_text())
    body = base64.b64decode(sample["body_base64"]) if "body_base64" in sample else sample["body"].encode()
    asked = sample["request"]
    return sample, Request(asked["method"], "/v1/" + sample["operation"]), Response(sample["status"], Headers(sample["headers"]), body)


#: Operations that say with an empty 404 that something does not exist. Only a header tells the agent from a proxy.
_EMPTY_404 = {"coordinate.node", "internal.federation_state.get", "internal.ui.node"}


def _expected(sample: dict[str, Any], body: bytes) -> tuple[type[ConsulateException], bool]:
    is_varying = ["Vary", "Accept-Encoding"] in sample.get("headers", [])
    text = body.decode().strip() or ("(empty, Vary)" if is_varying else "")
    for answer, kind in _ACL_KINDS.items():
        if re.fullmatch(answer, f"{sample['operation']} {sample['status']} {text}"):
            return kind, False
    if sample["operation"].startswith("acl.legacy") and b"Invalid URL path" in body:
        return errors.LegacyACLRemoved, False
    if sample["status"] == 403 and not body:
        return errors.ClientError, False  # of the metrics proxy
    if (
        sample["operation"] in _EMPTY_404
        and (sample["status"], body) == (404, b"")
        and any(name.startswith("X-Consul-") for name, _ in sample.get("headers", ()))
    ):
        return errors.NotFound, False
    if sample["status"] == 404 and (not body or body[:1] in b"[{"):
        return errors.ClientError, False  # a result of the operation that it belongs to, an error anywhere else
    if sample["status"] == 404 and body.startswith(b"Must provide"):
        return errors.ClientError, False  # a path without a name: nothing was looked for
    if sample["status"] == 500 and body.startswith((b"ACL not found", b"Permission denied")):
        return errors.Forbidden, False
    if sample["operation"] in _BY_NAME and b"UUID must be 36 characters" in body:
        return errors.ClientError, False
    said = next((kind for words, kind in _SAID.items() if words in body), None)
    if said is not None:
        return said, False
    return _KINDS[sample["status"]]


def test_recorded_errors() -> None:
    """All that two real agents said no with, hundreds of times."""
    seen: Counter[type[ConsulateException]] = Counter()
    for path in _SAMPLES:
        sample, request, response = _recorded(path)
        is_result = response.status == 200 or (".health_by_" in sample["operation"] and response.status in (404, 429, 503))
        is_result |= (sample["operation"], response.status) == ("operator.autopilot.health", 429)
        if is_result:
            continue
        error = error_for(request, response, _OPERATIONS[sample["operation"]].explain)
        kind, maybe_applied = _expected(sample, response.body)
        assert type(error) is kind, path
        assert error.maybe_applied is maybe_applied, path
        assert (error.status, error.body, error.method) == (response.status, response.body, request.method)
        assert str(error).startswith(f"{request.method} {request.path}: {response.status} "), path
        seen[kind] += 1
    assert set(seen) == {
        errors.Redirected, errors.ClientError, errors.ACLDisabled, errors.Forbidden,
        errors.NotFound, errors.LegacyACLRemoved, errors.ServerError,
    }  # fmt: skip
    assert seen.total() > 500


def _documented(entry: dict[str, Any], status: int, body: str) -> tuple[type[ConsulateException], bool]:
    if "No cluster leader" in body:
        return errors.NoLeader, False
    return _expected({"operation": entry["id"], "status": status}, body.encode())


@pytest.mark.parametrize("entry", [entry for entry in _MANIFEST if entry["id"] in _OPERATIONS], ids=lambda entry: str(entry["id"]))
def test_documented_errors(entry: dict[str, Any]) -> None:
    """Each error that the manifest has for an operation, with Consul's words in its text."""
    for documented in entry["errors"]:
        status, body = documented["status"], documented["body"]
        if ".health_by_" in entry["id"] and status in (429, 503):
            continue  # a result
        kind, maybe_applied = _documented(entry, status, body)
        error = error_for(
            Request(entry["method"], entry["path"].replace("{", "").replace("}", "")),
            Response(status, Headers([("Location", "/v1/kv/k")] if status in (301, 307) else ()), body.encode()),
            _OPERATIONS[entry["id"]].explain,
        )
        assert type(error) is kind, documented
        assert error.maybe_applied is maybe_applied, documented
        assert not body or body.startswith("<") or status in (301, 307) or body.split()[0][:20] in str(error)


@pytest.mark.parametrize("path", [path for path in _SAMPLES if path.parent.name == "kv.get"], ids=lambda path: str(path.stem))
def test_a_missing_key_is_an_answer(path: Path) -> None:
    sample, _, response = _recorded(path)
    if sample["status"] == 404:
        kv = Operations().kv
        assert kv.get("k", "fallback").decode(response) == "fallback"
        assert (kv.contains("k").decode(response), kv.keys().decode(response), kv.count().decode(response)) == (False, [], 0)
        assert kv.items().decode(response) == {}
        with pytest.raises(errors.KeyNotFound, match="404 no key 'k'"):
            kv.read("k").decode(response)


#: Answers with 404 that a proxy gives, or Consul for an address that is none of its endpoints. (1.8.7 says nothing there.)
_OTHERS = [
    Response(404),
    Response(404, Headers([("Content-Type", "text/html")]), b"<html>404 Not Found</html>"),
    Response(404, Headers([("X-Consul-Index", "7")]), b"<html>404 Not Found</html>"),
    Response(404, body=b"404 page not found\n"),
    Response(404, body=b"Not Found"),
    Response(404, body=b"default backend - 404"),
    Response(404, body=b'{"message": "no Route matched; not found"}'),
    Response(404, body=b"Invalid URL path: not a recognized HTTP API endpoint\n"),
    Response(404, body=b"Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'\n"),
]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_404_that_is_of_a_proxy_or_no_endpoint_is_never_not_found(call: Call) -> None:
    operation = call.operation()
    for response in _OTHERS:
        legacy = call.row["group"] == "acl.legacy" and b"Invalid URL path" in response.body
        with pytest.raises(errors.ConsulateException) as raised:
            operation.decode(response)
        assert not isinstance(raised.value, errors.NotFound)
        assert isinstance(raised.value, errors.LegacyACLRemoved) is legacy
        assert isinstance(raised.value, errors.ClientError | errors.DecodeError)
        assert raised.value.status == 404
        if not legacy and isinstance(raised.value, errors.ClientError):
            assert "something other than Consul" in str(raised.value)


def test_what_a_404_for_a_key_says() -> None:
    get = Operations().kv.get("a/b")
    with pytest.raises(errors.ClientError) as raised:
        get.decode(Response(404, Headers([("Content-Type", "text/html")]), b"<html>"))
    assert str(raised.value) == (
        "GET /v1/kv/a/b: 404 something other than Consul's KV store answered: an HTML page of 6 bytes, so a proxy answered rather than "
        "Consul; check the address of the agent, and any proxy before it"
    )
    with pytest.raises(errors.ClientError, match="404 something other than Consul's KV store answered: no X-Consul-Index; check"):
        get.decode(Response(404))


def test_only_calls_of_the_legacy_acl_system_are_gone() -> None:
    for call in CALLS:
        response = Response(410, body=b"Endpoint /v1/acl/<verb> for the legacy ACL system was removed in Consul 1.11.")
        with pytest.raises(errors.ClientError) as raised:
            call.operation().decode(response)
        assert isinstance(raised.value, errors.LegacyACLRemoved) is (call.row["group"] == "acl.legacy")
    with pytest.raises(errors.Forbidden):
        Operations().acl.legacy.list().decode(Response(403, body=b"Permission denied"))


class TestTransactions:
    api = Operations()

    def _decode(self, status: int, body: bytes) -> Any:
        return self.api.txn.commit([]).decode(Response(status, body=body))

    def test_rolled_back(self) -> None:
        body = b'{"Results": null, "Errors": [{"OpIndex": 1, "What": "index is stale"}]}'
        with pytest.raises(errors.TransactionFailed, match="operation 1: index is stale") as raised:
            self._decode(409, body)
        assert raised.value.errors == [{"OpIndex": 1, "What": "index is stale"}]
        assert (raised.value.status, raised.value.path, raised.value.maybe_applied) == (409, "/v1/txn", False)

    def test_permission_denied(self) -> None:
        with pytest.raises(errors.Forbidden, match="Permission denied"):
            self._decode(409, b'{"Results": null, "Errors": [{"OpIndex": 0, "What": "Permission denied: token lacks"}]}')

    @pytest.mark.parametrize("body", [b"{}", b"[]", b'{"Errors": []}', b'{"Errors": [1]}', b'{"Errors": [{"OpIndex": "x", "What": "y"}]}'])
    def test_a_failure_of_another_shape(self, body: bytes) -> None:
        with pytest.raises(errors.DecodeError):
            self._decode(409, body)

    @pytest.mark.parametrize("body", [b"17", b'{"Results": 1}', b'{"Results": [1]}'])
    def test_results_of_another_shape(self, body: bytes) -> None:
        with pytest.raises(errors.DecodeError):
            self._decode(200, body)

    def test_a_delete_that_fails_for_another_reason(self) -> None:
        operation = self.api.kv.delete("k")
        for what, kind in {"Permission denied": errors.Forbidden, "something": errors.TransactionFailed}.items():
            body = json.dumps({"Errors": [{"OpIndex": 1, "What": what}]}).encode()
            with pytest.raises(kind):
                operation.decode(Response(409, body=body))
        with pytest.raises(errors.KeyNotFound, match="no key 'k'"):
            operation.decode(Response(409, body=b'{"Errors": [{"OpIndex": 0, "What": "key \\"k\\" doesn\'t exist"}]}'))


class TestGetAs:
    """What `kv.get_as` makes of stored bytes."""

    api = Operations()

    def _stored(self, stored: bytes) -> Response:
        entry = {"Key": "k", "Flags": 0, "ModifyIndex": 1, "Value": base64.b64encode(stored).decode()}
        return Response(200, body=json.dumps([entry]).encode())

    @pytest.mark.parametrize(
        ("kind", "stored", "value"),
        [
            (str, b"1234", "1234"),
            (str, b"", ""),
            (str, b"true", "true"),
            (bytes, b"\xff", b"\xff"),
            (int, b"1234", 1234),
            (int, b" -7\n", -7),
            (float, b"1.50", 1.5),
            (float, b"2", 2.0),
            (bool, b"true", True),
            (bool, b"false\n", False),
            (dict, b'{"a":1}', {"a": 1}),
            (list, b"[1,2]", [1, 2]),
        ],
    )
    def test_a_value_that_fits(self, kind: Any, stored: bytes, value: object) -> None:
        found = self.api.kv.get_as("k", kind).decode(self._stored(stored))
        assert (found, type(found)) == (value, kind)

    @pytest.mark.parametrize(
        ("kind", "stored", "expected"),
        [
            (str, b"\xff", "UTF-8 text"),
            *[(int, stored, "a whole number") for stored in (b"", b"1.0", b"true", b"x", b"007", b"1_0", b"\xff", b"9" * 5000)],
            *[(float, stored, "a number") for stored in (b"", b"NaN", b"-Infinity", b"1e999", b"true", b'"1"', b"9" * 400)],
            *[(bool, stored, "true or false") for stored in (b"1", b"True", b"yes", b"null")],
            *[(dict, stored, "a JSON object") for stored in (b"[]", b"null", b"{", b'{"a": ' * 600)],
            *[(list, stored, "a JSON array") for stored in (b"{}", b"a,b", b"[" * 100_000)],
        ],
    )
    def test_a_value_that_does_not_fit(self, kind: Any, stored: bytes, expected: str) -> None:
        with pytest.raises(errors.DecodeError) as raised:
            self.api.kv.get_as("k", kind, "default").decode(self._stored(stored))
        says = f"the value of 'k' is not a {kind.__name__}: expected {expected}"
        assert says in str(raised.value)
        assert f"found {len(stored)} bytes" in str(raised.value)
        assert raised.value.maybe_applied is False

    def test_a_missing_key(self) -> None:
        missing = Response(404, Headers([("X-Consul-Index", "7")]))
        assert self.api.kv.get_as("k", int).decode(missing) is None
        assert self.api.kv.get_as("k", int, "none").decode(missing) == "none"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (403, b"ACL not found", "Consul does not know this token"),
        (500, b"rpc error making call: ACL not found", "Consul does not know this token"),
        (403, b"Permission denied: token wasn't created via login", "only a token that acl.login returned can log out"),
        (403, b"Permission denied: ACL bootstrap no longer allowed (reset index: 5)", "this works once for each cluster"),
        (403, b"a new peering token must be generated: invalid peering establishment secret", "call peering.generate_token again there"),
        (403, b"Permission denied", "give a token that has the rule"),
    ],
)
def test_the_advice_about_tokens(status: int, body: bytes, says: str) -> None:
    with pytest.raises(errors.Forbidden) as raised:
        Operations().request("PUT", "/v1/acl/bootstrap").decode(Response(status, body=body))
    assert says in str(raised.value)
    assert ("has the rule" in str(raised.value)) == (body == b"Permission denied")
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


@pytest.mark.parametrize(
    ("what", "kind"), [("Permission denied", errors.Forbidden), ("something else", errors.TransactionFailed)], ids=["forbidden", "failed"]
)
def test_a_key_without_a_path_whose_transaction_fails(what: str, kind: type[Exception]) -> None:
    body = json.dumps({"Errors": [{"OpIndex": 0, "What": what}]}).encode()
    kv = Operations().kv
    for operation in (kv.get("a//b"), kv.items("a//"), kv.delete("a//b", cas=7), kv.delete("a//", recurse=True)):
        with pytest.raises(kind, match=f"operation 0: {what}"):
            operation.decode(Response(409, body=body))


def test_what_is_missing_is_not_told_by_the_status_of_another_answer() -> None:
    api = Operations()
    for operation, status, body in (
        (api.session.info("s"), 200, b"[]"),
        (api.session.renew("s"), 200, b"[]"),
        (api.catalog.node("n"), 200, b"null"),
        (api.acl.legacy.info("i"), 200, b"[]"),
        (api.kv.delete("k"), 409, b'{"Errors": [{"OpIndex": 0, "What": "key \\"k\\" doesn\'t exist"}]}'),
        (api.kv.read("a//b"), 409, b'{"Errors": [{"OpIndex": 0, "What": "key \\"a//b\\" doesn\'t exist"}]}'),
    ):
        with pytest.raises(errors.NotFound) as raised:
            operation.decode(Response(status, body=body))
        assert raised.value.status == status
        assert str(status) not in str(raised.value)
    with pytest.raises(errors.NotFound, match="404 "):
        api.agent.service.get("s").decode(Response(404, body=b"unknown service ID: s"))


@pytest.mark.parametrize(
    ("call", "location", "says"),
    [
        (lambda api: api.kv.put("/x", 1), "/v1/kv/x", "redirects to /v1/kv/x and did nothing; use the name in that address"),
        (lambda api: api.agent.service.get("a//b"), "/v1/agent/service/a/b", "must not have an empty, '.' or '..' part"),
        (lambda api: api.agent.service.get("a//b"), "/v1/agent/service/a/b", "as 'a//b' has; use another name, or a newer agent"),
        (lambda api: api.agent.service.get("."), "/v1/agent/service/", "as '.' has"),
        (lambda api: api.acl.legacy.info("a//b"), "/v1/acl/info/a/b", "as this one has"),
    ],
)
def test_what_a_redirect_says(call: Any, location: str, says: str) -> None:
    with pytest.raises(errors.Redirected) as raised:
        call(Operations()).decode(Response(301, Headers([("Location", location)])))
    assert says in str(raised.value)


def test_a_character_that_the_agent_does_not_know() -> None:
    with pytest.raises(errors.ClientError, match="cannot print a character of the path; older agents know fewer"):
        Operations().kv.put("\U0001fae8", 1).decode(Response(400))
    with pytest.raises(errors.ClientError, match="refused without an explanation$"):
        Operations().kv.put("k", 1).decode(Response(400))


def test_what_does_not_exist() -> None:
    api = Operations()
    for operation, status, body in (
        (api.kv.read("k"), 404, b""),
        (api.kv.get_record("k"), 404, b""),
        (api.session.info("s"), 200, b"[]"),
        (api.session.renew("s"), 404, b"Session id 's' not found"),
        (api.catalog.node("n"), 200, b"null"),
        (api.acl.legacy.info("i"), 200, b"[]"),
        (api.agent.service.get("s"), 404, b"unknown service ID: s"),
        (api.agent.service.health_by_id("s"), 404, b'{"AggregatedStatus": "critical", "Service": null, "Checks": null}'),
    ):
        with pytest.raises(errors.NotFound) as raised:
            operation.decode(Response(status, Headers([("X-Consul-Index", "7")]), body))
        assert raised.value.maybe_applied is False
        assert raised.value.method in ("GET", "PUT")
    assert api.agent.service.health_by_name("s").decode(Response(404, body=b"[]")) == []
