"""Answers of an agent with ACLs off and with small limits, so that the samples of "too large" are small."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.recording.recorder import Recorder

#: The limits of a value and of the body of a transaction, in bytes.
LIMITS: Mapping[str, int] = {"kv_max_value_size": 100, "txn_max_req_len": 400}

_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def record(recorder: Recorder) -> None:
    """Record every 413 of kv and txn, and 401 of the legacy ACL calls."""
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
