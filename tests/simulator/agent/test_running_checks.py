"""Checks that an agent runs itself: how many results in a row change the status, and what is kept of the output.

https://developer.hashicorp.com/consul/docs/register/health-check/vm#success-failures-before-passing-warning-critical
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest

from consul_proto.simulator.engine.versions import V1_X
from tests.fakes.certificates import make
from tests.simulator.differential.calls import REGISTER_CHECK, put
from tests.simulator.differential.comparison import Sides
from transports.hosting.probe_http import probe_http
from transports.hosting.probe_socket import probe_tcp

#: The results of a check, and the members of its registration.
_RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "the first result counts at once, and failures do at once": ("pfpfp", {}),
    "the first failure counts at once": ("ffpfff", {"FailuresBeforeCritical": 3}),
    "the first success counts at once": ("pfppfppp", {"SuccessBeforePassing": 2}),
    "failures in a row": ("pffffpffpfff", {"FailuresBeforeCritical": 3}),
    "successes in a row": ("fpppfppfwppp", {"SuccessBeforePassing": 3}),
    "warnings count as successes": ("pffwffwwfff", {"SuccessBeforePassing": 2, "FailuresBeforeCritical": 3}),
    "failures before a warning": ("pfffffpf", {"FailuresBeforeWarning": 2, "FailuresBeforeCritical": 4}),
    "one output, of which the last bytes are kept": ("pfw", {"OutputMaxSize": 5}),
}

#: The status of the answer that gives a result: passing, warning or critical.
_STATUSES = {"p": 200, "w": 429, "f": 503}

#: Seconds until all checks must have run.
_PATIENCE = 60.0


class _RealChecks:
    """Gives the checks of a real agent their results. With each request but the first, it notes what the agent made of the last one."""

    def __init__(self, address: tuple[str, int], runs: Mapping[str, str]) -> None:
        self._address, self._runs = address, runs
        self.states: dict[str, list[tuple[str, str]]] = {name: [] for name in runs}
        self._asked = dict.fromkeys(runs, 0)
        self._lock = threading.Lock()
        self.are_done = threading.Event()

    def answer(self, name: str) -> int:
        """Return the status of the next answer for a check."""
        with self._lock:
            letters, asked = self._runs[name], self._asked[name]
            self._asked[name] += 1
            if 0 < asked <= len(letters):
                self.states[name].append(_state_of(self._address, name))
            if all(self._asked[other] > len(run) for other, run in self._runs.items()):
                self.are_done.set()
            return _STATUSES[letters[min(asked, len(letters) - 1)]]


def _state_of(address: tuple[str, int], name: str) -> tuple[str, str]:
    """Return the status and the output of a check of a real agent."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    try:
        connection.request("GET", "/v1/agent/checks")
        check = json.loads(connection.getresponse().read())[name]
    finally:
        connection.close()
    return check["Status"], check["Output"]


class _Web:
    """A server whose answers have the status that a function returns for the path. address: of the server."""

    def __init__(self) -> None:
        self.answer: Callable[[str], int] = lambda _path: 200
        self.address = ""


@pytest.fixture
def web() -> Iterator[_Web]:
    """A server to check."""
    served = _Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"0123456789"
            self.send_response(served.answer(self.path.removeprefix("/")))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        served.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def _simulate(sides: Sides, web: _Web, name: str, letters: str) -> list[tuple[str, str]]:
    """Run a check of the simulator as often as there are results, and return its states."""
    states, simulator = [], sides.simulator
    for letter in letters:
        web.answer = lambda _path, status=_STATUSES[letter]: status  # type: ignore[misc] # bound now
        probe = simulator.probes[name]
        simulator.record_probe(probe, *anyio.run(probe_http, probe), sides.now)
        check = simulator._local.checks[name].value
        states.append((check["Status"], check["Output"]))
    return states


@pytest.mark.real
def test_results_in_a_row_change_the_status_as_in_real_agents(sides: Sides, web: _Web) -> None:
    sides.clear()
    runs = {title: run for title, run in _RUNS.items() if "FailuresBeforeWarning" not in run[1] or sides.simulator.settings.version >= V1_X}
    names = {f"c{number}": title for number, title in enumerate(runs)}
    checks = _RealChecks(sides.address, {name: runs[title][0] for name, title in names.items()})
    web.answer = checks.answer
    for name, title in names.items():
        given = {"Name": name, "HTTP": f"{web.address}/{name}", "Interval": "1s", **runs[title][1]}
        assert [answer.status for answer in sides.answers(put(REGISTER_CHECK, given))] == [200, 200]
    assert checks.are_done.wait(_PATIENCE)
    for name, title in names.items():
        assert _simulate(sides, web, name, runs[title][0]) == checks.states[name], title
    for name in names:
        sides.answers(put(f"/v1/agent/check/deregister/{name}"))


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, int]]:
    """Ports of this machine: one that speaks TLS with a certificate of an unknown authority, and one that speaks HTTP."""
    context = make(tmp_path).stranger
    with socket.create_server(("127.0.0.1", 0)) as tls, socket.create_server(("127.0.0.1", 0)) as plain:

        def serve(listening: socket.socket, answer: Callable[[socket.socket], object]) -> None:
            with suppress(OSError):  # until it is shut down
                while True:
                    connection = listening.accept()[0]
                    with suppress(OSError), connection:
                        answer(connection)

        threads = [
            threading.Thread(target=serve, args=(tls, lambda connection: context.wrap_socket(connection, server_side=True).close())),
            threading.Thread(target=serve, args=(plain, lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
        ]
        for thread in threads:
            thread.start()
        yield {"tls": tls.getsockname()[1], "plain": plain.getsockname()[1]}
        for listening in (tls, plain):
            listening.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@pytest.mark.real
def test_a_tcp_check_with_tls_is_that_of_real_agents(sides: Sides, ports: dict[str, int]) -> None:
    if sides.simulator.settings.version < V1_X:
        pytest.skip("1.8.7 does not have it")
    sides.clear()
    checks: dict[str, dict[str, Any]] = {
        "skips": {"TCP": f"127.0.0.1:{ports['tls']}", "TCPUseTLS": True, "TLSSkipVerify": True},
        "verifies": {"TCP": f"127.0.0.1:{ports['tls']}", "TCPUseTLS": True},
        "plain": {"TCP": f"127.0.0.1:{ports['plain']}", "TCPUseTLS": True},
        "connects": {"TCP": f"127.0.0.1:{ports['plain']}"},
    }
    for name, members in checks.items():
        assert [answer.status for answer in sides.answers(put(REGISTER_CHECK, {"Name": name, "Interval": "1s", **members}))] == [200, 200]
    for name in checks:
        deadline = time.monotonic() + _PATIENCE
        while not (found := _state_of(sides.address, name))[1]:
            assert time.monotonic() < deadline, f"the check {name} does not run"
            time.sleep(0.05)
        assert tuple(anyio.run(probe_tcp, sides.simulator.probes[name])) == found, name
        sides.answers(put(f"/v1/agent/check/deregister/{name}"))
