"""Backups of the ACL system, in threads and in tasks, on simulated agents."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import anyio
import pytest

from consul_proto.acl_backup.changes import Restored
from consul_proto.acl_backup.document import ACLBackup, parse_backup
from consulate import AsyncConsul, acl_files, async_acl_files
from consulate.exceptions import Forbidden
from consulate.testing import ConsulAgent

_TOKEN = "5f0c6f3e-0000-4000-8000-000000000000"
_SECRET = "22222222-bbbb-4bbb-8bbb-222222222222"

_JWT: Any = {"JWKSURL": "https://ci.example/keys", "OIDCClientSecret": "s3cret"}


def _agent(seed: int = 1) -> ConsulAgent:
    """Return an agent. seed: agents with the same seed choose the same IDs."""
    return ConsulAgent(acl_token=_TOKEN, clock="real", seed=seed)


def _filled() -> ConsulAgent:
    agent = _agent(seed=2)
    with agent.client() as consul:
        consul.acl.policy.create("web", rules='key_prefix "" { policy = "read" }')
        consul.acl.role.create("web", policies=[{"Name": "web"}])
        consul.acl.auth_method.create("ci", "jwt", _JWT)
        for description in ("one", "two"):
            consul.acl.binding_rule.create("ci", "service", "web", description=description)
        consul.acl.token.create(
            secret_id=_SECRET, roles=[{"Name": "web"}], expiration_ttl="1h",
            templated_policies=[{"TemplateName": "builtin/service", "TemplateVariables": {"Name": "web"}}],
        )  # fmt: skip
    return agent


def _saved(agent: ConsulAgent) -> bytes:
    file = io.BytesIO()
    answers: list[int] = []
    with agent.client() as consul:
        acl_files.backup(consul, file, progress=answers.append)
    assert answers == [*range(1, len(answers) + 1)]
    assert len(answers) >= 5
    return file.getvalue()


def _without_own(text: bytes) -> ACLBackup:
    """Return a backup without the management token, which each agent has."""
    backup = parse_backup(text.decode())
    sections = {name: [each for each in entries if each.get("SecretID") != _TOKEN] for name, entries in backup.sections.items()}
    return ACLBackup(sections)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_do_the_same(backend: str) -> None:
    agent, other = _filled(), _agent()
    expected = _saved(agent)
    results: list[Restored] = []
    answers: list[int] = []

    async def main() -> None:
        file = io.BytesIO()
        consul: AsyncConsul
        async with agent.async_client() as consul:
            backup = await async_acl_files.backup(consul, file, progress=answers.append)
            assert answers == [*range(1, 8)]
            assert file.getvalue() == expected
            assert (await async_acl_files.plan(consul, backup)).changes == ()
            legacy = io.BytesIO()
            await async_acl_files.backup(consul, legacy, form="legacy")
            assert b'"Rules"' in legacy.getvalue()
            with pytest.raises(Forbidden):
                await async_acl_files.backup(consul.using(token=None), file)
        async with other.async_client() as consul:
            read = await async_acl_files.read_backup(io.BytesIO(expected))
            assert read.count == backup.count
            done = await async_acl_files.restore(consul, _without_own(expected), progress=results.append)
            assert str(done) == "6 created, 0 updated, 1 unchanged, 0 left out"
            assert [each.done for each in results] == [*range(7)]
            assert (await async_acl_files.restore(consul, _without_own(expected))).done == 0
            await consul.acl.policy.create("extra")
            steps = await async_acl_files.plan(consul, _without_own(expected), prune=True)
            assert [(change.action, change.kind, change.name) for change in steps.changes] == [("delete", "policy", "extra")]
            pruned = await async_acl_files.restore(consul, _without_own(expected), prune=True)
            assert str(pruned) == "0 created, 0 updated, 1 deleted, 7 unchanged, 1 left out"

    anyio.run(main, backend=backend)
    with other.client() as consul:
        assert consul.acl.token.list(role=consul.acl.role.list()[0]["ID"])[0].get("SecretID") == _SECRET


def test_a_token_that_has_expired_is_neither_saved_nor_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, other = _filled(), _agent()
    text = _saved(agent)
    later = acl_files.now() + timedelta(days=40000)
    monkeypatch.setattr(acl_files, "now", lambda: later)
    with agent.client() as consul, other.client() as target:
        (left,) = acl_files.backup(consul, io.BytesIO()).left_out
        assert (left.kind, left.reason) == ("token", "it has expired")
        result = acl_files.restore(target, _without_own(text))
        assert (result.created, result.left_out) == (5, (left,))


def test_rules_that_are_the_same_are_told_apart_by_their_description() -> None:
    agent = _filled()
    backup = _without_own(_saved(agent))
    for rule in backup.sections["BindingRules"]:
        assert isinstance(rule, dict)
        del rule["ID"]  # as in another cluster
    with agent.client() as consul:
        assert acl_files.plan(consul, backup).changes == ()
        consul.acl.binding_rule.delete(next(each["ID"] for each in consul.acl.binding_rule.list() if each["Description"] == "one"))
        assert acl_files.restore(consul, backup).created == 1
        assert sorted(each["Description"] for each in consul.acl.binding_rule.list()) == ["one", "two"]


def test_what_somebody_else_deletes_meanwhile_is_no_error() -> None:
    backup = parse_backup('{"Format": "consulate-acl", "Version": 1, "Policies": []}')
    with _filled().client() as consul:

        def delete(_: Restored) -> None:
            for policy in consul.acl.policy.list():
                if policy["Name"] == "web":
                    consul.acl.policy.delete(policy["ID"])

        result = acl_files.restore(consul, backup, prune=True, progress=delete)
        assert (result.deleted, result.total) == (1, 1)
        assert [role["Name"] for role in consul.acl.role.list()] == ["web"], "the backup has no list of roles"


def test_a_deletion_that_fails_says_what_was_done_before() -> None:
    backup = parse_backup('{"Format": "consulate-acl", "Version": 1, "Policies": [], "Roles": [{"Name": "new"}]}')
    agent = _filled()
    with agent.client() as consul, agent.client() as other:

        def disarm(result: Restored) -> None:
            if result.created:
                token = other.acl.token.self()
                other.acl.token.update(token["AccessorID"], policies=[])

        with pytest.raises(Forbidden, match="this was to delete the role web; before it, 1 of 3 changes were applied"):
            acl_files.restore(consul, backup, prune=True, progress=disarm)


def test_nothing_shows_a_secret() -> None:
    agent = _filled()
    text = _saved(agent)
    assert b"s3cret" in text
    with _agent().client() as consul:
        backup = _without_own(text)
        shown = repr((backup, acl_files.plan(consul, backup)))
        for secret in (_SECRET, _TOKEN, "s3cret"):
            assert secret not in shown


def test_one_policy_of_consul_is_a_link_by_id() -> None:
    """Its name may differ: an operator can change it."""
    agent = _agent()
    with agent.client() as consul:
        management = next(each for each in consul.acl.policy.list() if each["Name"] == "global-management")
        consul.acl.token.create(secret_id=_SECRET, policies=[{"ID": management["ID"]}])
        (policy,) = [each for each in consul.acl.policy.list() if each["Name"] == "global-management"]
        consul.acl.policy.update(policy["ID"], "admin", rules=consul.acl.policy.read(policy["ID"])["Rules"])
    with _agent().client() as other:
        acl_files.restore(other, _without_own(_saved(agent)))
        (token,) = [each for each in other.acl.token.list() if each.get("SecretID") == _SECRET]
        assert [each["Name"] for each in token.get("Policies", [])] == ["global-management"]
