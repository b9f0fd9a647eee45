"""`consulate acl backup` and `acl restore`: another cluster gets the same rights, and secrets are only in the file."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from consulate.exceptions import NotFound
from tests.agents import Agent, Binary, start_dev
from tests.cli.acl_clusters import AGENTS, ANONYMOUS, ISSUER, LEGACY, OPS, SECRETS, WEB, Cluster, drop_own_token, fill, start, state
from tests.cli.program import PROGRAM, Shell
from tests.cli.stopping_agent import agent_that_stops


def test_another_cluster_gets_the_same_rights(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    backup = first.shell.run("acl", "backup", "-f", str(file))
    assert (backup.out, backup.err) == (b"", "")
    drop_own_token(first, file)
    planned = second.shell.run("acl", "restore", "-f", str(file), "--dry-run")
    assert {"+ policy kv-write", "+ policy web-read", "+ role web", "+ auth method ci", "+ binding rule ci -> role web"} < {*planned.lines}
    assert f"~ token {ANONYMOUS}" in planned.lines
    assert len(planned.lines) == 9
    assert second.consul.acl.role.list() == []
    restored = second.shell.run("acl", "restore", "-f", str(file))
    assert restored.text == "9 ACLs written: 8 created, 1 updated; 0 unchanged\n"
    assert state(second.consul) == state(first.consul)
    second.consul.using(token=WEB[1]).kv.put("app/k", "v")
    again = second.shell.run("acl", "restore", given=file.read_bytes())
    assert again.text == "0 ACLs written: 0 created, 0 updated; 9 unchanged\n"
    said = "".join(each.text + each.err for each in (backup, planned, restored, again))
    assert not [secret for secret in (*SECRETS, first.token) if secret in said]


def test_only_the_owner_can_read_the_file(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    file.write_text("before")
    file.chmod(0o644)
    cluster.shell.run("acl", "backup", "-f", str(file), "-p")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["acls.json"]
    document = json.loads(file.read_text())
    assert (document["Format"], document["Version"]) == ("consulate-acl", 1)
    assert {token["SecretID"] for token in document["Tokens"]} == {WEB[1], OPS[1], cluster.token, "anonymous"}
    assert [policy["Name"] for policy in document["Policies"] if "global" in policy["Name"]] == []
    printed = subprocess.run([*PROGRAM, "acl", "backup"], check=True, capture_output=True, env=cluster.shell.environment)
    assert json.loads(printed.stdout) == document


def test_what_differs_is_updated_unless_nothing_may_be_replaced(cluster: Cluster, tmp_path: Path) -> None:
    file = str(tmp_path / "acls.json")
    acl = cluster.consul.acl
    cluster.shell.run("acl", "backup", "-f", file)
    before = state(cluster.consul)
    role = acl.role.read_by_name("web")
    acl.role.update(role["ID"], "web")
    rule = next(each for each in acl.binding_rule.list() if each["BindName"] == "api")
    acl.binding_rule.update(rule["ID"], "ci", "service", "elsewhere")
    acl.token.update(OPS[0], description="changed", local=True)
    policy = next(each for each in acl.policy.list() if each["Name"] == "kv-write")
    acl.policy.delete(policy["ID"])
    kept = cluster.shell.run("acl", "restore", "-f", file, "-n")
    assert kept.text.startswith("1 ACLs written: 1 created, 0 updated;")
    assert acl.token.read(OPS[0])["Description"] == "changed"
    assert cluster.shell.run("acl", "restore", "-f", file).text.startswith("4 ACLs written: 0 created, 4 updated;")
    assert state(cluster.consul) == before


def test_a_token_of_a_login_is_left_out(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.agent.is_simulated:
        with pytest.raises(Exception, match="login"):  # every login fails there
            cluster.consul.acl.login("ci", ISSUER.sign("web"))
        return
    token = cluster.consul.using(token=None).acl.login("ci", ISSUER.sign("web"))
    said = cluster.shell.run("acl", "backup", "-f", str(tmp_path / "acls.json")).err
    assert said == f"left out: token {token['AccessorID']}: it is of a login by the auth method ci: log in again instead\n"
    assert token["SecretID"] not in (tmp_path / "acls.json").read_text()


def test_a_token_that_exists_otherwise_is_left_out(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    first.shell.run("acl", "backup", "-f", str(file))
    drop_own_token(first, file)
    second.consul.acl.token.create(accessor_id=WEB[0])
    other = second.consul.acl.token.create(secret_id=OPS[1])["AccessorID"]
    said = second.shell.run("acl", "restore", "-f", str(file)).err
    assert f"left out: token {WEB[0]}: it exists with another SecretID, which cannot change: delete it first\n" in said
    assert f"left out: token {OPS[0]}: the token {other} has the same secret\n" in said


def test_a_backup_needs_to_see_the_secrets(cluster: Cluster, tmp_path: Path) -> None:
    policy = cluster.consul.acl.policy.create("acl-read", rules='acl = "read"')
    reader = cluster.consul.acl.token.create(policies=[{"ID": policy["ID"]}])["SecretID"]
    for secret in (reader, WEB[1]):
        said = cluster.with_token(secret).run("acl", "backup", "-f", str(tmp_path / "acls.json"), code=4).err
        assert secret not in said
        assert cluster.with_token(secret).run("acl", "restore", given=b"[]", code=4).err
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_stops_says_what_was_done(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    first.shell.run("acl", "backup", "-f", str(file))
    drop_own_token(first, file)
    document = json.loads(file.read_text())
    document["Tokens"][0].setdefault("Policies", []).append({"Name": "lost"})
    accessor = document["Tokens"][0]["AccessorID"]
    stopped = second.shell.run("acl", "restore", given=json.dumps(document).encode(), code=5)
    assert f"token {accessor}" in stopped.err
    assert "before it, 6 of 9 changes were applied; run the command again" in stopped.err
    assert not [secret for secret in SECRETS if secret in stopped.err]
    assert second.shell.run("acl", "restore", "-f", str(file)).text.endswith("; 6 unchanged\n")
    assert state(second.consul) == state(first.consul)


def test_ctrl_c_says_what_was_applied(tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    file.write_text(json.dumps({"Format": "consulate-acl", "Version": 1, "Policies": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]}))
    with agent_that_stops(lambda _: b"{}") as (agent, has_more), Shell(agent).begin("acl", "restore", "-f", str(file)) as process:
        assert has_more.wait(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 5
    assert errors.startswith(b"Error: interrupted; 1 of 3 changes were applied, and perhaps one more; run the command again")


_WRONG = {
    "not JSON at line 1, column 2": "{",
    "Format": "{}",
    "use a newer one": '{"Format": "consulate-acl", "Version": 2}',
    "unknown members": '{"Format": "consulate-acl", "Version": 1, "Rules": []}',
    "Tokens[0] needs a member AccessorID": '{"Format": "consulate-acl", "Version": 1, "Tokens": [{"SecretID": "s3cret"}]}',
    "Policies[1] has the same Name": '{"Format": "consulate-acl", "Version": 1, "Policies": [{"Name": "a"}, {"Name": "a"}]}',
    "LegacyTokens[0] needs a member ID": '[{"Name": "s3cret"}]',
    "LegacyTokens[0]: Rules must be text": '[{"ID": "s3cret", "Rules": 5}]',
    "Roles[0]: a link to a policy or role needs a Name": (
        '{"Format": "consulate-acl", "Version": 1, "Roles": [{"Name": "r", "Policies": [{}]}]}'
    ),
    "LegacyTokens[0] must be an object": "[5]",
}


@pytest.mark.parametrize("says", _WRONG)
def test_a_file_that_is_wrong_is_refused_before_anything_is_sent(says: str, tmp_path: Path) -> None:
    shell = Shell(Agent("", "127.0.0.1", 1, "", "", "", None))
    (tmp_path / "acls.json").write_text(_WRONG[says])
    error = shell.run("acl", "restore", "-f", str(tmp_path / "acls.json"), code=2).err
    assert says in error
    assert "acls.json" in error
    assert "s3cret" not in error
    assert says in shell.run("acl", "restore", given=_WRONG[says].encode(), code=2).err


def test_without_acls_there_is_nothing_to_back_up() -> None:
    with start_dev("1.22.5") as agent:
        assert "ACL support disabled" in Shell(agent).run("acl", "backup", code=4).err


def test_legacy_tokens_go_to_every_version(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    """In the form of older versions, and among all others."""
    first, second = clusters
    rules = 'key "web/" { policy = "write" }'
    rows = [
        {"ID": LEGACY, "Name": "old", "Type": "client", "Rules": rules},
        {"ID": "no-uuid", "Name": "odd", "Type": "client", "Rules": rules},
    ]
    restored = first.shell.run("acl", "restore", given=json.dumps(rows).encode())
    is_old = first.agent.version == "1.8.7"
    assert restored.text == f"{2 if is_old else 1} ACLs written: {2 if is_old else 1} created, 0 updated; 0 unchanged\n"
    assert restored.err == ("" if is_old else "left out: legacy token odd: its ID is not a UUID, and Consul since 1.11 takes no other\n")
    assert first.shell.run("acl", "restore", given=json.dumps(rows).encode()).text.startswith("0 ACLs written:")
    first.consul.using(token=LEGACY).kv.put("web/k", "v")
    legacy, whole = tmp_path / "legacy.json", tmp_path / "whole.json"
    first.shell.run("acl", "backup", "--format", "legacy", "-f", str(legacy))
    assert [row["Rules"] for row in json.loads(legacy.read_text()) if row["ID"] == LEGACY] == [rules]
    assert stat.S_IMODE(legacy.stat().st_mode) == 0o600
    first.shell.run("acl", "backup", "-f", str(whole))
    drop_own_token(first, whole)
    second.shell.run("acl", "restore", "-f", str(whole))
    assert second.consul.acl.info(LEGACY)["Rules"] == rules
    second.consul.using(token=LEGACY).kv.put("web/k", "v")
    with pytest.raises(NotFound):
        second.consul.acl.info("no-uuid-at-all")
    assert second.shell.run("acl", "restore", "-f", str(whole), "--dry-run").out == b""


def test_a_backup_of_an_old_version_restores_to_a_new_one(tmp_path: Path) -> None:
    versions = {agent.version if isinstance(agent, Binary) else agent: agent for agent in AGENTS}
    file = tmp_path / "acls.json"
    with ExitStack() as stack:
        old, new = start(stack, versions["1.8.7"]), start(stack, versions["1.22.5"])
        fill(old.consul)
        old.shell.run("acl", "backup", "-f", str(file))
        drop_own_token(old, file)
        assert new.shell.run("acl", "restore", "-f", str(file)).text.startswith("9 ACLs written:")
        new.consul.using(token=WEB[1]).kv.put("app/k", "v")
        assert {each["Name"] for each in new.consul.acl.token.read(WEB[0]).get("Policies", [])} == {"kv-write"}
