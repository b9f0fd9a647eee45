"""`consulate acl restore --prune`: what the file does not have is deleted, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consulate import Consul
from consulate.exceptions import NotFound
from tests.cli.acl_clusters import ANONYMOUS, CONFIG, LEGACY, OPS, SECRETS, Cluster, drop_own_token, state

_EXTRA = ("66666666-aaaa-4aaa-8aaa-666666666666", "77777777-bbbb-4bbb-8bbb-777777777777")

_PRUNED = [
    f"- token {_EXTRA[0]}", "- binding rule ci -> role extra", "- binding rule extra -> role extra", "- auth method extra", "- role extra",
    "- policy extra",
]  # fmt: skip


def _more(consul: Consul) -> None:
    """Add an object of each kind that no backup has, which refer to each other."""
    acl = consul.acl
    acl.policy.create("extra", rules='key "extra" { policy = "read" }')
    acl.role.create("extra", policies=[{"Name": "extra"}])
    acl.auth_method.create("extra", "jwt", CONFIG)
    acl.binding_rule.create("extra", "role", "extra")
    acl.binding_rule.create("ci", "role", "extra")
    acl.token.create(accessor_id=_EXTRA[0], secret_id=_EXTRA[1], policies=[{"Name": "extra"}], roles=[{"Name": "extra"}])


def test_prune_deletes_what_the_file_does_not_have(cluster: Cluster, tmp_path: Path) -> None:
    """But nothing of Consul's own, and not the token of the command, although the file does not have it either."""
    file = tmp_path / "acls.json"
    assert "backing up" in cluster.shell.type("acl", "backup", "-f", str(file)).text
    drop_own_token(cluster, file)
    before, builtin = state(cluster.consul), cluster.consul.acl.policy.list()
    _more(cluster.consul)
    own = cluster.consul.acl.token.self()["AccessorID"]
    planned = cluster.shell.run("acl", "restore", "-f", str(file), "-p", "--dry-run")
    assert sorted(planned.lines) == sorted(_PRUNED)
    assert [line.split()[1] for line in planned.lines] == ["token", "binding", "binding", "auth", "role", "policy"]
    kept = cluster.shell.run("acl", "restore", "-f", str(file))
    assert kept.text == "0 ACLs written: 0 created, 0 updated; 9 unchanged\n"
    refused = cluster.shell.type("acl", "restore", "-f", str(file), "-p", typed="n\n", code=1)
    assert b"Delete the 6 ACL objects that are not in the backup? [y/N]" in refused.out
    assert cluster.consul.acl.token.read(_EXTRA[0])["SecretID"] == _EXTRA[1]
    done = cluster.shell.run("acl", "restore", "-f", str(file), "--prune")
    assert done.text == "0 ACLs written: 0 created, 0 updated; 6 deleted; 9 unchanged\n"
    assert done.err == f"left out: token {own}: it is not deleted, since it makes the calls\n"
    assert (state(cluster.consul), cluster.consul.acl.policy.list()) == (before, builtin)
    assert cluster.shell.run("acl", "restore", "-f", str(file), "-p").text.startswith("0 ACLs written: 0 created, 0 updated; 0 deleted;")


def test_a_token_does_not_delete_its_own_rights(cluster: Cluster) -> None:
    acl = cluster.consul.acl
    acl.policy.create("admin", rules='acl = "write"')
    acl.role.create("admins", policies=[{"Name": "admin"}])
    admin = acl.token.create(accessor_id=_EXTRA[0], secret_id=_EXTRA[1], roles=[{"Name": "admins"}])
    empty = json.dumps({"Format": "consulate-acl", "Version": 1, **{name: [] for name in ("Policies", "Roles", "AuthMethods", "Tokens")}})
    done = cluster.with_token(_EXTRA[1]).run("acl", "restore", "-p", given=empty.encode())
    assert {*done.err.splitlines()} == {
        f"left out: token {_EXTRA[0]}: it is not deleted, since it makes the calls",
        "left out: role admins: it is not deleted, since the token that makes the calls has it",
        "left out: policy admin: it is not deleted, since the token that makes the calls has it",
    }
    mine = cluster.consul.using(token=_EXTRA[1]).acl
    assert {token["AccessorID"] for token in mine.token.list()} == {ANONYMOUS, admin["AccessorID"]}
    assert [role["Name"] for role in mine.role.list()] == ["admins"]
    assert {policy["Name"] for policy in mine.policy.list() if "global" not in policy["Name"]} == {"admin"}
    assert mine.auth_method.list() == []


def test_a_token_that_has_the_secret_of_another_makes_room_for_it(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    cluster.shell.run("acl", "backup", "-f", str(file))
    before = state(cluster.consul)
    cluster.consul.acl.token.delete(OPS[0])
    cluster.consul.acl.token.create(accessor_id=_EXTRA[0], secret_id=OPS[1])
    assert "the token 66666666" in cluster.shell.run("acl", "restore", "-f", str(file)).err
    done = cluster.shell.run("acl", "restore", "-f", str(file), "-p")
    assert done.text == "1 ACLs written: 1 created, 0 updated; 1 deleted; 9 unchanged\n"
    assert state(cluster.consul) == before


def test_a_list_of_legacy_tokens_prunes_only_legacy_tokens(cluster: Cluster, tmp_path: Path) -> None:
    rules = 'key "web/" { policy = "write" }'
    rows = [{"ID": each, "Name": "old", "Type": "client", "Rules": rules} for each in (LEGACY, _EXTRA[1])]
    before = state(cluster.consul)
    cluster.shell.run("acl", "restore", given=json.dumps(rows).encode())
    done = cluster.shell.run("acl", "restore", "-p", given=json.dumps(rows[:1]).encode())
    assert done.text == "0 ACLs written: 0 created, 0 updated; 1 deleted; 1 unchanged\n"
    assert not [secret for secret in (*SECRETS, _EXTRA[1]) if secret in done.text + done.err]
    with pytest.raises(NotFound):
        cluster.consul.acl.info(_EXTRA[1])
    cluster.consul.using(token=LEGACY).kv.put("web/k", "v")
    whole = tmp_path / "whole.json"
    cluster.shell.run("acl", "backup", "-f", str(whole))
    document = json.loads(whole.read_text())
    in_file = {token["SecretID"] for token in document["Tokens"]} | {row["ID"] for row in document["LegacyTokens"]}
    assert {LEGACY, *SECRETS} <= in_file
    assert cluster.shell.run("acl", "restore", "-p", "--dry-run", given=whole.read_bytes()).out == b""
    assert cluster.shell.run("acl", "restore", "-p", given=b"[]").text == "0 ACLs written: 0 created, 0 updated; 1 deleted; 0 unchanged\n"
    assert state(cluster.consul) == before
