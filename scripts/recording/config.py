"""Config entries, discovery chains, exported and imported services."""

from __future__ import annotations

import contextlib
from typing import Any

from scripts.recording.config_entries import BEFORE, NEW, OLD
from scripts.recording.recorder import ANONYMOUS, ELSEWHERE, UNKNOWN, Recorder

_CONFIG = "/v1/config"


def record(recorder: Recorder) -> None:
    """Record config.*, discovery_chain.*, exported_services.* and imported_services.*, and remove the entries again."""
    recorder.case("config.list", "none", f"{_CONFIG}/service-splitter")
    recorder.case("exported_services.list", "none", "/v1/exported-services", status=404 if recorder.old else 200)
    recorder.case("imported_services.list", "none", "/v1/imported-services", status=404 if recorder.old else 200)
    _refused_writes(recorder)
    _checks_and_sets(recorder)
    for entry in BEFORE:
        recorder.prepare("PUT", _CONFIG, entry)
    _entries_of_each_kind(recorder)
    _reads(recorder)
    _chains(recorder)
    _shared_services(recorder)
    _deletions(recorder)


def _refused_writes(recorder: Recorder) -> None:
    apply = "config.apply"
    named = {"Kind": "service-resolver", "Name": "web"}
    recorder.case(apply, "unknown-kind", _CONFIG, body={"Kind": "nothing", "Name": "web"}, status=400)
    recorder.case(apply, "no-kind", _CONFIG, body={"Name": "web"}, status=400)
    recorder.case(apply, "no-name", _CONFIG, body={"Kind": "service-resolver"}, status=500)
    recorder.case(apply, "unknown-member", _CONFIG, body={**named, "Splits": []}, status=400)
    recorder.case(apply, "bad-duration", _CONFIG, body={**named, "ConnectTimeout": "soon"}, status=400)
    recorder.case(apply, "not-json", _CONFIG, body="{", status=400)
    recorder.case(apply, "no-body", _CONFIG, status=400)
    recorder.case(apply, "no-such-subset", _CONFIG, body={**named, "DefaultSubset": "v3"}, status=500)
    recorder.case(apply, "bound-api-gateway", _CONFIG, body={"Kind": "bound-api-gateway", "Name": "g"}, status=400 if recorder.old else 403)
    _denials(recorder, apply, _CONFIG, body={"Kind": "service-defaults", "Name": "denied"})


def _denials(recorder: Recorder, operation: str, path: str, body: object = None) -> None:
    """Record what wrong tokens get, and that a write goes to the primary datacenter whatever `dc` says."""
    for case, token in (("no-token", ANONYMOUS), ("unknown-token", UNKNOWN)):
        recorder.case(operation, case, path, body=body, status=403, token=token)
    recorder.case(operation, "unknown-dc", path, [("dc", ELSEWHERE)], body)


def _checks_and_sets(recorder: Recorder) -> None:
    apply, entry = "config.apply", {"Kind": "service-defaults", "Name": "cas", "Protocol": "http"}
    recorder.case(apply, "cas-zero", _CONFIG, [("cas", "0")], entry)
    index = _index(recorder, f"{_CONFIG}/service-defaults/cas")
    changed = {**entry, "Protocol": "grpc"}
    recorder.case(apply, "cas-lost", _CONFIG, [("cas", "1")], changed)
    recorder.case(apply, "cas-won", _CONFIG, [("cas", index)], changed)
    recorder.case(apply, "cas-lost-without-change", _CONFIG, [("cas", "1")], changed)
    recorder.case(apply, "bad-cas", _CONFIG, [("cas", "x")], changed, status=500)


def _index(recorder: Recorder, path: str) -> str:
    entry: Any = recorder.prepare("GET", path).json()
    return str(entry["ModifyIndex"])


def _entries_of_each_kind(recorder: Recorder) -> None:
    known = OLD if recorder.old else NEW
    for entry in known:
        recorder.prepare("PUT", _CONFIG, entry)
    recorder.case("config.apply", "applied", _CONFIG, body=next(entry for entry in known if entry["Kind"] == "service-resolver"))
    names = {entry["Kind"]: entry.get("Name", "mesh") for entry in NEW} | {"bound-api-gateway": "gateway"}
    kinds = {entry["Kind"] for entry in known} | ({"bound-api-gateway"} if not recorder.old else set())
    if not recorder.old:
        # Consul binds the routes a moment later.
        recorder.until(f"{_CONFIG}/bound-api-gateway/gateway", lambda answer: b"http-route" in answer.body)
        recorder.until(f"{_CONFIG}/http-route/http", lambda answer: b"successfully bound" in answer.body)
    for kind, name in names.items():
        recorder.case("config.get", kind, f"{_CONFIG}/{kind}/{name}", status=200 if kind in kinds else 500)


def _reads(recorder: Recorder) -> None:
    get, found = "config.get", f"{_CONFIG}/service-defaults/web"
    answer = recorder.case(get, "minimal", f"{_CONFIG}/service-defaults/other")
    recorder.case(get, "wait-over", f"{_CONFIG}/service-defaults/other", [("index", answer.index()), ("wait", "10ms")])
    recorder.case(get, "missing", f"{_CONFIG}/service-defaults/nothing", status=404)
    recorder.case(get, "unknown-kind", f"{_CONFIG}/nothing/web", status=500)
    recorder.denials(get, found)
    listed = f"{_CONFIG}/service-defaults"
    recorder.case("config.list", "several", listed)
    recorder.case("config.list", "unknown-kind", f"{_CONFIG}/nothing", status=500)
    recorder.case("config.list", "filtered", listed, [("filter", 'Name == "other"')])
    recorder.case("config.list", "bad-filter", listed, [("filter", "Nothing == 1")], status=200 if recorder.old else 500)
    recorder.denials("config.list", listed)


def _chains(recorder: Recorder) -> None:
    read, path = "discovery_chain.read", "/v1/discovery-chain/web"
    answer = recorder.case(read, "compiled", path)
    recorder.case(read, "wait-over", path, [("index", answer.index()), ("wait", "10ms")])
    recorder.case(read, "unknown", "/v1/discovery-chain/nothing")
    recorder.case(read, "compile-dc", "/v1/discovery-chain/nothing", [("compile-dc", "dc2")])
    recorder.case(read, "no-name", "/v1/discovery-chain/", status=400)
    recorder.denials(read, path)
    override = "discovery_chain.read_with_overrides"
    body = {"OverrideConnectTimeout": "33s", "OverrideProtocol": "http", "OverrideMeshGateway": {"Mode": "remote"}}
    recorder.case(override, "overridden", path, body=body)
    recorder.case(override, "nothing-overridden", path, body={})
    recorder.case(override, "bad-mode", path, body={"OverrideMeshGateway": {"Mode": "wrong"}}, status=400)
    recorder.case(override, "bad-duration", path, body={"OverrideConnectTimeout": "soon"}, status=400)
    recorder.case(override, "unknown-member", path, body={"Override": 1})
    recorder.case(override, "not-json", path, body="{", status=400)
    recorder.case(override, "no-body", path, status=400)
    recorder.case(override, "no-name", "/v1/discovery-chain/", body={}, status=400)
    recorder.denials(override, path, body={})


def _shared_services(recorder: Recorder) -> None:
    for operation, path in (("exported_services.list", "/v1/exported-services"), ("imported_services.list", "/v1/imported-services")):
        recorder.case(operation, "several", path, status=404 if recorder.old else 200)
        recorder.case(operation, "partition", path, [("partition", "team")], status=404 if recorder.old else 400)
        if recorder.old:
            for case, token in (("no-token", ANONYMOUS), ("unknown-token", UNKNOWN)):
                recorder.case(operation, case, path, status=404, token=token)
        else:
            recorder.denials(operation, path)


def _deletions(recorder: Recorder) -> None:
    delete, path = "config.delete", f"{_CONFIG}/service-defaults/cas"
    recorder.case(delete, "needed", f"{_CONFIG}/service-resolver/web", status=500)
    recorder.case(delete, "no-name", f"{_CONFIG}/service-defaults", status=404)
    recorder.case(delete, "unknown-kind", f"{_CONFIG}/nothing/web", status=400)
    _denials(recorder, delete, f"{_CONFIG}/service-defaults/denied")
    recorder.case(delete, "cas-lost", path, [("cas", "1")])
    recorder.prepare("PUT", _CONFIG, {"Kind": "service-defaults", "Name": "cas"})
    recorder.case(delete, "bad-cas", path, [("cas", "x")], status=200 if recorder.old else 500)
    recorder.prepare("PUT", _CONFIG, {"Kind": "service-defaults", "Name": "cas"})
    recorder.case(delete, "cas-won", path, [("cas", _index(recorder, path))])
    recorder.prepare("PUT", _CONFIG, {"Kind": "service-defaults", "Name": "cas"})
    recorder.case(delete, "deleted", path)
    recorder.case(delete, "missing", path)
    recorder.case(delete, "missing-with-cas", path, [("cas", "1")])
    entries = [*BEFORE, *(OLD if recorder.old else NEW), {"Kind": "service-defaults", "Name": "denied"}]
    for entry in reversed(entries):
        with contextlib.suppress(RuntimeError):
            recorder.prepare("DELETE", f"{_CONFIG}/{entry['Kind']}/{entry.get('Name', 'mesh')}")
