"""Prepared queries."""

from __future__ import annotations

from scripts.recording.recorder import POWERLESS, Recorder

_UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

_SERVICE = {"Service": "db"}

_FULL = {
    "Name": "servers",
    "Service": {**_SERVICE, "Failover": {"NearestN": 2, "Datacenters": ["dc2"]}, "OnlyPassing": True, "Near": "_agent"},
    "DNS": {"TTL": "10s"},
}


def record(recorder: Recorder) -> None:
    """Record query.*."""
    recorder.prepare("PUT", "/v1/catalog/register", {
        "Node": "db1", "Address": "10.0.0.9", "Service": {"Service": "db", "Port": 5432, "Tags": ["v1"]}
    })  # fmt: skip
    query = _create(recorder)
    _read(recorder, query)
    _execute(recorder, query)
    _change(recorder, query)


def _create(recorder: Recorder) -> str:
    create, path = "query.create", "/v1/query"
    recorder.case("query.list", "none", path)
    made = recorder.case(create, "created", path, body=_FULL).json()
    recorder.case(create, "with-token", path, body={"Name": "private", "Service": _SERVICE, "Token": recorder.token(POWERLESS)})
    template = {"Type": "name_prefix_match", "Regexp": "^web-(.*)$", "RemoveEmptyTags": False}
    recorder.case(create, "template", path, body={"Name": "web-", "Service": {"Service": "${match(1)}"}, "Template": template})
    recorder.case(create, "no-name", path, body={"Service": _SERVICE}, status=500)
    recorder.case(create, "taken", path, body={"Name": "servers", "Service": _SERVICE}, status=500)
    recorder.case(create, "no-service", path, body={"Name": "n", "Service": {}}, status=500)
    recorder.case(create, "bad-template", path, body={"Name": "n", "Service": _SERVICE, "Template": {"Type": "other"}}, status=500)
    recorder.case(create, "unknown-session", path, body={"Session": _UNKNOWN, "Service": _SERVICE}, status=500)
    recorder.case(create, "not-json", path, body="{", status=400)
    recorder.case(create, "unknown-member", path, body={"Nmae": "n", "Service": _SERVICE}, status=400)
    recorder.denials(create, path, body={"Name": "n", "Service": _SERVICE})
    assert isinstance(made, dict)
    return str(made["ID"])


def _read(recorder: Recorder, query: str) -> None:
    recorder.case("query.list", "several", "/v1/query")
    recorder.denials("query.list", "/v1/query")
    recorder.case("query.read", "found", f"/v1/query/{query}")
    recorder.case("query.read", "unknown", f"/v1/query/{_UNKNOWN}", status=404)
    recorder.case("query.read", "by-name", "/v1/query/servers", status=500)
    recorder.denials("query.read", f"/v1/query/{query}")


def _execute(recorder: Recorder, query: str) -> None:
    execute, path = "query.execute", f"/v1/query/{query}/execute"
    recorder.case(execute, "by-id", path)
    recorder.case(execute, "by-name", "/v1/query/servers/execute", [("near", "_agent"), ("limit", "1")])
    recorder.case(execute, "template", "/v1/query/web-db/execute")
    recorder.case(execute, "cached", path, [("cached", None)])
    recorder.case(execute, "unknown", "/v1/query/nothing/execute", status=404)
    recorder.case(execute, "bad-limit", path, [("limit", "few")], status=500)
    recorder.case(execute, "bad-connect", path, [("connect", "some")], status=500)
    recorder.denials(execute, path)
    explain, path = "query.explain", f"/v1/query/{query}/explain"
    recorder.case(explain, "found", path)
    recorder.case(explain, "template", "/v1/query/web-db/explain")
    recorder.case(explain, "unknown", "/v1/query/nothing/explain", status=404)
    recorder.case(explain, "bad-limit", path, [("limit", "few")], status=500)
    recorder.denials(explain, path)


def _change(recorder: Recorder, query: str) -> None:
    body = {"Name": "servers", "Service": {**_SERVICE, "Tags": ["v1", "!old"]}}
    update, path = "query.update", f"/v1/query/{query}"
    recorder.case(update, "updated", path, body=body)
    recorder.case(update, "unknown", f"/v1/query/{_UNKNOWN}", body=body, status=500)
    recorder.case(update, "by-name", "/v1/query/servers", body=body, status=500)
    recorder.case(update, "not-json", path, body="{", status=400)
    recorder.denials(update, path, body=body)
    recorder.denials("query.delete", path)
    recorder.case("query.delete", "deleted", path)
    recorder.case("query.delete", "unknown", f"/v1/query/{_UNKNOWN}", status=500)
    recorder.case("query.delete", "by-name", "/v1/query/servers", status=500)
