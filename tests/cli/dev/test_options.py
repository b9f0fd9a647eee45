"""Each option of `consulate dev`, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from consulate import Consul
from consulate.exceptions import RequestError
from tests.agents import Agent, start_dev
from tests.cli.dev.raw import LEADER, PATIENCE, is_healthy, read_to_end, request

_SECRET = "a-token-that-nobody-is-shown"


def _run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `consulate dev` with options that make it end with an error."""
    command = [sys.executable, "-m", "consulate", "dev", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env={**os.environ, **environment})


def test_it_prints_its_addresses_and_ends_on_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    command = [sys.executable, "-W", "error", "-m", "consulate", "dev", "--http-port", "0", "--unix", str(path)]
    for end in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # The tests themselves may run under nohup, which makes every child ignore SIGHUP.
        heeds = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeds)
        try:
            assert process.stdout is not None
            tcp, unix = process.stdout.readline().strip(), process.stdout.readline().strip()
            assert tcp.startswith("http://127.0.0.1:")
            assert unix == f"unix://{path}"
            for address in (tcp, unix):
                with Consul(address) as consul:
                    consul.kv["a"] = "b"
            process.send_signal(end)
            out, errors = process.communicate(timeout=PATIENCE)
            assert (process.returncode, out) == (0, "")
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        assert "development and tests" in errors
        assert "not a real Consul" in errors
        assert "Traceback" not in errors
        assert not path.exists()


def test_it_ends_at_once_though_blocking_queries_wait() -> None:
    """Connections that wait for an answer, sent half a request, or sent nothing are closed."""
    with start_dev("1.22.5") as agent:
        sockets = [socket.create_connection((agent.host, agent.port), timeout=PATIENCE) for _ in range(150)]
        for place, sock in enumerate(sockets):
            kinds = (b"GET /v1/kv/a?index=9&wait=600s HTTP/1.1\r\nHost: x\r\n\r\n", LEADER, b"")
            sock.sendall(kinds[place % 3])
        assert is_healthy(agent)
        before = time.monotonic()
    assert time.monotonic() - before < 5
    for sock in sockets:
        with sock:
            assert read_to_end(sock) == b""


def test_it_serves_though_nobody_reads_its_output(tmp_path: Path) -> None:
    """It also ends cleanly."""
    path = tmp_path / "s.sock"
    command = [sys.executable, "-m", "consulate", "dev", "--http-port", "0", "--unix", str(path)]
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        with Consul(f"unix://{path}") as consul:
            while True:
                try:
                    consul.kv["a"] = "b"
                except RequestError:
                    time.sleep(0.01)  # it does not listen yet
                else:
                    break
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Exception" in errors) == (0, False)


def test_it_serves_on_after_it_ran_out_of_file_descriptors() -> None:
    command = f"ulimit -n 60; exec {sys.executable} -W error -m consulate dev --http-port 0"
    with subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        agent = Agent("1.22.5", "127.0.0.1", port, "", "consul", "dc1", None)
        sockets = [socket.create_connection((agent.host, port), timeout=PATIENCE) for _ in range(200)]
        for sock in sockets:
            sock.close()
        assert is_healthy(agent)
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_the_state_survives_restarts(tmp_path: Path) -> None:
    """It is saved soon after a change, so that it survives a kill, and at the end."""
    file = tmp_path / "state"
    with start_dev("1.22.5", "--data", str(file)) as agent:
        _, made = request(agent, "PUT", "/v1/session/create", b'{"LockDelay": "0s"}')
        session = json.loads(made)["ID"]
        assert request(agent, "PUT", f"/v1/kv/lock?acquire={session}", b"mine") == (200, b"true")
        assert (
            request(agent, "PUT", "/v1/agent/service/register", b'{"Name": "web", "Check": {"TTL": "1h", "Status": "passing"}}')[0] == 200
        )
        request(agent, "PUT", "/v1/kv/binary", bytes(range(256)))
        before = [request(agent, "GET", path) for path in _KEPT]
    assert file.stat().st_mode & 0o777 == 0o600
    with start_dev("1.22.5", "--data", str(file)) as agent:
        assert [request(agent, "GET", path) for path in _KEPT] == before
        assert json.loads(request(agent, "PUT", "/v1/session/create")[1])["ID"] != session
        request(agent, "PUT", "/v1/kv/late", b"soon")
        while "late" not in [entry[0] for entry in json.loads(file.read_text())["state"]["groups"]["kv"]["entries"]]:
            time.sleep(0.01)
        request(agent, "PUT", "/v1/kv/last", b"at the end")
    assert "last" in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


_KEPT = ("/v1/kv/?recurse", "/v1/kv/binary?raw", "/v1/session/list", "/v1/agent/services", "/v1/health/service/web", "/v1/status/leader")


def test_old_management_tokens_work_beside_a_new_one(tmp_path: Path) -> None:
    file = str(tmp_path / "state")
    with start_dev("1.22.5", "--data", file, acls=True) as agent:
        before = agent.management_token or ""
        assert request(agent, "PUT", "/v1/kv/a", b"b", X_Consul_Token=before) == (200, b"true")
    with start_dev("1.22.5", "--data", file, acls=True) as agent:
        for token in (before, agent.management_token or ""):
            assert request(agent, "GET", "/v1/kv/a?raw", X_Consul_Token=token) == (200, b"b")
        assert request(agent, "GET", "/v1/kv/a?raw")[0] == 403


def test_a_file_that_is_not_a_valid_state(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with start_dev("1.22.5", "--data", str(file)):
        pass
    whole = file.read_text()
    for text, says in (
        ("not json", "it is not JSON"),
        ('{"a": 1}', "is not a state file that this version of consulate dev can read"),
        ('{"form": 1, "state": {}}', "cannot be loaded: the file is damaged (KeyError)"),
        (whole.replace('"store"', '"shop"').replace('"kv": {', '"kv": [], "x": {'), "cannot be loaded: the file is damaged (TypeError)"),
        (whole.replace("1.22.5", "1.8.7"), "but this agent is test-node in dc1"),
    ):
        file.write_text(text)
        done = _run("--http-port", "0", "--node", "test-node", "--data", str(file))
        assert done.returncode == 1, text
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert file.read_text() == text, "it is not written over"
    assert "No such file or directory" in _run("--http-port", "0", "--data", str(tmp_path / "none" / "state")).stderr


def test_it_reports_a_state_that_it_cannot_write_and_serves_on(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    command = [sys.executable, "-m", "consulate", "dev", "--http-port", "0", "--data", str(folder / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        agent = Agent("1.22.5", "127.0.0.1", int(process.stdout.readline().rpartition(":")[2]), "", "consul", "dc1", None)
        folder.rename(tmp_path / "elsewhere")
        assert request(agent, "PUT", "/v1/kv/a", b"b") == (200, b"true")
        while "the state cannot be written: No such file or directory" not in process.stderr.readline():
            assert process.poll() is None
        assert is_healthy(agent)
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_it_ignores_sighup_under_nohup() -> None:
    command = ["nohup", sys.executable, "-m", "consulate", "dev", "--http-port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        agent = Agent("1.22.5", "127.0.0.1", int(process.stdout.readline().rpartition(":")[2]), "", "consul", "dc1", None)
        process.send_signal(signal.SIGHUP)
        assert request(agent, "PUT", "/v1/kv/a", b"b") == (200, b"true")
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_an_endpoint_that_is_not_simulated_answers_501() -> None:
    with start_dev("1.22.5") as agent:
        assert request(agent, "GET", "/v1/internal/ui/nodes") == (501, b"the simulator does not know GET /v1/internal/ui/nodes")


def test_a_port_that_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run("--http-port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_unix_socket_without_tcp(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    command = [sys.executable, "-m", "consulate", "dev", "--http-port", "-1", "--unix", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"unix://{path}\n"
        process.terminate()
        assert process.communicate(timeout=PATIENCE)[0] == ""
    assert _run("--http-port", "-1").stderr == "Error: there is no address to listen on: give --unix PATH, or an HTTP port\n"


def test_a_file_at_the_path_of_a_socket_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("kept")
    done = _run("--http-port", "-1", "--unix", str(path))
    assert done.stderr == f"Error: cannot listen on {path}: a file exists there that is not a socket\n"
    assert path.read_text() == "kept"


@pytest.mark.parametrize("version", ["1.8.7", "1.22.5"])
def test_the_version_to_emulate(version: str) -> None:
    with start_dev(version) as agent:
        _, said = request(agent, "PUT", "/v1/kv/a?acquire=")
        assert said == (b"" if version == "1.8.7" else b"raft apply failed: ") + b"missing session"


def test_invalid_options() -> None:
    assert "--acl-default has no effect without ACLs" in _run("--acl-default", "allow").stderr
    assert _run("--http-port", "70000").returncode == 2
    assert _run("--consul-version", "0.1").returncode == 2
    done = _run("--acl-token", _SECRET + "\n")
    assert (done.returncode, _SECRET in done.stdout + done.stderr) == (1, False)


def test_an_empty_management_token_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ((), ("--acl-token", "")):
        monkeypatch.setenv("CONSULATE_DEV_ACL_TOKEN", "" if not arguments else _SECRET)
        done = _run("--http-port", "0", *arguments)
        assert (done.returncode, done.stderr[:36]) == (1, "Error: the management token is empty")


@pytest.mark.parametrize("port", [0, -1])
def test_a_file_that_turns_the_port_off(tmp_path: Path, port: int) -> None:
    """0 also means no port, as with Consul."""
    (tmp_path / "a.json").write_text(json.dumps({"ports": {"http": port}}))
    assert "there is no address to listen on" in _run("--config-file", str(tmp_path / "a.json")).stderr


@pytest.mark.parametrize("port", [65536, -2])
def test_an_invalid_port_in_a_file(tmp_path: Path, port: int) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"ports": {"http": port}}))
    done = _run("--config-file", str(tmp_path / "a.json"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ports.http must be a port number up to 65535, or -1 for no port" in done.stderr


def test_an_invalid_datacenter_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"datacenter": "a b"}))
    for arguments in (("--datacenter", "a b"), ("--config-file", str(tmp_path / "a.json"))):
        done = _run("--http-port", "0", *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert 'can only have lower case letters, digits, "-" and "_"' in done.stderr
    with start_dev("1.22.5", "--datacenter", "EU-1") as agent:
        assert request(agent, "GET", "/v1/catalog/datacenters") == (200, b'["eu-1"]')


def test_dates_are_real() -> None:
    with start_dev("1.22.5", acls=True) as agent:
        before = datetime.now(UTC)
        body = json.dumps({"ExpirationTTL": "1h"}).encode()
        _, made = request(agent, "PUT", "/v1/acl/token", body, X_Consul_Token=agent.management_token or "")
        token = json.loads(made)
        made_at, ends = (datetime.fromisoformat(token[name]) for name in ("CreateTime", "ExpirationTime"))
        assert abs(made_at - before) < timedelta(minutes=5)
        assert ends - made_at == timedelta(hours=1)


@pytest.mark.parametrize("version", ["1.8.7", "1.22.5"])
def test_a_management_token_turns_acls_on_with_default_policy_deny(version: str) -> None:
    with start_dev(version, acls=True) as agent:
        token = agent.management_token or ""
        assert request(agent, "PUT", "/v1/kv/a", b"b", X_Consul_Token=token) == (200, b"true")
        assert request(agent, "GET", "/v1/kv/a")[0] == 403
        assert request(agent, "GET", "/v1/kv/a", X_Consul_Token="none") == (403, b"ACL not found")
        assert request(agent, "GET", "/v1/kv/a?raw", Authorization=f"Bearer {token}") == (200, b"b")
    with start_dev(version, "--acl-default", "allow", acls=True) as agent:
        assert request(agent, "PUT", "/v1/kv/a", b"b") == (200, b"true")
        assert request(agent, "GET", "/v1/acl/tokens")[0] == 403


def test_a_token_on_the_command_line_is_not_shown() -> None:
    command = [sys.executable, "-m", "consulate", "dev", "--http-port", "0", "--acl-token", _SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        agent = Agent("1.22.5", "127.0.0.1", int(process.stdout.readline().rpartition(":")[2]), "", "consul", "dc1", None)
        assert request(agent, "PUT", "/v1/kv/a", b"b", X_Consul_Token=_SECRET) == (200, b"true")
        assert request(agent, "PUT", "/v1/kv/a", b"b")[0] == 403
        process.terminate()
        out, errors = process.communicate(timeout=PATIENCE)
    assert _SECRET not in out + errors


def test_the_datacenter() -> None:
    with start_dev("1.22.5", "--datacenter", "east") as agent:
        assert request(agent, "GET", "/v1/kv/a?dc=east")[0] == 404
        assert request(agent, "GET", "/v1/kv/a?dc=dc1")[0] == 500


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name, text, says in (
        ("missing.json", None, "cannot be read: No such file or directory"),
        ("broken.json", '{"node_name": ', "is not JSON"),
        ("broken.hcl", "service { name = web }", "is not HCL: At 1:18: Unknown token: 1:18 IDENT web"),
        ("list.json", "[]", "is not an agent configuration: it must contain one object"),
        ("kinds.json", '{"acl": {"tokens": {"agent": 7}}}', "acl.tokens.agent must be a string"),
        ("block.json", '{"ports": 7}', "ports must be a block"),
        ("policy.json", '{"acl": {"default_policy": "maybe"}}', 'acl.default_policy must be "allow" or "deny"'),
    ):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        done = _run("--http-port", "0", "--config-file", str(path))
        assert done.returncode == 1
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_settings_without_effect_are_named_once(tmp_path: Path) -> None:
    file, another = tmp_path / "a.json", tmp_path / "b.json"
    file.write_text(json.dumps({"server": True, "ports": {"http": 0, "grpc": -1}, "bind_addr": "0.0.0.0", "node_name": "one"}))
    another.write_text(json.dumps({"server": True, "addresses": {"http": "0.0.0.0 127.0.0.1", "dns": "::"}, "node_name": "two"}))
    command = [sys.executable, "-m", "consulate", "dev", "--http-port", "0", "--config-file", str(file), "--config-file", str(another)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    (warning,) = [line for line in errors.splitlines() if "ignored" in line]
    names = "server, ports.grpc, bind_addr, addresses.http 0.0.0.0 (127.0.0.1 is served), addresses.dns"
    assert warning == f"consulate dev: ignored settings that have no effect here: {names}"


def test_help_names_each_option() -> None:
    said = _run("--help").stdout
    for option in ("--http-port", "--unix", "--acl-token", "--acl-default", "--consul-version", "--data ", "--datacenter", "--node"):
        assert option in said
