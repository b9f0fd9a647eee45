"""A cluster of real agents on this machine: servers and client agents, which can be killed and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.agents import Binary

#: How many servers there are.
SERVERS = 3

#: Seconds within which the cluster must be whole again after anything that was done to it.
_PATIENCE = 120.0

#: Ports below those that the system gives to connections: while an agent is down, nobody gets its port by chance, not even the process
#: that tries to connect to it.
_PORTS = range(12_000, 32_000)

_HOST = "127.0.0.1"


def _take_ports(count: int, stack: ExitStack) -> list[int]:
    """Return different ports that are free for TCP and UDP. They stay taken until the stack is closed."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.choice(_PORTS)
        with ExitStack() as attempt:
            try:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    attempt.enter_context(socket.socket(socket.AF_INET, kind)).bind((_HOST, port))
            except OSError:
                continue
            stack.enter_context(attempt.pop_all())
        ports.append(port)
    return ports


def get(port: int, path: str) -> object:
    """Return what an agent answers to a GET, as JSON; an empty list for a key that does not exist; None for any other answer than 200."""
    connection = HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 404:
            return []  # the last `consul lock` deletes the key
        return json.loads(body) if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


class Member:
    """An agent of the cluster, which keeps its data and its ports when it is started again."""

    def __init__(self, binary: Binary, folder: Path, name: str, ports: dict[str, int], settings: dict[str, object]) -> None:
        self.name = name
        self.http, self.rpc = ports["http"], ports["server"]
        self.log = folder / f"{name}.log"
        file = folder / f"{name}.json"
        configuration = {"node_name": name, "node_id": str(uuid.uuid4()), "data_dir": str(folder / name), "ports": ports, **settings}
        file.write_text(json.dumps(configuration))
        self._command = [binary.path, "agent", "-config-file", str(file)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return the URL of its HTTP API."""
        return f"http://{_HOST}:{self.http}"

    def start(self) -> None:
        """Start it. `Cluster.await_whole` waits until it takes part."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it another signal."""
        if self._process is not None:
            os.kill(self._process.pid, number)

    def check(self) -> None:
        """Raise RuntimeError if it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"{self.name} ended by itself:\n{tail}")


class Cluster:
    """Servers and client agents. client: the client agent that everybody uses, if there is one."""

    def __init__(self, servers: list[Member], clients: list[Member]) -> None:
        self.servers, self.clients = servers, clients
        self.client = clients[0]

    @property
    def members(self) -> list[Member]:
        """Return all agents."""
        return [*self.servers, *self.clients]

    @property
    def address(self) -> str:
        """Return the URL of the HTTP API of the client agent that everybody uses."""
        return self.client.address

    def leader(self) -> Member | None:
        """Return the server that leads, if all servers agree on one."""
        said = {str(get(server.http, "/v1/status/leader")) for server in self.servers}
        return next((server for server in self.servers if said == {f"{_HOST}:{server.rpc}"}), None)

    def await_whole(self) -> Member:
        """Wait until every agent takes part and the client agent counts as healthy. Return the leader."""
        return self._await(self._leader_if_whole, "the cluster was not whole")

    def _leader_if_whole(self) -> Member | None:
        leader = self.leader()
        if leader is None:
            return None
        checks = get(self.client.http, f"/v1/health/node/{self.client.name}?consistent")
        is_healthy = isinstance(checks, list) and any(one["CheckID"] == "serfHealth" and one["Status"] == "passing" for one in checks)
        return leader if is_healthy else None

    def _await(self, look: Callable[[], Member | None], problem: str) -> Member:
        deadline = time.monotonic() + _PATIENCE
        while (found := look()) is None:
            for member in self.members:
                member.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{problem} within {_PATIENCE:g} s")
            time.sleep(0.05)
        return found


@contextmanager
def start_cluster(binary: Binary, *, least_ttl: float = 10.0, servers: int = SERVERS, clients: int = 1) -> Iterator[Cluster]:
    """Start a cluster, wait until it is whole, and kill its agents at the end. least_ttl: the least TTL of a session, in seconds."""
    count = servers + clients
    is_old = tuple(int(part) for part in binary.version.split(".")[:2]) < (1, 14)
    with tempfile.TemporaryDirectory(prefix="consul-cluster-") as name, ExitStack() as ended:
        with ExitStack() as taken:
            numbers = iter(_take_ports(3 * count, taken))
            ports: list[dict[str, int]] = [
                {"http": next(numbers), "serf_lan": next(numbers), "server": next(numbers)} for _ in range(count)
            ]
        closed = dict.fromkeys(("serf_wan", "dns", "grpc", *(() if is_old else ("grpc_tls",))), -1)
        settings: dict[str, object] = {
            "bind_addr": _HOST,
            "client_addr": _HOST,
            "retry_join": [f"{_HOST}:{one['serf_lan']}" for one in ports],
            "retry_interval": "1s",
            "performance": {"raft_multiplier": 1},
            "session_ttl_min": f"{least_ttl:g}s",
            "autopilot": {"cleanup_dead_servers": False},
            "disable_update_check": True,
            "limits": {"http_max_conns_per_client": 4000},
            "log_level": "warn",
        }
        members = []
        for number, own in enumerate(ports):
            role: dict[str, object] = {"server": True, "bootstrap_expect": servers} if number < servers else {"server": False}
            called = f"server-{number + 1}" if number < servers else f"client{number - servers or ''}"
            members.append(Member(binary, Path(name), called, own | closed, {**settings, **role}))
        cluster = Cluster(members[:servers], members[servers:])
        for member in members:
            ended.callback(member.kill)
            member.start()
        cluster.await_whole()
        yield cluster
