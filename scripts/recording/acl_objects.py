"""Tokens, policies, roles, auth methods and binding rules: each is created, read, listed, changed and deleted."""

from __future__ import annotations

from scripts.recording.acl import UNKNOWN_ID, member
from scripts.recording.recorder import ANONYMOUS, POWERLESS, UNKNOWN, Recorder
from tests.simulator.acl.keys import PUBLIC_KEY

_RULES = 'key_prefix "app/" { policy = "read" }'

_CONFIG = {"JWTValidationPubKeys": [PUBLIC_KEY], "BoundIssuer": "tests", "ClaimMappings": {"name": "name"}}


def record(recorder: Recorder) -> None:
    """Record acl.policy.*, acl.token.*, acl.role.*, acl.auth_method.* and acl.binding_rule.*."""
    _record_policies(recorder)
    _record_tokens(recorder)
    _record_roles(recorder)
    _record_auth_methods(recorder)
    _record_binding_rules(recorder)


def _record_policies(recorder: Recorder) -> None:
    create, update, path = "acl.policy.create", "acl.policy.update", "/v1/acl/policy"
    made = recorder.case(create, "created", path, body={"Name": "app", "Description": "for app", "Rules": _RULES})
    recorder.case(create, "name-taken", path, body={"Name": "app"}, status=500)
    recorder.case(create, "bad-name", path, body={"Name": "a b"}, status=500)
    recorder.case(create, "no-name", path, body={}, status=500)
    recorder.case(create, "bad-rules", path, body={"Name": "rules", "Rules": "key {"}, status=500)
    recorder.case(create, "with-id", path, body={"Name": "other", "ID": UNKNOWN_ID}, status=400)
    recorder.case(create, "unknown-member", path, body={"Name": "other", "Nope": 1}, status=400)
    one, missing = f"{path}/{member(made, 'ID')}", f"{path}/{UNKNOWN_ID}"
    _record_reads(recorder, "acl.policy", one, missing, "/v1/acl/policies", unknown=403 if recorder.old else 404)
    by_name = "acl.policy.read_by_name"
    recorder.case(by_name, "found", f"{path}/name/app")
    recorder.case(by_name, "unknown", f"{path}/name/nothing", status=403 if recorder.old else 404)
    recorder.case(by_name, "no-name", f"{path}/name/", status=400)
    recorder.case(update, "updated", one, body={"Name": "app", "Rules": _RULES, "Datacenters": ["dc1"]})
    recorder.case(update, "other-id", one, body={"Name": "app", "ID": UNKNOWN_ID}, status=400)
    recorder.case(update, "unknown", missing, body={"Name": "app"}, status=500)
    recorder.case("acl.policy.delete", "built-in", f"{path}/00000000-0000-0000-0000-000000000001", status=500)
    _record_deletes(recorder, "acl.policy", one, missing)


def _record_tokens(recorder: Recorder) -> None:
    create, path = "acl.token.create", "/v1/acl/token"
    recorder.prepare("PUT", "/v1/acl/policy", {"Name": "linked", "Rules": _RULES})
    rights = {"Policies": [{"Name": "linked"}], "ServiceIdentities": [{"ServiceName": "web", "Datacenters": ["dc1"]}]}
    nodes = {"NodeIdentities": [{"NodeName": "n1", "Datacenter": "dc1"}]}
    made = recorder.case(create, "created", path, body={"Description": "web", **rights, **nodes, "ExpirationTTL": "1h"})
    recorder.case(create, "empty", path, body={})
    templates = {"TemplatedPolicies": [{"TemplateName": "builtin/service", "TemplateVariables": {"Name": "web"}}]}
    recorder.case(create, "templated", path, body=templates, status=400 if recorder.old else 200)
    recorder.case(create, "unknown-policy", path, body={"Policies": [{"Name": "nothing"}]}, status=500)
    recorder.case(create, "expires-too-soon", path, body={"ExpirationTTL": "1s"}, status=500)
    recorder.case(create, "auth-method", path, body={"AuthMethod": "nothing"}, status=500)
    one, missing = f"{path}/{member(made, 'AccessorID')}", f"{path}/{UNKNOWN_ID}"
    _record_reads(recorder, "acl.token", one, missing, "/v1/acl/tokens", unknown=403)
    recorder.case("acl.token.read", "expanded", one, query=[("expanded", None)])
    recorder.case("acl.token.read", "no-id", f"{path}/", status=None)
    recorder.case("acl.token.list", "two-filters", "/v1/acl/tokens", query=[("policy", UNKNOWN_ID), ("role", UNKNOWN_ID)], status=500)
    recorder.case("acl.token.self", "own", f"{path}/self", token=POWERLESS)
    recorder.case("acl.token.self", "no-token", f"{path}/self", token=ANONYMOUS, status=403)
    recorder.case("acl.token.self", "unknown-token", f"{path}/self", token=UNKNOWN, status=403)
    update = "acl.token.update"
    recorder.case(update, "updated", one, body={"Description": "web app", "Policies": [{"Name": "linked"}]})
    recorder.case(update, "other-id", one, body={"AccessorID": UNKNOWN_ID}, status=400)
    recorder.case(update, "other-secret", one, body={"SecretID": UNKNOWN_ID}, status=500)
    recorder.case(update, "other-locality", one, body={"Local": True}, status=500)
    recorder.case(update, "unknown", missing, body={}, status=500)
    recorder.case("acl.token.clone", "cloned", f"{one}/clone", body={"Description": "a copy"})
    recorder.case("acl.token.clone", "no-body", f"{one}/clone", status=400)
    recorder.case("acl.token.clone", "unknown", f"{missing}/clone", body={}, status=403)
    delete, own = "acl.token.delete", recorder.prepare("GET", f"{path}/self")
    recorder.case(delete, "anonymous", f"{path}/00000000-0000-0000-0000-000000000002", status=500)
    recorder.case(delete, "own", f"{path}/{member(own, 'AccessorID')}", status=500)
    recorder.case(delete, "bad-id", f"{path}/x", status=500)
    _record_deletes(recorder, "acl.token", one, missing)


def _record_roles(recorder: Recorder) -> None:
    create, update, path = "acl.role.create", "acl.role.update", "/v1/acl/role"
    made = recorder.case(create, "created", path, body={"Name": "web", "Policies": [{"Name": "linked"}], "Description": "for web"})
    recorder.case(create, "name-taken", path, body={"Name": "web"}, status=500)
    recorder.case(create, "bad-name", path, body={"Name": "a b"}, status=500)
    recorder.case(create, "unknown-policy", path, body={"Name": "other", "Policies": [{"Name": "nothing"}]}, status=500)
    recorder.case(create, "with-id", path, body={"Name": "other", "ID": UNKNOWN_ID}, status=400)
    one, missing = f"{path}/{member(made, 'ID')}", f"{path}/{UNKNOWN_ID}"
    _record_reads(recorder, "acl.role", one, missing, "/v1/acl/roles", unknown=404)
    recorder.case("acl.role.list", "by-policy", "/v1/acl/roles", query=[("policy", UNKNOWN_ID)])
    by_name = "acl.role.read_by_name"
    recorder.case(by_name, "found", f"{path}/name/web")
    recorder.case(by_name, "unknown", f"{path}/name/nothing", status=404)
    recorder.case(by_name, "no-name", f"{path}/name/", status=400)
    nodes = [{"NodeName": "n1", "Datacenter": "dc1"}]
    recorder.case(update, "updated", one, body={"Name": "web", "ServiceIdentities": [{"ServiceName": "web"}], "NodeIdentities": nodes})
    recorder.case(update, "other-id", one, body={"Name": "web", "ID": UNKNOWN_ID}, status=400)
    recorder.case(update, "unknown", missing, body={"Name": "nothing"}, status=500)
    _record_deletes(recorder, "acl.role", one, missing)


def _record_auth_methods(recorder: Recorder) -> None:
    create, update, path = "acl.auth_method.create", "acl.auth_method.update", "/v1/acl/auth-method"
    full = {"DisplayName": "JWT", "Description": "for CI", "MaxTokenTTL": "1h", "TokenLocality": "global"}
    recorder.case(create, "created", path, body={"Name": "jwt", "Type": "jwt", "Config": _CONFIG, **full})
    recorder.case(create, "bad-name", path, body={"Name": "a b", "Type": "jwt", "Config": _CONFIG}, status=500)
    recorder.case(create, "bad-type", path, body={"Name": "other", "Type": "nothing", "Config": {}}, status=500)
    recorder.case(create, "bad-config", path, body={"Name": "other", "Type": "jwt", "Config": {}}, status=500)
    one, missing = f"{path}/jwt", f"{path}/nothing"
    _record_reads(recorder, "acl.auth_method", one, missing, "/v1/acl/auth-methods", unknown=404)
    recorder.case("acl.auth_method.read", "no-name", f"{path}/", status=400)
    recorder.case(update, "updated", one, body={"Type": "jwt", "Config": _CONFIG})
    recorder.case(update, "other-name", one, body={"Name": "other", "Type": "jwt", "Config": _CONFIG}, status=400)
    recorder.case(update, "other-type", one, body={"Type": "kubernetes", "Config": {}}, status=500)
    recorder.case(update, "bad-config", one, body={"Type": "jwt", "Config": {}}, status=500)
    _record_deletes(recorder, "acl.auth_method", one, missing)


def _record_binding_rules(recorder: Recorder) -> None:
    create, update, path = "acl.binding_rule.create", "acl.binding_rule.update", "/v1/acl/binding-rule"
    recorder.prepare("PUT", "/v1/acl/auth-method", {"Name": "bound", "Type": "jwt", "Config": _CONFIG})
    rule = {"AuthMethod": "bound", "BindType": "service", "BindName": "${value.name}"}
    made = recorder.case(create, "created", path, body={**rule, "Selector": "value.name==web", "Description": "for web"})
    variables = {**rule, "BindType": "templated-policy", "BindName": "builtin/service", "BindVars": {"Name": "${value.name}"}}
    recorder.case(create, "templated", path, body=variables, status=400 if recorder.old else 200)
    recorder.case(create, "unknown-auth-method", path, body={**rule, "AuthMethod": "nothing"}, status=500)
    recorder.case(create, "bad-bind-type", path, body={**rule, "BindType": "nothing"}, status=500)
    recorder.case(create, "bad-selector", path, body={**rule, "Selector": "value.name=="}, status=500)
    one, missing = f"{path}/{member(made, 'ID')}", f"{path}/{UNKNOWN_ID}"
    _record_reads(recorder, "acl.binding_rule", one, missing, "/v1/acl/binding-rules", unknown=404)
    recorder.case("acl.binding_rule.list", "by-auth-method", "/v1/acl/binding-rules", query=[("authmethod", "bound")])
    recorder.case(update, "updated", one, body={**rule, "BindName": "web"})
    recorder.case(update, "other-id", one, body={**rule, "ID": UNKNOWN_ID}, status=400)
    recorder.case(update, "other-auth-method", one, body={**rule, "AuthMethod": "other"}, status=500)
    recorder.case(update, "unknown", missing, body=rule, status=500)
    _record_deletes(recorder, "acl.binding_rule", one, missing)


def _record_reads(recorder: Recorder, group: str, one: str, missing: str, several: str, unknown: int) -> None:
    """Record the reads of an object, and the list. unknown: the status of what does not exist."""
    recorder.case(f"{group}.read", "found", one)
    recorder.case(f"{group}.read", "unknown", missing, status=unknown)
    if group not in ("acl.auth_method",):
        recorder.case(f"{group}.read", "bad-id", f"{one.rpartition('/')[0]}/x", status=500)
    recorder.case(f"{group}.list", "several", several)


def _record_deletes(recorder: Recorder, group: str, one: str, missing: str) -> None:
    recorder.case(f"{group}.delete", "deleted", one)
    recorder.case(f"{group}.delete", "unknown", missing, status=200 if recorder.old else 404)
