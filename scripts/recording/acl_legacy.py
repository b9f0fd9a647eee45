"""The ACL endpoints from before 1.4: Consul 1.8 still has them, 1.22 answers 404."""

from __future__ import annotations

from scripts.recording.recorder import Answer, Recorder

_UNKNOWN = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

#: The accessor of the anonymous token.
_ANONYMOUS = "00000000-0000-0000-0000-000000000002"
_RULES = 'key "app/" { policy = "read" }'

#: Case -> legacy rules. `consul_proto.acl_rules` is tested with Consul's own translations of these.
_TRANSLATED = {
    "one-resource": _RULES,
    "all-resources": """# Rules of a web server: key "not this"
agent "" { policy = "read" }
event "" { policy = "write" } // event "nor this"
key "app/" { policy = "write" }
key "app/secret/" { policy = "deny" }
keyring = "read"
node "" { policy = "read" }
operator = "read"
query "" { policy = "read" }
service "web" {
  policy = "write"
  intentions = "read"
}
/* session "nor this" */
session "" { policy = "write" }
""",
    "one-line": 'operator = "read" key "a" { policy = "read" }, key "{" { policy = "read" } x = -1.5 event "" { policy = "read" }',
    "nested": 'key = { "a" = { policy = "read" } } "service" { "b" { policy = "write" } } node c { policy = "read" }',
    "heredoc": """note = <<END
key "b" {}
END
key "a" { policy = "read" }
service "${"key"}" { policy = "read" }
event "a\\"b" { policy = "read" }
""",
    "json": '{"key": {"app/": {"policy": "write"}, "{": {"policy": "read"}}, "operator": "read", "event": {"": {"policy": "read"}}}',
    "json-list": '{"service": [{"web": {"policy": "write"}}, {"key": {"policy": "read"}}], "agent": {"": {"policy": "read"}}}',
    "policy-rules": 'key_prefix "a" { policy = "read" } acl = "read"',
    "no-rules": "",
}


def record(recorder: Recorder) -> None:
    """Record acl.legacy.*."""
    gone = None if recorder.old else 404
    create, update = "acl.legacy.create", "acl.legacy.update"
    made = recorder.case(create, "created", "/v1/acl/create", body={"Name": "web", "Type": "client", "Rules": _RULES}, status=gone or 200)
    recorder.case(create, "bad-type", "/v1/acl/create", body={"Type": "king"}, status=gone or 500)
    recorder.case(create, "bad-rules", "/v1/acl/create", body={"Rules": "key {"}, status=gone or 500)
    recorder.case(create, "not-json", "/v1/acl/create", body="{", status=gone or 400)
    recorder.denials(create, "/v1/acl/create", body={"Name": "web"})
    token = _UNKNOWN
    if recorder.old:
        said = made.json()
        assert isinstance(said, dict)
        token = str(said["ID"])
    recorder.case(update, "updated", "/v1/acl/update", body={"ID": token, "Name": "web app", "Rules": _RULES}, status=gone or 200)
    recorder.case(update, "no-id", "/v1/acl/update", body={"Name": "web"}, status=gone or 400)
    recorder.case(update, "not-json", "/v1/acl/update", body="{", status=gone or 400)
    recorder.denials(update, "/v1/acl/update", body={"ID": token, "Name": "web"})
    info, clone, destroy = "acl.legacy.info", "acl.legacy.clone", "acl.legacy.destroy"
    recorder.case(info, "found", f"/v1/acl/info/{token}", status=gone or 200)
    recorder.case(info, "unknown", f"/v1/acl/info/{_UNKNOWN}", status=gone or 200)
    recorder.case(info, "no-id", "/v1/acl/info/", status=gone or 400)
    recorder.case(clone, "cloned", f"/v1/acl/clone/{token}", status=gone or 200)
    recorder.case(clone, "unknown", f"/v1/acl/clone/{_UNKNOWN}", status=gone or 403)
    recorder.case(clone, "no-id", "/v1/acl/clone/", status=gone or 400)
    recorder.denials(clone, f"/v1/acl/clone/{token}")
    recorder.case("acl.legacy.list", "several", "/v1/acl/list", status=gone or 200)
    recorder.denials("acl.legacy.list", "/v1/acl/list")
    recorder.denials(destroy, f"/v1/acl/destroy/{token}")
    recorder.case(destroy, "destroyed", f"/v1/acl/destroy/{token}", status=gone or 200)
    recorder.case(destroy, "unknown", f"/v1/acl/destroy/{_UNKNOWN}", status=gone or 200)
    recorder.case(destroy, "anonymous", "/v1/acl/destroy/anonymous", status=gone or 403)
    recorder.case(destroy, "no-id", "/v1/acl/destroy/", status=gone or 400)
    _record_translations(recorder)


def _record_translations(recorder: Recorder) -> None:
    gone = None if recorder.old else 404
    translate, translate_token = "acl.legacy.rules_translate", "acl.legacy.rules_translate_token"
    path = "/v1/acl/rules/translate"
    for case, rules in _TRANSLATED.items():
        recorder.case(translate, case, path, body=rules, status=gone or 200)
    recorder.case(translate, "bad-rules", path, body="key {", status=gone or 400)
    recorder.denials(translate, path, body=_RULES)
    own = _legacy_accessor(recorder) if recorder.old else _UNKNOWN
    recorder.case(translate_token, "translated", f"{path}/{own}", status=gone or 200)
    recorder.case(translate_token, "unknown", f"{path}/{_UNKNOWN}", status=gone or 403)
    recorder.case(translate_token, "no-rules", f"{path}/{_ANONYMOUS}", status=gone or 500)
    recorder.denials(translate_token, f"{path}/{own}")


def _legacy_accessor(recorder: Recorder) -> str:
    """Return the accessor of a legacy token. The leader gives it one shortly after the token is made."""
    recorder.prepare("PUT", "/v1/acl/create", {"Name": "translated", "Rules": _RULES})

    def accessors(answer: Answer) -> list[str]:
        tokens = answer.json()
        assert isinstance(tokens, list)
        return [str(token["AccessorID"]) for token in tokens if token["Description"] == "translated" and token["AccessorID"]]

    recorder.until("/v1/acl/tokens", lambda answer: bool(accessors(answer)))
    return accessors(recorder.ask("GET", "/v1/acl/tokens"))[0]
