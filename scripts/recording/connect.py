"""The service mesh: its certificate authority, intentions, and the agent's part."""

from __future__ import annotations

from scripts.recording.recorder import ANONYMOUS, ELSEWHERE, UNKNOWN, Recorder

_UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

_PATH = "/v1/connect/intentions"
_EXACT = _PATH + "/exact"

#: The SPIFFE ID of the service web. The trust domain does not matter here.
_WEB = "spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web"


def record(recorder: Recorder) -> None:
    """Record connect.* and agent.connect.*."""
    _authority(recorder)
    intention = _create(recorder)
    _by_id(recorder, intention)
    _by_name(recorder)
    _questions(recorder)
    _agent(recorder)
    _delete(recorder, intention)


def _authority(recorder: Recorder) -> None:
    roots, path = "connect.ca.roots", "/v1/connect/ca/roots"
    found = recorder.case(roots, "found", path)
    recorder.case(roots, "wait-over", path, [("index", found.index()), ("wait", "10ms")])
    recorder.case(roots, "pem", path, [("pem", "true")])
    recorder.case(roots, "bad-pem", path, [("pem", "some")], status=400)
    recorder.denials(roots, path)
    recorder.case("agent.connect.ca_roots", "found", "/v1/agent/connect/ca/roots")
    recorder.denials("agent.connect.ca_roots", "/v1/agent/connect/ca/roots")
    change, path = "connect.ca.config_set", "/v1/connect/ca/configuration"
    recorder.case("connect.ca.config_get", "found", path)
    recorder.denials("connect.ca.config_get", path)
    body = {"Provider": "consul", "Config": {"LeafCertTTL": "72h"}}
    recorder.case(change, "changed", path, body=body)
    recorder.case(change, "other-state", path, body={**body, "State": {"a": "b"}}, status=400)
    recorder.case(change, "unknown-provider", path, body={"Provider": "nobody", "Config": {}}, status=500)
    recorder.case(change, "bad-key", path, body={"Provider": "consul", "Config": {"PrivateKey": "no key"}}, status=500)
    recorder.case(change, "not-json", path, body="{", status=400)
    recorder.denials(change, path, body=body)


def _refusals_of_tokens(recorder: Recorder, operation: str, path: str, query: list[tuple[str, str]], body: object = None) -> None:
    """Record the answers to wrong tokens, and to an unknown datacenter: since 1.9, intentions are written in the primary one."""
    recorder.case(operation, "no-token", path, query, body, status=None, token=ANONYMOUS)
    recorder.case(operation, "unknown-token", path, query, body, status=403, token=UNKNOWN)
    recorder.case(operation, "unknown-dc", path, [*query, ("dc", ELSEWHERE)], body, status=500 if recorder.old else 200)


def _create(recorder: Recorder) -> str:
    create = "connect.intentions.create"
    recorder.case("connect.intentions.list", "none", _PATH)
    body = {"SourceName": "web", "DestinationName": "db", "Action": "allow"}
    made = recorder.case(create, "created", _PATH, body={**body, "Description": "orders", "Meta": {"team": "blue"}}).json()
    recorder.case(create, "exists", _PATH, body=body, status=500)
    recorder.case(create, "bad-action", _PATH, body={**body, "Action": "maybe"}, status=500)
    recorder.case(create, "no-source", _PATH, body={"DestinationName": "db", "Action": "allow"}, status=500)
    recorder.case(create, "permissions", _PATH, body={**body, "Permissions": [{"Action": "allow"}]}, status=500)
    recorder.case(create, "not-json", _PATH, body="{", status=500)
    _refusals_of_tokens(recorder, create, _PATH, [], {**body, "SourceName": "cron"})
    recorder.case("connect.intentions.list", "several", _PATH)
    recorder.case("connect.intentions.list", "filtered", _PATH, [("filter", 'Action == "deny"')])
    recorder.case("connect.intentions.list", "bad-filter", _PATH, [("filter", "x")], status=500)
    recorder.denials("connect.intentions.list", _PATH)
    assert isinstance(made, dict)
    return str(made["ID"])


def _by_id(recorder: Recorder, intention: str) -> None:
    read, update, path = "connect.intentions.read", "connect.intentions.update", f"{_PATH}/{intention}"
    recorder.case(read, "found", path)
    recorder.case(read, "unknown", f"{_PATH}/{_UNKNOWN}", status=404)
    recorder.case(read, "not-a-uuid", f"{_PATH}/x", status=400)
    recorder.denials(read, path)
    body = {"SourceName": "web", "DestinationName": "db", "Action": "deny"}
    recorder.case(update, "updated", path, body=body)
    recorder.case(update, "unknown", f"{_PATH}/{_UNKNOWN}", body=body, status=500)
    recorder.case(update, "other-destination", path, body={**body, "DestinationName": "cache"}, status=200 if recorder.old else 500)
    recorder.case(update, "not-json", path, body="{", status=400)
    _refusals_of_tokens(recorder, update, path, [], body)
    recorder.prepare("PUT", path, {**body, "Action": "allow"})


def _by_name(recorder: Recorder) -> None:
    """Record the calls that Consul 1.8 does not have: it takes "exact" for an ID."""
    upsert, read, delete = (f"connect.intentions.{name}" for name in ("upsert", "read_exact", "delete_exact"))
    pair = [("source", "web"), ("destination", "cache")]
    body = {"SourceName": "web", "DestinationName": "cache", "Action": "allow"}
    found = 500 if recorder.old else 200
    recorder.case(upsert, "created", _EXACT, pair, body, status=found)
    recorder.case(upsert, "bad-action", _EXACT, pair, {**body, "Action": "maybe"}, status=500)
    recorder.case(upsert, "no-action", _EXACT, pair, {"SourceName": "web", "DestinationName": "cache"}, status=500)
    recorder.case(upsert, "no-destination", _EXACT, pair[:1], body, status=500)
    recorder.case(upsert, "not-json", _EXACT, pair, "{", status=400)
    recorder.case(upsert, "unknown-member", _EXACT, pair, {**body, "Atcion": "deny"}, status=400)
    _refusals_of_tokens(recorder, upsert, _EXACT, pair, body)
    recorder.prepare("PUT", "/v1/config", {"Kind": "service-defaults", "Name": "api", "Protocol": "http"})
    to_api = [("source", "web"), ("destination", "api")]
    http = {"PathPrefix": "/v1/", "Methods": ["GET"], "Header": [{"Name": "x-team", "Exact": "blue"}]}
    permissions = {"SourceName": "web", "DestinationName": "api", "Permissions": [{"Action": "allow", "HTTP": http}]}
    recorder.case(upsert, "permissions", _EXACT, to_api, permissions, status=400 if recorder.old else 200)
    missing = 400 if recorder.old else 404
    recorder.case(read, "found", _EXACT, pair, status=400 if recorder.old else 200)
    recorder.case(read, "permissions", _EXACT, to_api, status=400 if recorder.old else 200)
    recorder.case(read, "unknown", _EXACT, [("source", "web"), ("destination", "nothing")], status=missing)
    recorder.case(read, "no-source", _EXACT, pair[1:], status=400 if recorder.old else 500)
    recorder.denials(read, _EXACT, pair)
    recorder.case(delete, "no-destination", _EXACT, pair[:1], status=500)
    _refusals_of_tokens(recorder, delete, _EXACT, pair)
    recorder.case(delete, "missing", _EXACT, pair, status=found)


def _questions(recorder: Recorder) -> None:
    match, check = "connect.intentions.match", "connect.intentions.check"
    path = f"{_PATH}/match"
    recorder.case(match, "by-source", path, [("by", "source"), ("name", "web")])
    recorder.case(match, "several", path, [("by", "destination"), ("name", "db"), ("name", "nothing")])
    recorder.case(match, "no-side", path, [("name", "web")], status=500)
    recorder.case(match, "bad-side", path, [("by", "both"), ("name", "web")], status=500)
    recorder.case(match, "no-name", path, [("by", "source")], status=500)
    recorder.denials(match, path, [("by", "source"), ("name", "web")])
    path, pair = f"{_PATH}/check", [("source", "web"), ("destination", "db")]
    recorder.case(check, "allowed", path, pair)
    recorder.case(check, "denied", path, [("source", "nothing"), ("destination", "db")])
    recorder.case(check, "no-source", path, pair[1:], status=500)
    recorder.case(check, "no-destination", path, pair[:1], status=500)
    recorder.case(check, "bad-type", path, [*pair, ("source-type", "other")], status=500)
    recorder.denials(check, path, pair)


def _agent(recorder: Recorder) -> None:
    authorize, path = "agent.connect.authorize", "/v1/agent/connect/authorize"
    recorder.case(authorize, "allowed", path, body={"Target": "db", "ClientCertURI": _WEB, "ClientCertSerial": "01"})
    recorder.case(authorize, "denied", path, body={"Target": "nothing", "ClientCertURI": _WEB})
    recorder.case(authorize, "no-target", path, body={"ClientCertURI": _WEB}, status=400)
    recorder.case(authorize, "bad-uri", path, body={"Target": "db", "ClientCertURI": "web"}, status=400)
    recorder.case(authorize, "not-json", path, body="{", status=400)
    recorder.denials(authorize, path, body={"Target": "db", "ClientCertURI": _WEB})
    # An agent that has cached a certificate gives it to any caller (1.22.5), so others are asked for first.
    recorder.denials("agent.connect.ca_leaf", "/v1/agent/connect/ca/leaf/unasked")
    recorder.case("agent.connect.ca_leaf", "found", "/v1/agent/connect/ca/leaf/web")


def _delete(recorder: Recorder, intention: str) -> None:
    delete, path = "connect.intentions.delete", f"{_PATH}/{intention}"
    recorder.case(delete, "no-token", path, status=403, token=ANONYMOUS)
    recorder.case(delete, "unknown-token", path, status=403, token=UNKNOWN)
    recorder.case(delete, "deleted", path)
    recorder.case(delete, "unknown", f"{_PATH}/{_UNKNOWN}", status=500)
    recorder.case(delete, "unknown-dc", path, [("dc", ELSEWHERE)], status=500)
    recorder.case(delete, "not-a-uuid", f"{_PATH}/x", status=500)
