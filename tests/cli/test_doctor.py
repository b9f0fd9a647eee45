"""`consulate doctor`: one line for each finding, and the exit code. The token is never shown."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from consulate import Consul
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, start_agent, start_dev
from tests.cli.program import Shell
from tests.fakes.certificates import Certificates, make

_AGENTS: list[str | Binary] = [*find_dev_versions(), *find_binaries()]


def _id(agent: str | Binary) -> str:
    return f"dev {agent}" if isinstance(agent, str) else f"Consul {agent.version}"


def _findings(lines: list[str]) -> dict[str, tuple[str, str]]:
    split = [line.split("\t") for line in lines]
    return {subject: (level, text) for level, subject, text in split}


def test_a_healthy_agent_without_acls(shell: Shell) -> None:
    found = _findings(shell.run("doctor").lines)
    assert [*found] == ["agent", "clock", "leader", "version", "token"]
    assert {level for level, _ in found.values()} == {"ok"}
    assert shell.agent.version in found["version"][1]
    assert "of 1 server" in found["leader"][1]
    assert "ACLs are off" in found["token"][1]
    documents = json.loads(shell.run("doctor", "--json").out)
    assert [each["Subject"] for each in documents] == [*found]
    assert documents[3] == {"Level": "ok", "Subject": "version", "Text": found["version"][1]}
    assert "\x1b[32mok" in shell.type("doctor").text
    assert "\x1b[" not in Shell(shell.agent, {"NO_COLOR": "1"}).type("doctor").text


@pytest.mark.parametrize("kind", _AGENTS, ids=_id)
def test_it_says_what_the_token_may_do(kind: str | Binary) -> None:
    with start_dev(kind, acls=True) if isinstance(kind, str) else start_agent(kind, acls=True) as agent:
        token = str(agent.management_token)
        with Consul(agent.host, agent.port, token=token) as consul:
            policy = consul.acl.policy.create("kv", rules='key_prefix "" { policy = "write" } service_prefix "" { policy = "read" }')
            writer = consul.acl.token.create(description="the writer", policies=[{"ID": policy["ID"]}], expiration_ttl="10m")
        found = _findings(Shell(agent, {"CONSUL_HTTP_TOKEN": token}).run("doctor").lines)
        assert found["rights"] == ("ok", "for all names: read everything; write everything")
        assert "global-management" in found["token"][1]
        limited = Shell(agent, {"CONSUL_HTTP_TOKEN": writer["SecretID"]}).run("doctor")
        assert writer["SecretID"] not in limited.text
        found = _findings(limited.lines)
        assert found["rights"] == ("ok", "for all names: read key, service; write key")
        assert found["version"] == ("warn", "unknown, since the token may not read the agent (agent:read)")
        level, text = found["token"]
        assert level == "warn"
        assert re.fullmatch(rf"accessor {writer['AccessorID']}; 'the writer'; policies kv; it expires in (9|10) minutes", text)
        nobody = _findings(Shell(agent).run("doctor").lines)
        assert nobody["token"] == ("warn", "none is sent: the rights are those of the anonymous token")
        assert nobody["rights"][0] == "warn"
        unknown = Shell(agent, {"CONSUL_HTTP_TOKEN": "66666666-dddd-4ddd-8ddd-666666666666"}).run("doctor", code=4)
        assert "66666666" not in unknown.text
        assert _findings(unknown.lines)["token"][0] == "fail"


def test_an_agent_that_cannot_be_reached() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        shell = Shell(Agent("", "127.0.0.1", unused.getsockname()[1], "", "", "", None))
        (line,) = shell.run("doctor", code=3).lines
        assert line.startswith("fail\tagent\tcannot be reached: ")
        assert json.loads(shell.run("doctor", "--json", code=3).out)[0]["Level"] == "fail"


@contextmanager
def _server(leader: str, *, ahead: float = 0.0, certificates: Certificates | None = None) -> Iterator[Agent]:
    """Serve an agent without ACLs. ahead: the seconds that its clock is ahead."""
    config = {"Version": "1.22.5", "Server": True, "NodeName": "n1", "Datacenter": "dc1"}
    answers = {"/v1/status/leader": leader, "/v1/status/peers": [leader], "/v1/agent/self": {"Config": config}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = json.dumps(answers[path]).encode() if path in answers else b"ACL support disabled"
            self.send_response_only(200 if path in answers else 401)
            self.send_header("Date", formatdate(time.time() + ahead, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificates is not None:
            server.socket = certificates.server.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Agent("", "127.0.0.1", server.server_port, "", "", "", None)
        finally:
            server.shutdown()
            thread.join()


def test_no_leader() -> None:
    with _server("") as agent:
        assert _findings(Shell(agent).run("doctor", code=3).lines)["leader"][0] == "fail"


@pytest.mark.parametrize(("ahead", "says"), [(90, "behind"), (-3600, "ahead of")])
def test_a_clock_that_is_off(ahead: int, says: str) -> None:
    with _server("127.0.0.1:8300", ahead=ahead) as agent:
        level, text = _findings(Shell(agent).run("doctor").lines)["clock"]
        assert level == "warn"
        seconds = int(text.split()[0])
        assert abs(seconds - abs(ahead)) <= 3
        assert says in text


def test_the_certificate_of_the_agent(tmp_path: Path) -> None:
    certificates = make(tmp_path)
    with _server("127.0.0.1:8300", certificates=certificates) as agent:
        variables = {"CONSUL_HTTP_SSL": "true", "CONSUL_CACERT": certificates.ca_file}
        level, text = _findings(Shell(agent, variables).run("doctor").lines)["certificate"]
        assert level == "ok"
        assert f"https://127.0.0.1:{agent.port} is valid until " in text
        unverified = {"CONSUL_HTTP_SSL": "true", "CONSUL_HTTP_SSL_VERIFY": "false"}
        assert _findings(Shell(agent, unverified).run("doctor").lines)["certificate"][0] == "warn"
        (line,) = Shell(agent, {"CONSUL_HTTP_SSL": "true"}).run("doctor", code=3).lines
        assert "certificate" in line
