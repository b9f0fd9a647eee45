"""Answers of an agent with ACLs, coordinates and the service mesh off. Its limits are small, and so are the samples of "too large"."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.recording.recorder import Recorder

#: The limits of a value and of the body of a transaction, in bytes.
LIMITS: Mapping[str, int] = {"kv_max_value_size": 100, "txn_max_req_len": 400}

#: Further configuration of this agent.
SWITCHED_OFF: Mapping[str, object] = {"disable_coordinates": True, "connect": {"enabled": False}}

_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def record(recorder: Recorder) -> None:
    """Record every 413 of kv and txn, and the errors for what is switched off."""
    recorder.case("kv.put", "too-large", "/v1/kv/large", body="x" * 101, status=413)
    recorder.case("kv.put", "just-small-enough", "/v1/kv/large", body="x" * 100)
    operations = [{"KV": {"Verb": "set", "Key": "large", "Value": "eHh4" * 34}}]
    recorder.case("txn", "value-too-large", "/v1/txn", body=operations, status=413)
    recorder.case("txn", "body-too-large", "/v1/txn", body=operations * 3, status=413)
    gone = None if recorder.old else 404
    for name, path, body in (
        ("create", "/v1/acl/create", {"Name": "web"}),
        ("update", "/v1/acl/update", {"ID": _ID}),
        ("destroy", f"/v1/acl/destroy/{_ID}", None),
        ("info", f"/v1/acl/info/{_ID}", None),
        ("clone", f"/v1/acl/clone/{_ID}", None),
        ("list", "/v1/acl/list", None),
        ("rules_translate", "/v1/acl/rules/translate", ""),
        ("rules_translate_token", f"/v1/acl/rules/translate/{_ID}", None),
    ):
        recorder.case(f"acl.legacy.{name}", "acls-off", path, body=body, status=gone or 401)
    _switched_off(recorder)


def _switched_off(recorder: Recorder) -> None:
    for name, path in (("datacenters", "datacenters"), ("nodes", "nodes"), ("node", "node/test-node"), ("update", "update")):
        body = {"Node": "test-node", "Coord": {}} if name == "update" else None
        recorder.case(f"coordinate.{name}", "disabled", f"/v1/coordinate/{path}", body=body, status=401)
    for operation, path in (
        ("connect.ca.roots", "/v1/connect/ca/roots"),
        ("connect.ca.config_get", "/v1/connect/ca/configuration"),
        ("agent.connect.ca_roots", "/v1/agent/connect/ca/roots"),
        ("agent.connect.ca_leaf", "/v1/agent/connect/ca/leaf/web"),
    ):
        recorder.case(operation, "disabled", path, status=500)
