"""Keys and transactions."""

from __future__ import annotations

from scripts.recording.recorder import ANONYMOUS, POWERLESS, Recorder


def record(recorder: Recorder) -> None:
    """Record kv.* and txn."""
    _keys_that_are_not_there(recorder)
    _reads(recorder)
    _names(recorder)
    _writes(recorder)
    _locks(recorder)
    _deletes(recorder)
    _transactions(recorder)


def _session(recorder: Recorder) -> str:
    created = recorder.prepare("PUT", "/v1/session/create", {"LockDelay": "0s"}).json()
    assert isinstance(created, dict)
    return str(created["ID"])


def _keys_that_are_not_there(recorder: Recorder) -> None:
    get = "kv.get"
    recorder.case(get, "keys-of-an-empty-store", "/v1/kv/", [("keys", None)])
    recorder.case(get, "recurse-of-an-empty-store", "/v1/kv/", [("recurse", None)], status=404)
    recorder.case(get, "missing", "/v1/kv/missing", status=404)
    recorder.case(get, "missing-raw", "/v1/kv/missing", [("raw", None)], status=404)
    recorder.case(get, "missing-keys", "/v1/kv/missing/", [("keys", None)], status=404)
    recorder.case(get, "missing-prefix", "/v1/kv/missing/", [("recurse", None)], status=404)


def _reads(recorder: Recorder) -> None:
    get = "kv.get"
    recorder.prepare("PUT", "/v1/kv/app/name", "web", [("flags", "42")])
    recorder.prepare("PUT", "/v1/kv/app/empty", "")
    recorder.prepare("PUT", "/v1/kv/app/bytes", b"\xff\x00\xfe")
    recorder.prepare("PUT", "/v1/kv/app/deeper/gr%C3%BC%C3%9Fe", "Grüße")
    found = recorder.case(get, "found", "/v1/kv/app/name")
    recorder.case(get, "empty-value", "/v1/kv/app/empty")
    recorder.case(get, "not-utf8", "/v1/kv/app/bytes")
    recorder.case(get, "unicode", "/v1/kv/app/deeper/gr%C3%BC%C3%9Fe")
    recorder.case(get, "raw", "/v1/kv/app/name", [("raw", None)])
    recorder.case(get, "raw-empty", "/v1/kv/app/empty", [("raw", None)])
    recorder.case(get, "raw-not-utf8", "/v1/kv/app/bytes", [("raw", None)])
    recorder.case(get, "recurse", "/v1/kv/app/", [("recurse", None)])
    recorder.case(get, "keys", "/v1/kv/app/", [("keys", None)])
    recorder.case(get, "keys-with-separator", "/v1/kv/app/", [("keys", None), ("separator", "/")])
    recorder.case(get, "stale", "/v1/kv/app/name", [("stale", None)])
    recorder.case(get, "consistent", "/v1/kv/app/name", [("consistent", None)])
    recorder.case(get, "index-passed", "/v1/kv/app/name", [("index", "1"), ("wait", "1s")])
    recorder.case(get, "wait-over", "/v1/kv/app/name", [("index", found.index()), ("wait", "10ms")])
    recorder.case(get, "wait-over-missing", "/v1/kv/missing", [("index", "1000000"), ("wait", "10ms")], status=404)
    recorder.case(get, "stale-and-consistent", "/v1/kv/app/name", [("stale", None), ("consistent", None)], status=400)
    recorder.case(get, "bad-wait", "/v1/kv/app/name", [("index", "1"), ("wait", "soon")], status=400)
    recorder.case(get, "bad-index", "/v1/kv/app/name", [("index", "now"), ("wait", "1s")], status=400)
    recorder.case(get, "namespace", "/v1/kv/app/name", [("ns", "team")], status=400)
    recorder.case(get, "powerless-token", "/v1/kv/app/name", status=403, token=POWERLESS)
    recorder.case(get, "recurse-powerless-token", "/v1/kv/app/", [("recurse", None)], status=404, token=POWERLESS)
    recorder.denials(get, "/v1/kv/app/name")


#: Keys with special characters, as they are sent.
_NAMES = {
    "no-key": "",
    "double-slash": "a//b",
    "encoded-double-slash": "a%2F%2Fb",
    "leading-slash": "/a",
    "encoded-leading-slash": "%2Fa",
    "encoded-slash": "names%2Finner",
    "dot-segment": "a/./b",
    "dot-dot-segment": "a/../b",
    "encoded-dot-dot-segment": "a%2F..%2Fb",
    "only-dot-dot": "..",
    "encoded-dot-dot": "%2e%2e",
    "encoded-inner-dot-dot": "x/%2e%2e/y",
    "encoded-trailing-dot-dot": "a%2F..",
    "twice-encoded-dot-dot": "%252e%252e/a",
    "leading-space": "%20a",
    "trailing-space": "a%20",
    "line-feed": "a%0Ab",
    "plus": "names+plus",
    "percent": "names%25percent",
    "trailing-slash": "names/folder/",
}


def _names(recorder: Recorder) -> None:
    for case, key in _NAMES.items():
        recorder.case("kv.put", f"name-{case}", f"/v1/kv/{key}", body=case, status=None)
        recorder.case("kv.get", f"name-{case}", f"/v1/kv/{key}", status=None)
    recorder.case("kv.get", "names-as-they-were-stored", "/v1/kv/", [("keys", None)])
    for case, key in _NAMES.items():
        recorder.case("kv.delete", f"name-{case}", f"/v1/kv/{key}", status=None)


def _writes(recorder: Recorder) -> None:
    put = "kv.put"
    recorder.case(put, "stored", "/v1/kv/written", [("flags", "7")], "value")
    recorder.case(put, "no-body", "/v1/kv/written-empty")
    recorder.case(put, "cas-zero-new", "/v1/kv/cas", [("cas", "0")], "first")
    recorder.case(put, "cas-zero-exists", "/v1/kv/cas", [("cas", "0")], "second")
    recorder.case(put, "cas-lost", "/v1/kv/cas", [("cas", "1")], "second")
    entries = recorder.prepare("GET", "/v1/kv/cas").json()
    assert isinstance(entries, list)
    recorder.case(put, "cas-won", "/v1/kv/cas", [("cas", str(entries[0]["ModifyIndex"]))], "second")
    recorder.case(put, "bad-cas", "/v1/kv/cas", [("cas", "x")], "v", status=500)
    recorder.case(put, "bad-flags", "/v1/kv/cas", [("flags", "-1")], "v", status=500)
    recorder.denials(put, "/v1/kv/written", body="value")


def _locks(recorder: Recorder) -> None:
    put, holder, other = "kv.put", _session(recorder), _session(recorder)
    unknown = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    recorder.case(put, "acquire", "/v1/kv/lock", [("acquire", holder)], "held")
    recorder.case(put, "acquire-again", "/v1/kv/lock", [("acquire", holder)], "held")
    recorder.case(put, "acquire-held", "/v1/kv/lock", [("acquire", other)], "mine")
    recorder.case("kv.get", "locked", "/v1/kv/lock")
    recorder.case(put, "release-by-another", "/v1/kv/lock", [("release", other)], "mine")
    recorder.case(put, "release", "/v1/kv/lock", [("release", holder)], "free")
    recorder.case("kv.get", "released", "/v1/kv/lock")
    recorder.case(put, "acquire-unknown-session", "/v1/kv/lock", [("acquire", unknown)], "v", status=500)
    recorder.case(put, "release-unknown-session", "/v1/kv/lock", [("release", unknown)], "v")
    recorder.case(put, "conflicting-flags", "/v1/kv/lock", [("cas", "0"), ("acquire", holder)], "v", status=400)
    recorder.prepare("PUT", f"/v1/session/destroy/{holder}")
    recorder.prepare("PUT", f"/v1/session/destroy/{other}")


def _deletes(recorder: Recorder) -> None:
    delete = "kv.delete"
    for key in ("gone", "kept", "tree/a", "tree/b"):
        recorder.prepare("PUT", f"/v1/kv/{key}", "v")
    recorder.case(delete, "deleted", "/v1/kv/gone")
    recorder.case(delete, "missing", "/v1/kv/gone")
    recorder.case(delete, "recurse", "/v1/kv/tree/", [("recurse", None)])
    recorder.case(delete, "cas-lost", "/v1/kv/kept", [("cas", "1")])
    recorder.case(delete, "cas-zero", "/v1/kv/kept", [("cas", "0")])
    entries = recorder.prepare("GET", "/v1/kv/kept").json()
    assert isinstance(entries, list)
    recorder.case(delete, "cas-won", "/v1/kv/kept", [("cas", str(entries[0]["ModifyIndex"]))])
    recorder.case(delete, "recurse-and-cas", "/v1/kv/tree/", [("recurse", None), ("cas", "1")], status=400)
    recorder.case(delete, "bad-cas", "/v1/kv/kept", [("cas", "x")], status=500)
    recorder.denials(delete, "/v1/kv/gone")


def _kv(verb: str, key: str, **members: object) -> dict[str, object]:
    return {"KV": {"Verb": verb, "Key": key, **members}}


def _transactions(recorder: Recorder) -> None:
    txn, path = "txn", "/v1/txn"
    recorder.case(txn, "set-and-get", path, body=[_kv("set", "txn/a", Value="b25l", Flags=3), _kv("get", "txn/a")])
    recorder.case(txn, "read-only", path, body=[_kv("get", "txn/a"), _kv("get-tree", "txn/")])
    recorder.case(txn, "read-only-stale", path, [("stale", None)], [_kv("get", "txn/a")])
    recorder.case(txn, "check-index-lost", path, body=[_kv("check-index", "txn/a", Index=1)], status=409)
    recorder.case(txn, "missing", path, body=[_kv("get", "txn/a"), _kv("get", "txn/missing")], status=409)
    recorder.case(txn, "two-errors", path, body=[_kv("get", "txn/x"), _kv("check-not-exists", "txn/a"), _kv("get", "txn/y")], status=409)
    recorder.case(txn, "cas-lost", path, body=[_kv("cas", "txn/a", Value="dHdv", Index=1)], status=409)
    session = _session(recorder)
    recorder.case(
        txn, "lock", path, body=[_kv("lock", "txn/lock", Value="", Session=session), _kv("check-session", "txn/lock", Session=session)]
    )
    recorder.case(txn, "unlock", path, body=[_kv("unlock", "txn/lock", Value="", Session=session)])
    recorder.prepare("PUT", f"/v1/session/destroy/{session}")
    recorder.case(txn, "get-or-empty", path, body=[_kv("get-or-empty", "txn/missing")], status=409 if recorder.old else 200)
    recorder.case(txn, "delete-missing", path, body=[_kv("delete", "txn/missing"), _kv("delete-tree", "txn/none/")])
    recorder.case(txn, "get-and-delete", path, body=[_kv("get", "txn/a"), _kv("delete", "txn/a")])
    recorder.case(txn, "node", path, body=[{"Node": {"Verb": "get", "Node": {"Node": "test-node"}}}])
    recorder.case(txn, "unknown-verb", path, body=[_kv("put", "txn/a")], status=409)
    recorder.case(txn, "nothing", path, body=[])
    recorder.case(txn, "not-json", path, body="{", status=400)
    too_many = [_kv("delete", "t")] * (65 if recorder.old else 129)
    recorder.case(txn, "too-many", path, body=too_many, status=413)
    recorder.denials(txn, path, body=[_kv("get", "app/name")])
    recorder.case(txn, "no-token-write", path, body=[_kv("set", "txn/a", Value="")], status=409, token=ANONYMOUS)
