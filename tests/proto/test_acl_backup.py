"""Backups of the ACL system: how one is read, what restoring it changes and deletes, on simulators of both versions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from consul_proto.acl_backup.changes import Plan, Restored, plan_restore
from consul_proto.acl_backup.document import ACLBackup, parse_backup
from consul_proto.acl_backup.reading import read_acls
from consul_proto.api import Operations
from consul_proto.errors import Forbidden
from consul_proto.flow import Flow, Sleep
from consul_proto.message import Headers, Response
from consul_proto.operation import Operation
from consul_proto.simulator.engine.versions import SIMULATED, Version
from tests.proto.flows import Script
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent

T = TypeVar("T")

acl = Operations().acl

_WEB = ("11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222")
_OTHER = ("33333333-aaaa-4aaa-8aaa-333333333333", "44444444-bbbb-4bbb-8bbb-444444444444")
_LEGACY = "55555555-cccc-4ccc-8ccc-555555555555"
_ANONYMOUS = "00000000-0000-0000-0000-000000000002"
_RULES = 'key "web/" { policy = "write" }'
_NOW = datetime(1970, 1, 1, tzinfo=UTC)

_TEMPLATED = {"TemplateName": "builtin/service", "TemplateVariables": {"Name": "web"}}

_JWT: Any = {"JWKSURL": "https://ci.example/keys", "OIDCClientSecret": "s3cret"}


class Cluster:
    """A simulated agent with ACLs, and what it is asked."""

    def __init__(self, version: Version, *, fills: bool = True) -> None:
        self.agent = SimulatedAgent(version=version, acls=True, management_token=MANAGES)
        self.token = MANAGES
        self.is_old = str(version).startswith("1.8")
        if fills:
            self.fill()

    def run(self, call: Operation[T] | Flow[T]) -> T:
        """Send an operation, or the requests of a flow."""
        if isinstance(call, Operation):
            return call.decode(self._send(call))
        try:
            step = next(call)
            while not isinstance(step, Sleep):
                step = call.send(self._send(step))
        except StopIteration as end:
            value: T = end.value
            return value
        raise AssertionError("it never sleeps")

    def _send(self, operation: Operation[Any]) -> Response:
        token = operation.token or self.token
        request = replace(operation.request, headers=Headers([("X-Consul-Token", token)] if token else []))
        answer = self.agent.simulator.handle(request, self.agent.now)
        assert isinstance(answer, Response)
        return answer

    def fill(self) -> None:
        """Create an object of each kind."""
        self.run(acl.policy.create("web", rules='key_prefix "" { policy = "read" }'))
        self.run(acl.role.create("web", policies=[{"Name": "web"}]))
        self.run(acl.auth_method.create("ci", "jwt", _JWT))
        self.run(acl.binding_rule.create("ci", "service", "web"))
        newer: Any = {} if self.is_old else {"templated_policies": [_TEMPLATED]}
        self.run(acl.token.create(accessor_id=_WEB[0], secret_id=_WEB[1], roles=[{"Name": "web"}], local=True, **newer))

    def read(self, now: datetime = _NOW) -> ACLBackup:
        """Return a backup as it is read from its file."""
        return parse_backup(self.run(read_acls(now)).text())

    def plan(self, backup: ACLBackup, *, keep: bool = False, prune: bool = False, now: datetime = _NOW) -> Plan:
        return self.run(plan_restore(backup, now, keep=keep, prune=prune))

    def restore(self, backup: ACLBackup, *, keep: bool = False, prune: bool = False) -> Restored:
        """Make all changes of a restore."""
        plan = self.plan(backup, keep=keep, prune=prune)
        result = Restored(len(plan.changes), unchanged=plan.unchanged, left_out=plan.left_out)
        for change in plan.changes:
            self.run(change.call)
            result = result.after(change)
        assert result.done == result.total
        return result


@pytest.fixture(params=SIMULATED, ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    """Each version that the simulator emulates."""
    version: Version = request.param
    return version


def _document(**sections: Sequence[Mapping[str, Any]]) -> ACLBackup:
    return parse_backup(json.dumps({"Format": "consulate-acl", "Version": 1, **sections}))


def _steps(plan: Plan) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}" for change in plan.changes]


def test_what_is_restored_is_what_was_read(version: Version) -> None:
    backup = Cluster(version).read()
    other = Cluster(version, fills=False)
    made = ["create policy web", "create role web", "create auth method ci", "create binding rule ci -> service web"]
    assert _steps(other.plan(backup)) == [*made, f"create token {_WEB[0]}"]
    assert other.restore(backup).created == 5
    assert _steps(other.plan(backup)) == []
    assert parse_backup(other.run(read_acls(_NOW)).text(pretty=True)).count == backup.count


def test_what_differs_is_updated(version: Version) -> None:
    cluster = Cluster(version)
    backup = cluster.read()
    ids = {role["Name"]: role["ID"] for role in cluster.run(acl.role.list())}
    (rule,) = cluster.run(acl.binding_rule.list())
    (policy,) = (each for each in cluster.run(acl.policy.list()) if each["Name"] == "web")
    cluster.run(acl.policy.update(policy["ID"], "web", description="changed"))
    cluster.run(acl.role.update(ids["web"], "web", description="changed"))
    cluster.run(acl.auth_method.update("ci", "jwt", _JWT, description="changed"))
    cluster.run(acl.binding_rule.update(rule["ID"], "ci", "service", "changed"))
    cluster.run(acl.token.update(_WEB[0], description="changed", local=True))
    assert cluster.plan(backup, keep=True).changes == ()
    assert str(cluster.restore(backup)) == f"0 created, 5 updated, {backup.count - 5} unchanged, 0 left out"
    assert cluster.read().text() == backup.text()


def test_what_cannot_be_restored_is_left_out(version: Version) -> None:
    cluster = Cluster(version)
    tokens = [
        {"AccessorID": _WEB[0], "SecretID": _OTHER[1]},
        {"AccessorID": _OTHER[0], "SecretID": _WEB[1]},
        {"AccessorID": _LEGACY, "SecretID": _LEGACY, "ExpirationTime": "1969-01-01T00:00:00"},
    ]
    assert [each.reason for each in cluster.plan(_document(Tokens=tokens)).left_out] == [
        "it exists with another SecretID, which cannot change: delete it first",
        f"the token {_WEB[0]} has the same secret",
        "it has expired",
    ]


def test_a_token_keeps_the_time_when_it_expires(version: Version) -> None:
    cluster = Cluster(version)
    made = datetime.fromisoformat(cluster.run(acl.token.read(_WEB[0]))["CreateTime"])
    later = {"AccessorID": _OTHER[0], "SecretID": _OTHER[1], "ExpirationTime": (made + timedelta(hours=1)).isoformat()}
    assert cluster.restore(_document(Tokens=[later])).created == 1
    (token,) = [token for token in cluster.read(made).sections["Tokens"] if token["SecretID"] == _OTHER[1]]
    assert datetime.fromisoformat(token["ExpirationTime"]) == made + timedelta(hours=1)
    (left,) = cluster.run(read_acls(made + timedelta(hours=2))).left_out
    assert str(left) == f"token {_OTHER[0]}: it has expired"


def test_a_legacy_token_is_restored_on_every_version(version: Version) -> None:
    cluster = Cluster(version)
    is_old = cluster.is_old
    rows = [{"ID": each, "Name": "old", "Type": "client", "Rules": _RULES} for each in (_LEGACY, "no-uuid")]
    backup = parse_backup(json.dumps(rows))
    assert cluster.restore(backup).created == (2 if is_old else 1)
    assert [each.kind for each in cluster.plan(backup).left_out] == ([] if is_old else ["legacy token"])
    assert _steps(cluster.plan(backup, prune=True)) == []
    whole = cluster.read()
    assert _steps(cluster.plan(whole, prune=True)) == []
    tokens = [token for token in whole.sections["Tokens"] if token["SecretID"] != _LEGACY]
    mixed = ACLBackup({**whole.sections, "Policies": [], "Tokens": tokens, "LegacyTokens": backup.sections["LegacyTokens"]})
    assert _steps(cluster.plan(mixed, prune=True)) == ["delete policy web"], "the policy that a legacy token became stays with it"
    assert cluster.restore(parse_backup("[]"), prune=True).deleted == (2 if is_old else 1)
    assert cluster.read().count == 7


def test_prune_deletes_what_the_backup_does_not_have(version: Version) -> None:
    cluster = Cluster(version)
    empty = _document(**{name: [] for name in ("Policies", "Roles", "AuthMethods", "BindingRules", "Tokens", "LegacyTokens")})
    plan = cluster.plan(empty, prune=True)
    assert _steps(plan) == [
        f"delete token {_WEB[0]}", "delete binding rule ci -> service web", "delete auth method ci", "delete role web", "delete policy web",
    ]  # fmt: skip
    assert [each.reason for each in plan.left_out] == ["it is not deleted, since it makes the calls"]
    assert _steps(cluster.plan(_document(), prune=True)) == []
    (role,) = cluster.run(acl.role.list())
    cluster.run(acl.role.delete(role["ID"]))
    for change in plan.changes:
        cluster.run(change.call)  # the role is gone already
    assert str(cluster.restore(empty, prune=True)) == "0 created, 0 updated, 0 unchanged, 1 left out"
    assert _ANONYMOUS in {token["AccessorID"] for token in cluster.run(acl.token.list())}


def test_a_token_does_not_delete_its_own_rights(version: Version) -> None:
    cluster = Cluster(version)
    cluster.run(acl.policy.create("admin", rules='acl = "write"'))
    cluster.run(acl.role.create("admins", policies=[{"Name": "admin"}]))
    cluster.token = cluster.run(acl.token.create(roles=[{"Name": "admins"}]))["SecretID"]
    plan = cluster.plan(_document(Policies=[], Roles=[], Tokens=[]), prune=True)
    assert {(each.kind, each.name) for each in plan.left_out if each.kind != "token"} == {("role", "admins"), ("policy", "admin")}
    assert {*_steps(plan)} > {"delete role web", "delete policy web"}


def test_a_legacy_token_does_not_delete_itself() -> None:
    cluster = Cluster(SIMULATED[0])
    cluster.token = cluster.run(acl.create("boss", "management"))
    (left,) = cluster.plan(parse_backup("[]"), prune=True).left_out
    assert (left.kind, left.reason) == ("legacy token", "it is not deleted, since it makes the calls")


def test_the_anonymous_token_may_restore_if_it_has_the_rights(version: Version) -> None:
    cluster = Cluster(version)
    cluster.run(acl.token.update(_ANONYMOUS, policies=[{"Name": "global-management"}]))
    cluster.token = ""
    assert _steps(cluster.plan(_document(Policies=[]), prune=True)) == ["delete policy web"]


def test_a_token_makes_room_for_one_with_its_secret(version: Version) -> None:
    cluster = Cluster(version)
    backup = _document(Tokens=[{"AccessorID": _OTHER[0], "SecretID": _WEB[1]}])
    assert _steps(cluster.plan(backup, prune=True)) == [f"delete token {_WEB[0]}", f"create token {_OTHER[0]}"]
    assert (done := cluster.restore(backup, prune=True)).created == done.deleted == 1


def test_who_may_only_read_gets_no_backup(version: Version) -> None:
    cluster = Cluster(version)
    cluster.run(acl.policy.create("reads", rules='acl = "read"'))
    cluster.token = cluster.run(acl.token.create(policies=[{"Name": "reads"}]))["SecretID"]
    with pytest.raises(Forbidden):
        cluster.read()


def test_what_others_delete_meanwhile_and_tokens_of_logins_are_not_in_a_backup() -> None:
    tokens = [{"AccessorID": "", "SecretID": _LEGACY}, {"AccessorID": _WEB[0], "SecretID": _WEB[1], "AuthMethod": "ci"}]
    gone = Response(404, body=b"Requested policy does not exist: ACL not found")
    removed = Response(410, body=b"Endpoint /v1/acl/list for the legacy ACL system was removed in Consul 1.11.")
    lists = [Response(200, body=json.dumps(rows).encode()) for rows in ([{"ID": "p", "Name": "gone"}], [], [], [], tokens)]
    found = Script([lists[0], gone, *lists[1:], removed]).run(read_acls(_NOW))
    assert found.count == 0
    (left,) = found.left_out
    assert left.reason == "it is of a login by the auth method ci: log in again instead"


_WRONG = {
    "not JSON at line 1, column 2": "{",
    "nested too deeply": "[" * 100_000,
    "expected an object": "{}",
    "use a newer one": '{"Format": "consulate-acl", "Version": 2}',
    "unknown members": '{"Format": "consulate-acl", "Version": 1, "Rules": []}',
    "Tokens must be a list": '{"Format": "consulate-acl", "Version": 1, "Tokens": 5}',
    "Tokens[0] needs a member AccessorID": '{"Format": "consulate-acl", "Version": 1, "Tokens": [{"SecretID": "s3cret"}]}',
    "Policies[1] has the same Name": '{"Format": "consulate-acl", "Version": 1, "Policies": [{"Name": "a"}, {"Name": "a"}]}',
    "LegacyTokens[0]: Rules must be text": '[{"ID": "s3cret", "Rules": 5}]',
    "Policies must be a list of objects": '{"Format": "consulate-acl", "Version": 1, "Roles": [{"Name": "r", "Policies": [5]}]}',
    "needs a Name": '{"Format": "consulate-acl", "Version": 1, "Roles": [{"Name": "r", "Policies": [{}]}]}',
    "LegacyTokens[0] must be an object": "[5]",
}


@pytest.mark.parametrize("says", _WRONG)
def test_a_document_that_is_wrong_is_refused(says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as raised:
        parse_backup(_WRONG[says])
    assert "s3cret" not in str(raised.value)
