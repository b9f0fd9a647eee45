"""Start and stop agents for the tests: real ones and `consulate dev`. This file imports nothing of Consulate."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

#: Seconds within which an agent must have a leader, and must stop.
_START, _STOP = 60.0, 10.0

#: The most attempts to start an agent when another program takes one of its ports.
_TRIES = 4

#: The name of the one node: never the machine's own name.
_NODE = "test-node"

#: The datacenter of an agent whose configuration names none.
_DATACENTER = "dc1"


@dataclass(frozen=True)
class Binary:
    """A Consul binary of some version."""

    version: str
    path: str


@dataclass(frozen=True)
class Agent:
    """A running agent: one server in development mode. With ACLs on, only the management token has rights."""

    version: str
    host: str
    port: int
    #: The path of its UNIX socket, "" if it has none.
    unix_path: str
    node_name: str
    datacenter: str
    management_token: str | None = field(repr=False)
    #: Whether it is `consulate dev`, or an agent in memory.
    is_simulated: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class _Options:
    """What `start_agent` is told of the configuration."""

    node: str
    datacenter: str
    grpc: bool
    limits: Mapping[str, int]
    settings: Mapping[str, object]


def find_binaries() -> list[Binary]:
    """Return the Consul binaries that CONSUL_BINS names (paths separated by ":"), or the one on PATH."""
    named = [path for path in os.environ.get("CONSUL_BINS", "").split(":") if path]
    on_path = shutil.which("consul")
    return [Binary(_version(path), path) for path in named or ([on_path] if on_path else [])]


def require_binary(found: Binary | None) -> Binary:
    """Return the binary. If there is none, skip the test, or fail it with CONSUL_REQUIRED=1."""
    if found is not None:
        return found
    says = "there is no Consul: name one in CONSUL_BINS or put it on PATH"
    if os.environ.get("CONSUL_REQUIRED") == "1":
        pytest.fail(says)
    pytest.skip(says)


def _version(path: str) -> str:
    said = subprocess.run([path, "version"], check=True, capture_output=True, text=True, timeout=30).stdout
    return said.split()[1].removeprefix("v")


def find_dev_versions() -> list[str]:
    """Return the versions that `consulate dev` can emulate."""
    return ["1.8.7", "1.22.5"]


@contextmanager
def start_dev(
    version: str, *options: str, acls: bool = False, unix_socket: bool = True, script_checks: bool = True, named: bool = True
) -> Iterator[Agent]:
    """Start `consulate dev`, wait until it serves, and stop it at the end. It must exit with 0 and report no problem.

    options: more of its options. named: whether the command line names the node.
    """
    token = str(uuid.uuid4()) if acls else None
    with tempfile.TemporaryDirectory(prefix="consul-") as name:
        unix_path = str(Path(name, "consul.sock")) if unix_socket else ""
        command = [sys.executable, "-W", "error", "-m", "consulate", "dev"]
        command += ["--http-port", "0", "--consul-version", version, *(["--node", _NODE] if named else [])]
        command += ["--enable-script-checks"] if script_checks else []
        command += ["--unix", unix_path] if unix_path else []
        environment = {**os.environ, **({"CONSULATE_DEV_ACL_TOKEN": token} if token else {})}
        log = Path(name, "agent.log")
        with log.open("wb") as errors:
            process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=errors, env=environment)
        assert process.stdout is not None
        with process.stdout:
            try:
                address = process.stdout.readline().decode().strip()
                if not address:
                    raise RuntimeError(f"consulate dev does not start:\n{_tail(log)}")
                yield Agent(version, "127.0.0.1", int(address.rpartition(":")[2]), unix_path, _NODE, "dc1", token, is_simulated=True)
            finally:
                _stop(process)
        said = log.read_text(errors="replace")
        assert process.returncode == 0, said
        for word in ("Traceback", "Warning", "a bug in the simulator"):
            assert word not in said, said


def _free_ports(count: int) -> list[int]:
    """Return different ports that are free for TCP and UDP."""
    sockets: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sockets += [tcp, udp]
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    finally:
        for sock in sockets:
            sock.close()
    return ports


def _is_old(version: str) -> bool:
    """Return whether the agent uses the names from before Consul 1.11."""
    return tuple(int(part) for part in version.split(".")[:2]) < (1, 11)


def _configuration(version: str, unix_path: str, node_id: str, token: str | None, options: _Options) -> tuple[dict[str, object], int]:
    http_port, lan, wan, server, grpc_tls = _free_ports(5)
    ports = {"http": http_port, "serf_lan": lan, "serf_wan": wan, "server": server, "dns": -1, "grpc": -1}
    if not _is_old(version):
        ports["grpc_tls"] = grpc_tls if options.grpc else -1
    configuration: dict[str, object] = {
        "node_name": options.node,
        "node_id": node_id,
        **({} if options.datacenter == _DATACENTER else {"datacenter": options.datacenter}),  # it may be in a file
        "bind_addr": "127.0.0.1",
        "addresses": {"http": f"127.0.0.1 unix://{unix_path}" if unix_path else "127.0.0.1"},
        "ports": ports,
        "enable_script_checks": True,
        "disable_update_check": True,
        "limits": {"http_max_conns_per_client": 4000, **options.limits},
        **options.settings,
    }
    if token is not None:
        management = "master" if _is_old(version) else "initial_management"
        configuration["acl"] = {"enabled": True, "default_policy": "deny", "tokens": {management: token, "agent": token}}
    return configuration, http_port


def _get(port: int, path: str, token: str | None) -> object:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={} if token is None else {"X-Consul-Token": token})
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None
    finally:
        connection.close()


def _is_ready(port: int, node_id: str, token: str | None) -> bool:
    """Return whether there is a leader, and the node is healthy in the catalog, so that sessions can be created.

    The node's id proves that this is the right agent, not another one that took the port.
    """
    try:
        if not _get(port, "/v1/status/leader", token):
            return False
        entries = _get(port, "/v1/health/service/consul?passing", token)
    except (OSError, http.client.HTTPException):
        return False
    return isinstance(entries, list) and any(
        entry["Node"]["ID"] == node_id
        and entry["Node"]["TaggedAddresses"]
        and any(check["CheckID"] == "serfHealth" for check in entry["Checks"])
        for entry in entries
    )


def await_catalog(agent: Agent) -> None:
    """Wait until the catalog has the agent's services and checks: a real agent writes them there up to some seconds later."""
    deadline = time.monotonic() + _START
    while _catalog_of(agent) != (own := _services_of(agent)):
        assert time.monotonic() < deadline, f"the catalog does not have {own}"
        time.sleep(0.01)


def _services_of(agent: Agent) -> tuple[dict[str, object], dict[str, object]]:
    """Return the name of each service of the agent by its id, and the status of each check."""
    services, checks = (_get(agent.port, f"/v1/agent/{what}", agent.management_token) for what in ("services", "checks"))
    assert isinstance(services, dict)
    assert isinstance(checks, dict)
    return {key: one["Service"] for key, one in services.items()}, {key: one["Status"] for key, one in checks.items()}


def _catalog_of(agent: Agent) -> tuple[dict[str, object], dict[str, object]]:
    """Return what the catalog has of it, without the service and the check that the servers write."""
    node = _get(agent.port, f"/v1/catalog/node/{agent.node_name}", agent.management_token)
    checks = _get(agent.port, f"/v1/health/node/{agent.node_name}", agent.management_token)
    assert isinstance(node, dict)
    assert isinstance(checks, list)
    return (
        {key: one["Service"] for key, one in node["Services"].items() if key != "consul"},
        {one["CheckID"]: one["Status"] for one in checks if one["CheckID"] != "serfHealth"},
    )


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP)


def _wait_until_ready(process: subprocess.Popen[bytes], agent: Agent, node_id: str, log: Path) -> bool:
    """Return whether the agent is ready; False if it ended because a port was taken."""
    deadline = time.monotonic() + _START
    while not _is_ready(agent.port, node_id, agent.management_token):
        if process.poll() is not None:
            if "address already in use" in log.read_text(errors="replace"):
                return False
            raise RuntimeError(f"Consul {agent.version} does not start:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"Consul {agent.version} was not ready in {_START:.0f} s:\n{_tail(log)}")
        time.sleep(0.05)
    return True


@contextmanager
def _attempt(binary: Binary, *, acls: bool, unix_socket: bool, options: _Options, files: Sequence[Path]) -> Iterator[Agent | None]:
    """Start an agent on free ports. Yield None if another program took one of them."""
    token, node_id = (str(uuid.uuid4()) if acls else None), str(uuid.uuid4())
    with tempfile.TemporaryDirectory(prefix="consul-") as name:
        log, file = Path(name, "agent.log"), Path(name, "agent.json")
        unix_path = str(Path(name, "consul.sock")) if unix_socket else ""
        configuration, port = _configuration(binary.version, unix_path, node_id, token, options)
        file.write_text(json.dumps(configuration))
        agent = Agent(binary.version, "127.0.0.1", port, unix_path, options.node, options.datacenter, token)
        # The token is only in the file: every user of the machine can read the command line of a process.
        with log.open("wb") as output:
            configured = [word for path in (*files, file) for word in ("-config-file", str(path))]
            process = subprocess.Popen([binary.path, "agent", "-dev", *configured], stdout=output, stderr=subprocess.STDOUT)
        try:
            yield agent if _wait_until_ready(process, agent, node_id, log) else None
        finally:
            _stop(process)


@contextmanager
def start_agent(
    binary: Binary,
    *,
    acls: bool,
    unix_socket: bool = True,
    limits: Mapping[str, int] | None = None,
    files: Sequence[Path] = (),
    node: str = _NODE,
    datacenter: str = _DATACENTER,
    grpc: bool = False,
    settings: Mapping[str, object] | None = None,
) -> Iterator[Agent]:
    """Start an agent, wait until it is ready, and stop it at the end.

    limits: more of Consul's `limits`, such as kv_max_value_size. files: further files of configuration. node, datacenter: its names.
    grpc: whether it has the port that peering needs. settings: more of its configuration.
    """
    options = _Options(node, datacenter, grpc, limits or {}, settings or {})
    for _ in range(_TRIES):
        with _attempt(binary, acls=acls, unix_socket=unix_socket, options=options, files=files) as agent:
            if agent is not None:
                yield agent
                return
    raise RuntimeError(f"Consul {binary.version} found its ports taken {_TRIES} times")
