"""The ACL system since Consul 1.4: what every call is refused with, then bootstrapping, replication, logins and templated policies."""

from __future__ import annotations

import re
from typing import Any

from scripts.recording.recorder import ANONYMOUS, UNKNOWN, Answer, Recorder
from tests.fakes.bearer_tokens import Issuer

UNKNOWN_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

#: Bodies with which a call comes as far as it can.
_BODIES: dict[str, object] = {
    "acl.policy.create": {"Name": "refused"},
    "acl.policy.update": {"Name": "refused"},
    "acl.role.create": {"Name": "refused"},
    "acl.role.update": {"Name": "refused"},
    "acl.binding_rule.create": {"AuthMethod": "refused", "BindType": "service", "BindName": "web"},
    "acl.binding_rule.update": {"AuthMethod": "refused", "BindType": "service", "BindName": "web"},
    "acl.auth_method.create": {"Name": "refused", "Type": "jwt", "Config": {}},
    "acl.auth_method.update": {"Type": "jwt", "Config": {}},
    "acl.login": {"AuthMethod": "refused", "BearerToken": "x"},
}


def member(answer: Answer, name: str) -> str:
    """Return a member of an object that was created."""
    made = answer.json()
    assert isinstance(made, dict)
    return str(made[name])


def _calls(recorder: Recorder) -> list[tuple[str, str, object]]:
    """Return each operation of the ACL system since 1.4, with a path that names nothing, and a body."""
    calls: list[tuple[str, str, object]] = []
    for operation, row in recorder.manifest.items():
        if operation.startswith("acl.") and not operation.startswith("acl.legacy.") and row["edition"] == "ce":
            path = str(row["path"]).replace("{template_name}", "builtin/service")
            path = re.sub(r"\{[a-z_]*name\}", "nothing", path)
            body = _BODIES.get(operation, None if row["body"] is None else {})
            calls.append((operation, re.sub(r"\{[a-z_]*id\}", UNKNOWN_ID, path), body))
    return calls


def record_refusals(recorder: Recorder) -> None:
    """Record the answers to wrong tokens, to an unknown datacenter and to a body that is not JSON."""
    for operation, path, body in _calls(recorder):
        ignores_dc = recorder.old and operation in ("acl.auth_method.delete", "acl.binding_rule.delete")
        recorder.denials(operation, path, body=body, unknown_dc=200 if ignores_dc else 500)
        if body is not None:
            recorder.case(operation, "not-json", path, body="{", status=None)


def record_off(recorder: Recorder) -> None:
    """Record the answers of an agent without ACLs."""
    for operation, path, body in _calls(recorder):
        is_gone = recorder.old and operation.startswith("acl.templated_policy.")
        recorder.case(operation, "acls-off", path, body=body, status=404 if is_gone else 401)


def record_bootstrap(recorder: Recorder) -> None:
    """Record the first bootstrap of an agent, and the second one."""
    recorder.case("acl.bootstrap", "done", "/v1/acl/bootstrap", token=ANONYMOUS)
    recorder.case("acl.bootstrap", "done-before", "/v1/acl/bootstrap", token=ANONYMOUS, status=403)


def record(recorder: Recorder) -> None:
    """Record acl.replication, acl.login, acl.logout and acl.templated_policy.*."""
    recorder.case("acl.replication", "off", "/v1/acl/replication", token=ANONYMOUS)
    _record_logins(recorder)
    templates = "/v1/acl/templated-polic"
    gone = 404 if recorder.old else None
    recorder.case("acl.templated_policy.list", "all", f"{templates}ies", status=gone or 200)
    recorder.case("acl.templated_policy.read", "found", f"{templates}y/name/builtin/service", status=gone or 200)
    recorder.case("acl.templated_policy.read", "without-variables", f"{templates}y/name/builtin/dns", status=gone or 200)
    recorder.case("acl.templated_policy.read", "unknown", f"{templates}y/name/nothing", status=gone or 400)
    preview = "acl.templated_policy.preview"
    recorder.case(preview, "for-web", f"{templates}y/preview/builtin/service", body={"Name": "web"}, status=gone or 200)
    recorder.case(preview, "without-variables", f"{templates}y/preview/builtin/dns", body={}, status=gone or 200)
    recorder.case(preview, "no-name", f"{templates}y/preview/builtin/service", body={}, status=gone or 400)
    recorder.case(preview, "unknown", f"{templates}y/preview/nothing", body={}, status=gone or 400)


def _record_logins(recorder: Recorder) -> None:
    """Record acl.login and acl.logout, with an auth method that is deleted at the end."""
    issuer = Issuer()
    method = {"Name": "logins", "Type": "jwt", "Config": issuer.config, "MaxTokenTTL": "10m"}
    recorder.prepare("PUT", "/v1/acl/auth-method", method)
    bearers = {name: issuer.sign("web", issuer=name) for name in ("tests", "strangers")}
    for bearer in bearers.values():
        recorder.hide(bearer)

    def login(case: str, status: int, bearer: str, auth_method: str = "logins", **more: object) -> Answer:
        body: dict[str, Any] = {"AuthMethod": auth_method, "BearerToken": bearer, **more}
        return recorder.case("acl.login", case, "/v1/acl/login", body=body, status=status, token=UNKNOWN)

    login("no-rule-binds", 403, bearers["tests"])
    recorder.prepare("PUT", "/v1/acl/binding-rule", {"AuthMethod": "logins", "BindType": "service", "BindName": "${value.name}"})
    login("unknown-auth-method", 403, bearers["tests"], "nothing")
    login("bearer-of-another-issuer", 500, bearers["strangers"])
    login("bearer-that-is-no-token", 500, "x")
    recorder.use_as("login", member(login("logged-in", 200, bearers["tests"], Meta={"pod": "web-1"}), "SecretID"))
    out, path = "acl.logout", "/v1/acl/logout"
    recorder.case(out, "no-token", path, token=ANONYMOUS, status=403 if recorder.old else 401)
    recorder.case(out, "unknown-token", path, token=UNKNOWN, status=403)
    recorder.case(out, "token-of-no-login", path, status=403)
    recorder.case(out, "logged-out", path, token="login")
    recorder.case(out, "logged-out-before", path, token="login", status=403)
    recorder.prepare("DELETE", "/v1/acl/auth-method/logins")
