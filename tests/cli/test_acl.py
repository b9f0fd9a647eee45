"""`consulate acl backup` and `acl restore`: another cluster gets the same rights, and secrets are only in the file."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from consulate import Consul
from consulate.exceptions import NotFound
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, start_agent, start_dev
from tests.cli.program import PROGRAM, Shell
from tests.fakes.bearer_tokens import Issuer

_AGENTS: list[str | Binary] = [*find_dev_versions(), *find_binaries()]

_ISSUER = Issuer()

_CONFIG: Any = _ISSUER.config

_WEB = ("11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222")
_OPS = ("33333333-aaaa-4aaa-8aaa-333333333333", "44444444-bbbb-4bbb-8bbb-444444444444")
_ANONYMOUS = "00000000-0000-0000-0000-000000000002"
_LEGACY = "55555555-cccc-4ccc-8ccc-555555555555"
_SECRETS = (_WEB[1], _OPS[1], _LEGACY)


def _id(agent: str | Binary) -> str:
    return f"dev {agent}" if isinstance(agent, str) else f"Consul {agent.version}"


class Cluster:
    """An agent with ACLs, a client with all rights, and a shell whose commands have them too."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.token = str(agent.management_token)
        self.consul = Consul(agent.host, agent.port, token=self.token)
        self.shell = Shell(agent, {"CONSUL_HTTP_TOKEN": self.token})

    def with_token(self, secret: str) -> Shell:
        """Return a shell whose commands have another token."""
        return Shell(self.agent, {"CONSUL_HTTP_TOKEN": secret})


def _start(stack: ExitStack, kind: str | Binary) -> Cluster:
    agent = stack.enter_context(start_dev(kind, acls=True) if isinstance(kind, str) else start_agent(kind, acls=True))
    cluster = Cluster(agent)
    stack.callback(cluster.consul.close)
    return cluster


@pytest.fixture(params=_AGENTS, ids=_id)
def kind(request: pytest.FixtureRequest) -> str | Binary:
    """Each agent: `consulate dev` of both versions, and each real Consul."""
    kind: str | Binary = request.param
    return kind


@pytest.fixture
def clusters(kind: str | Binary) -> Iterator[tuple[Cluster, Cluster]]:
    """Two new clusters: one with ACL objects of each kind, one without."""
    with ExitStack() as stack:
        first, second = _start(stack, kind), _start(stack, kind)
        _fill(first.consul)
        yield first, second


@pytest.fixture
def cluster(kind: str | Binary) -> Iterator[Cluster]:
    """A new cluster with ACL objects of each kind."""
    with ExitStack() as stack:
        cluster = _start(stack, kind)
        _fill(cluster.consul)
        yield cluster


def _fill(consul: Consul) -> None:
    acl = consul.acl
    acl.policy.create("web-read", description="d\u00e9j\u00e0", rules='service "web" { policy = "read" }', datacenters=["dc1"])
    acl.policy.create("kv-write", rules='key_prefix "app/" { policy = "write" }')
    acl.role.create("web", description="the web", policies=[{"Name": "web-read"}], service_identities=[{"ServiceName": "web"}])
    acl.auth_method.create("ci", "jwt", _CONFIG, description="builds", max_token_ttl="10m")
    acl.binding_rule.create("ci", "role", "web", description="one")
    acl.binding_rule.create("ci", "service", "api", selector='value.name == "api"')
    acl.token.create(
        accessor_id=_WEB[0], secret_id=_WEB[1], description="the web", policies=[{"Name": "kv-write"}], roles=[{"Name": "web"}],
        expiration_ttl="1h",
    )  # fmt: skip
    acl.token.create(accessor_id=_OPS[0], secret_id=_OPS[1], policies=[{"Name": "global-management"}], local=True)
    acl.token.update(_ANONYMOUS, description="nobody", policies=[{"Name": "web-read"}])


_OWN = ("ID", "CreateIndex", "ModifyIndex", "Hash", "CreateTime", "Legacy")


def _without_own(found: Any) -> Any:
    """Return what must be the same in two clusters."""
    if isinstance(found, dict):
        return {name: _without_own(value) for name, value in found.items() if name not in _OWN}
    return [_without_own(each) for each in found] if isinstance(found, list) else found


def _state(consul: Consul) -> dict[str, Any]:
    acl = consul.acl
    tokens = {each["AccessorID"]: acl.token.read(each["AccessorID"]) for each in acl.token.list()}
    own = acl.token.self()["AccessorID"]
    return {
        "policies": {each["Name"]: _without_own(acl.policy.read(each["ID"])) for each in acl.policy.list()},
        "roles": {each["Name"]: _without_own(each) for each in acl.role.list()},
        "methods": {each["Name"]: _without_own(acl.auth_method.read(each["Name"])) for each in acl.auth_method.list()},
        "rules": sorted((_without_own(each) for each in acl.binding_rule.list()), key=str),
        "tokens": {accessor: _without_own(token) for accessor, token in tokens.items() if accessor != own},
    }


def _drop_own_token(cluster: Cluster, file: Path) -> None:
    """Remove the management token of the first cluster from a backup, so that both clusters may have the same objects."""
    document = json.loads(file.read_text())
    document["Tokens"] = [token for token in document["Tokens"] if token["SecretID"] != cluster.token]
    file.write_text(json.dumps(document))


def test_another_cluster_gets_the_same_rights(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    backup = first.shell.run("acl", "backup", "-f", str(file))
    assert (backup.out, backup.err) == (b"", "")
    _drop_own_token(first, file)
    planned = second.shell.run("acl", "restore", "-f", str(file), "--dry-run")
    assert {"+ policy kv-write", "+ policy web-read", "+ role web", "+ auth method ci", "+ binding rule ci -> role web"} < {*planned.lines}
    assert f"~ token {_ANONYMOUS}" in planned.lines
    assert len(planned.lines) == 9
    assert second.consul.acl.role.list() == []
    restored = second.shell.run("acl", "restore", "-f", str(file))
    assert restored.text == "9 ACLs written: 8 created, 1 updated; 0 unchanged\n"
    assert _state(second.consul) == _state(first.consul)
    second.consul.using(token=_WEB[1]).kv.put("app/k", "v")
    again = second.shell.run("acl", "restore", given=file.read_bytes())
    assert again.text == "0 ACLs written: 0 created, 0 updated; 9 unchanged\n"
    said = "".join(each.text + each.err for each in (backup, planned, restored, again))
    assert not [secret for secret in (*_SECRETS, first.token) if secret in said]


def test_only_the_owner_can_read_the_file(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    file.write_text("before")
    file.chmod(0o644)
    cluster.shell.run("acl", "backup", "-f", str(file), "-p")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["acls.json"]
    document = json.loads(file.read_text())
    assert (document["Format"], document["Version"]) == ("consulate-acl", 1)
    assert {token["SecretID"] for token in document["Tokens"]} == {_WEB[1], _OPS[1], cluster.token, "anonymous"}
    assert [policy["Name"] for policy in document["Policies"] if "global" in policy["Name"]] == []
    printed = subprocess.run([*PROGRAM, "acl", "backup"], check=True, capture_output=True, env=cluster.shell.environment)
    assert json.loads(printed.stdout) == document


def test_what_differs_is_updated_unless_nothing_may_be_replaced(cluster: Cluster, tmp_path: Path) -> None:
    file = str(tmp_path / "acls.json")
    acl = cluster.consul.acl
    cluster.shell.run("acl", "backup", "-f", file)
    before = _state(cluster.consul)
    role = acl.role.read_by_name("web")
    acl.role.update(role["ID"], "web")
    rule = next(each for each in acl.binding_rule.list() if each["BindName"] == "api")
    acl.binding_rule.update(rule["ID"], "ci", "service", "elsewhere")
    acl.token.update(_OPS[0], description="changed", local=True)
    policy = next(each for each in acl.policy.list() if each["Name"] == "kv-write")
    acl.policy.delete(policy["ID"])
    kept = cluster.shell.run("acl", "restore", "-f", file, "-n")
    assert kept.text.startswith("1 ACLs written: 1 created, 0 updated;")
    assert acl.token.read(_OPS[0])["Description"] == "changed"
    assert cluster.shell.run("acl", "restore", "-f", file).text.startswith("4 ACLs written: 0 created, 4 updated;")
    assert _state(cluster.consul) == before


def test_a_token_of_a_login_is_left_out(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.agent.is_simulated:
        with pytest.raises(Exception, match="login"):  # every login fails there
            cluster.consul.acl.login("ci", _ISSUER.sign("web"))
        return
    token = cluster.consul.using(token=None).acl.login("ci", _ISSUER.sign("web"))
    said = cluster.shell.run("acl", "backup", "-f", str(tmp_path / "acls.json")).err
    assert said == f"left out: token {token['AccessorID']}: it is of a login by the auth method ci: log in again instead\n"
    assert token["SecretID"] not in (tmp_path / "acls.json").read_text()


def test_a_token_that_exists_otherwise_is_left_out(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    first.shell.run("acl", "backup", "-f", str(file))
    _drop_own_token(first, file)
    second.consul.acl.token.create(accessor_id=_WEB[0])
    other = second.consul.acl.token.create(secret_id=_OPS[1])["AccessorID"]
    said = second.shell.run("acl", "restore", "-f", str(file)).err
    assert f"left out: token {_WEB[0]}: it exists with another SecretID, which cannot change: delete it first\n" in said
    assert f"left out: token {_OPS[0]}: the token {other} has the same secret\n" in said


def test_a_backup_needs_to_see_the_secrets(cluster: Cluster, tmp_path: Path) -> None:
    policy = cluster.consul.acl.policy.create("acl-read", rules='acl = "read"')
    reader = cluster.consul.acl.token.create(policies=[{"ID": policy["ID"]}])["SecretID"]
    for secret in (reader, _WEB[1]):
        said = cluster.with_token(secret).run("acl", "backup", "-f", str(tmp_path / "acls.json"), code=4).err
        assert secret not in said
        assert cluster.with_token(secret).run("acl", "restore", given=b"[]", code=4).err
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_stops_says_what_was_done(clusters: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    first, second = clusters
    file = tmp_path / "acls.json"
    first.shell.run("acl", "backup", "-f", str(file))
    _drop_own_token(first, file)
    document = json.loads(file.read_text())
    document["Tokens"][0].setdefault("Policies", []).append({"Name": "lost"})
    accessor = document["Tokens"][0]["AccessorID"]
    stopped = second.shell.run("acl", "restore", given=json.dumps(document).encode(), code=5)
    assert f"token {accessor}" in stopped.err
    assert "before it, 6 of 9 changes were applied; run the command again" in stopped.err
    assert not [secret for secret in _SECRETS if secret in stopped.err]
    assert second.shell.run("acl", "restore", "-f", str(file)).text.endswith("; 6 unchanged\n")
    assert _state(second.consul) == _state(first.consul)


@contextmanager
def _agent_that_stops() -> Iterator[tuple[Agent, threading.Event]]:
    """An agent without ACL objects that answers one write, and then no other. The event: whether it got another."""
    has_more, is_over = threading.Event(), threading.Event()
    writes: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"[]")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            writes.append(self.path)
            if len(writes) > 1:
                has_more.set()
                is_over.wait(60)
                return
            self._answer(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

        def _answer(self, body: bytes) -> None:
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Agent("", "127.0.0.1", server.server_port, "", "", "", None), has_more
        finally:
            is_over.set()
            server.shutdown()
            thread.join()


def test_ctrl_c_says_what_was_applied(tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    file.write_text(json.dumps({"Format": "consulate-acl", "Version": 1, "Policies": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]}))
    with _agent_that_stops() as (agent, has_more), Shell(agent).begin("acl", "restore", "-f", str(file)) as process:
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
        {"ID": _LEGACY, "Name": "old", "Type": "client", "Rules": rules},
        {"ID": "no-uuid", "Name": "odd", "Type": "client", "Rules": rules},
    ]
    restored = first.shell.run("acl", "restore", given=json.dumps(rows).encode())
    is_old = first.agent.version == "1.8.7"
    assert restored.text == f"{2 if is_old else 1} ACLs written: {2 if is_old else 1} created, 0 updated; 0 unchanged\n"
    assert restored.err == ("" if is_old else "left out: legacy token odd: its ID is not a UUID, and Consul since 1.11 takes no other\n")
    assert first.shell.run("acl", "restore", given=json.dumps(rows).encode()).text.startswith("0 ACLs written:")
    first.consul.using(token=_LEGACY).kv.put("web/k", "v")
    legacy, whole = tmp_path / "legacy.json", tmp_path / "whole.json"
    first.shell.run("acl", "backup", "--format", "legacy", "-f", str(legacy))
    assert [row["Rules"] for row in json.loads(legacy.read_text()) if row["ID"] == _LEGACY] == [rules]
    assert stat.S_IMODE(legacy.stat().st_mode) == 0o600
    first.shell.run("acl", "backup", "-f", str(whole))
    _drop_own_token(first, whole)
    second.shell.run("acl", "restore", "-f", str(whole))
    assert second.consul.acl.info(_LEGACY)["Rules"] == rules
    second.consul.using(token=_LEGACY).kv.put("web/k", "v")
    with pytest.raises(NotFound):
        second.consul.acl.info("no-uuid-at-all")
    assert second.shell.run("acl", "restore", "-f", str(whole), "--dry-run").out == b""


def test_a_backup_of_an_old_version_restores_to_a_new_one(tmp_path: Path) -> None:
    versions = {agent.version if isinstance(agent, Binary) else agent: agent for agent in _AGENTS}
    file = tmp_path / "acls.json"
    with ExitStack() as stack:
        old, new = _start(stack, versions["1.8.7"]), _start(stack, versions["1.22.5"])
        _fill(old.consul)
        old.shell.run("acl", "backup", "-f", str(file))
        _drop_own_token(old, file)
        assert new.shell.run("acl", "restore", "-f", str(file)).text.startswith("9 ACLs written:")
        new.consul.using(token=_WEB[1]).kv.put("app/k", "v")
        assert {each["Name"] for each in new.consul.acl.token.read(_WEB[0]).get("Policies", [])} == {"kv-write"}


def _more(consul: Consul) -> None:
    """Add an object of each kind that no backup has, which refer to each other."""
    acl = consul.acl
    acl.policy.create("extra", rules='key "extra" { policy = "read" }')
    acl.role.create("extra", policies=[{"Name": "extra"}])
    acl.auth_method.create("extra", "jwt", _CONFIG)
    acl.binding_rule.create("extra", "role", "extra")
    acl.binding_rule.create("ci", "role", "extra")
    acl.token.create(accessor_id=_EXTRA[0], secret_id=_EXTRA[1], policies=[{"Name": "extra"}], roles=[{"Name": "extra"}])


_EXTRA = ("66666666-aaaa-4aaa-8aaa-666666666666", "77777777-bbbb-4bbb-8bbb-777777777777")

_PRUNED = [
    f"- token {_EXTRA[0]}", "- binding rule ci -> role extra", "- binding rule extra -> role extra", "- auth method extra", "- role extra",
    "- policy extra",
]  # fmt: skip


def test_prune_deletes_what_the_file_does_not_have(cluster: Cluster, tmp_path: Path) -> None:
    """But nothing of Consul's own, and not the token of the command, although the file does not have it either."""
    file = tmp_path / "acls.json"
    assert "backing up" in cluster.shell.type("acl", "backup", "-f", str(file)).text
    _drop_own_token(cluster, file)
    before, builtin = _state(cluster.consul), cluster.consul.acl.policy.list()
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
    assert (_state(cluster.consul), cluster.consul.acl.policy.list()) == (before, builtin)
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
    assert {token["AccessorID"] for token in mine.token.list()} == {_ANONYMOUS, admin["AccessorID"]}
    assert [role["Name"] for role in mine.role.list()] == ["admins"]
    assert {policy["Name"] for policy in mine.policy.list() if "global" not in policy["Name"]} == {"admin"}
    assert mine.auth_method.list() == []


def test_a_token_that_has_the_secret_of_another_makes_room_for_it(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    cluster.shell.run("acl", "backup", "-f", str(file))
    before = _state(cluster.consul)
    cluster.consul.acl.token.delete(_OPS[0])
    cluster.consul.acl.token.create(accessor_id=_EXTRA[0], secret_id=_OPS[1])
    assert "the token 66666666" in cluster.shell.run("acl", "restore", "-f", str(file)).err
    done = cluster.shell.run("acl", "restore", "-f", str(file), "-p")
    assert done.text == "1 ACLs written: 1 created, 0 updated; 1 deleted; 9 unchanged\n"
    assert _state(cluster.consul) == before


def test_a_list_of_legacy_tokens_prunes_only_legacy_tokens(cluster: Cluster, tmp_path: Path) -> None:
    rules = 'key "web/" { policy = "write" }'
    rows = [{"ID": each, "Name": "old", "Type": "client", "Rules": rules} for each in (_LEGACY, _EXTRA[1])]
    before = _state(cluster.consul)
    cluster.shell.run("acl", "restore", given=json.dumps(rows).encode())
    done = cluster.shell.run("acl", "restore", "-p", given=json.dumps(rows[:1]).encode())
    assert done.text == "0 ACLs written: 0 created, 0 updated; 1 deleted; 1 unchanged\n"
    assert not [secret for secret in (*_SECRETS, _EXTRA[1]) if secret in done.text + done.err]
    with pytest.raises(NotFound):
        cluster.consul.acl.info(_EXTRA[1])
    cluster.consul.using(token=_LEGACY).kv.put("web/k", "v")
    whole = tmp_path / "whole.json"
    cluster.shell.run("acl", "backup", "-f", str(whole))
    document = json.loads(whole.read_text())
    in_file = {token["SecretID"] for token in document["Tokens"]} | {row["ID"] for row in document["LegacyTokens"]}
    assert {_LEGACY, *_SECRETS} <= in_file
    assert cluster.shell.run("acl", "restore", "-p", "--dry-run", given=whole.read_bytes()).out == b""
    assert cluster.shell.run("acl", "restore", "-p", given=b"[]").text == "0 ACLs written: 0 created, 0 updated; 1 deleted; 0 unchanged\n"
    assert _state(cluster.consul) == before
